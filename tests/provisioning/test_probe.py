"""What a backend's answers to three deliveries prove."""

from __future__ import annotations

import httpx
import pytest
import stripe

from creditctl.core.checks import CheckStatus
from creditctl.core.keys import Secret
from creditctl.provisioning.probe import inert_event, probe
from tests.support.clock import NOW

OURS = Secret("whsec_" + "example0of0ours")
BODY = inert_event(NOW, livemode=False, api_version="2026-10-28.endive")


def ask(answer: httpx.MockTransport, *secrets: Secret) -> list[CheckStatus]:
    with httpx.Client(transport=answer) as client:
        return [result.status for result in probe(client, "http://backend.test/hook", secrets, BODY, NOW)]


def backend(secret: Secret) -> httpx.MockTransport:
    """A backend that verifies as the SDK does, but for the age of the timestamp."""

    def answer(request: httpx.Request) -> httpx.Response:
        header = request.headers.get("Stripe-Signature", "")
        wanted = stripe.WebhookSignature.generate_signature_header(request.content.decode(), secret.reveal(), NOW)
        return httpx.Response(200 if header == wanted else 400)

    return httpx.MockTransport(answer)


def test_a_backend_with_our_secret_passes_all() -> None:
    assert ask(backend(OURS), OURS) == [CheckStatus.PASS, CheckStatus.PASS, CheckStatus.PASS]


def test_each_secret_of_a_rotation_is_tried() -> None:
    older = Secret("whsec_" + "example0older")
    assert ask(backend(OURS), OURS, older) == [CheckStatus.PASS, CheckStatus.PASS, CheckStatus.PASS, CheckStatus.FAIL]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, [CheckStatus.FAIL, CheckStatus.FAIL, CheckStatus.PASS]),
        (301, [CheckStatus.FAIL, CheckStatus.FAIL, CheckStatus.FAIL]),
        (400, [CheckStatus.PASS, CheckStatus.PASS, CheckStatus.FAIL]),
        (404, [CheckStatus.FAIL, CheckStatus.FAIL, CheckStatus.FAIL]),
        (500, [CheckStatus.FAIL, CheckStatus.FAIL, CheckStatus.FAIL]),
    ],
)
def test_a_backend_that_always_answers_the_same_is_seen_through(status: int, expected: list[CheckStatus]) -> None:
    assert ask(httpx.MockTransport(lambda _: httpx.Response(status)), OURS) == expected


def test_no_answer_and_no_secret_prove_nothing() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert ask(httpx.MockTransport(broken), OURS) == [CheckStatus.UNKNOWN] * 3
    assert ask(backend(OURS)) == [CheckStatus.PASS, CheckStatus.PASS, CheckStatus.UNKNOWN]


def test_the_inert_event_is_one_that_the_sdk_reads() -> None:
    header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), OURS.reveal())
    event = stripe.Webhook.construct_event(BODY, header, OURS.reveal())

    assert event.type == "creditctl.probe"
