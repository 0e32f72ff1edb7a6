"""Webhook probe: sends the running backend an unsigned, a forged and an inert, correctly signed delivery."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from creditctl.core.checks import CheckResult, CheckStatus
from creditctl.core.keys import Secret
from creditctl.stripe_api.delivery import DeliveryResult, deliver, sign

if TYPE_CHECKING:
    import httpx

_FORGED = Secret("whsec_" + "forged0by0creditctl0probe")
_ANSWER_FIX = "Check CREDITS_API_URL, the backend's log, and that the webhook's path is routed to it."


def inert_event(now: int, *, livemode: bool, api_version: str) -> bytes:
    """Body of an event of a type that nobody acts on, so that a correctly signed delivery changes nothing."""
    event = {
        "id": f"evt_creditctl_probe_{now}",
        "object": "event",
        "api_version": api_version,
        "created": now,
        "type": "creditctl.probe",
        "livemode": livemode,
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": {"id": "probe", "object": "creditctl.probe"}},
    }
    return json.dumps(event, indent=2).encode()


def probe(client: httpx.Client, url: str, secrets: Sequence[Secret], body: bytes, now: int) -> list[CheckResult]:
    """Sends the deliveries and judges the answers; one signed delivery for every secret that we hold."""
    results = [
        _must_refuse("probe.unsigned", "a delivery without a signature is refused", deliver(client, url, body, None)),
        _must_refuse(
            "probe.forged",
            "a delivery signed with another secret is refused",
            deliver(client, url, body, sign(body, _FORGED, now)),
        ),
    ]
    if not secrets:
        results.append(
            CheckResult(
                "probe.signed",
                CheckStatus.UNKNOWN,
                "a correctly signed delivery is accepted",
                "STRIPE_WEBHOOK_SECRET is not set, so nothing could be signed",
                "Run `creditctl setup`, which captures the secret.",
            )
        )
    return results + [_must_accept(secret, deliver(client, url, body, sign(body, secret, now))) for secret in secrets]


def _must_refuse(check: str, title: str, answer: DeliveryResult) -> CheckResult:
    if answer.status is None:
        return _no_answer(check, title, answer)
    if answer.accepted:
        fix = "The backend does not verify signatures: anybody can add credits. Do not go live."
        return CheckResult(check, CheckStatus.FAIL, title, f"accepted with {answer.status}", fix)
    if answer.status == 400 or answer.status in (401, 403):
        return CheckResult(check, CheckStatus.PASS, title, f"refused with {answer.status}")
    return CheckResult(check, CheckStatus.FAIL, title, f"answered {answer.status}, which refuses nothing", _ANSWER_FIX)


def _must_accept(secret: Secret, answer: DeliveryResult) -> CheckResult:
    title = f"a delivery signed with our secret (fingerprint {secret.fingerprint}) is accepted"
    if answer.status is None:
        return _no_answer("probe.signed", title, answer)
    if answer.accepted:
        return CheckResult(
            "probe.signed", CheckStatus.PASS, title, f"accepted with {answer.status}: the backend holds it"
        )
    if answer.status in (400, 401, 403):
        fix = "The backend holds another secret (of the other mode, of the Stripe CLI, an old one): deploy this one."
        return CheckResult("probe.signed", CheckStatus.FAIL, title, f"refused with {answer.status}", fix)
    if 300 <= answer.status < 400:
        fix = "Stripe follows no redirects: set CREDITS_API_URL to the final address."
        return CheckResult("probe.signed", CheckStatus.FAIL, title, f"redirected with {answer.status}", fix)
    return CheckResult("probe.signed", CheckStatus.FAIL, title, f"answered {answer.status}", _ANSWER_FIX)


def _no_answer(check: str, title: str, answer: DeliveryResult) -> CheckResult:
    return CheckResult(check, CheckStatus.UNKNOWN, title, f"no answer: {answer.error}", _ANSWER_FIX)
