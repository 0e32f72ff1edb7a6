"""Check `probe.endpoint`: whether the secret that the backend accepts is the endpoint's own, proven and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from creditctl.cli.webhooks.probing import holds_secret
from creditctl.core.checks import CheckResult, CheckStatus
from creditctl.core.errors import CreditctlError, GuardRefused

if TYPE_CHECKING:
    from creditctl.cli.command import Session
    from creditctl.core.keys import Secret
    from creditctl.provisioning.state import EndpointState

_TITLE = "the secret in the settings is the endpoint's own"
_AGAIN = "Run `creditctl webhooks probe` again after the next event was delivered, a purchase for example."


def judge_secret(
    session: Session, url: str, endpoints: Sequence[EndpointState], results: Sequence[CheckResult]
) -> list[CheckResult]:
    """Judges the secret of each enabled endpoint of ours at the URL; an unproven one's is proven where it can be."""
    from creditctl.provisioning.state import SecretState, same_url

    ours = [each for each in endpoints if each.ours and each.status == "enabled" and same_url(each.url, url)]
    held = session.settings.webhook_secrets
    return [
        _by_mark(endpoint, held)
        if endpoint.secret_state is SecretState.HANDED_OVER
        else _by_proof(session, endpoint, endpoints, results)
        for endpoint in ours
        if held
    ]


def _by_mark(endpoint: EndpointState, held: Sequence[Secret]) -> CheckResult:
    if endpoint.fingerprint in {secret.fingerprint for secret in held}:
        return _check(CheckStatus.PASS, f"{endpoint.id} carries its fingerprint")
    fix = "Put the endpoint's secret into STRIPE_WEBHOOK_SECRET, or see `creditctl setup --dry-run` for other ways."
    return _check(CheckStatus.FAIL, f"{endpoint.id} carries the fingerprint of another", fix)


def _by_proof(
    session: Session, endpoint: EndpointState, endpoints: Sequence[EndpointState], results: Sequence[CheckResult]
) -> CheckResult:
    unproven = f"{endpoint.id} is unproven"
    if not holds_secret(results):
        return _check(CheckStatus.UNKNOWN, f"{unproven}, and the deliveries above prove nothing", "Mend those first.")
    candidate = _candidate(session, endpoints)
    if candidate is None:
        return _check(CheckStatus.UNKNOWN, f"{unproven}, and which of the secrets could be its own is not clear")
    try:
        return _proven(session, endpoint, endpoints, candidate)
    except GuardRefused as refused:
        return _check(CheckStatus.UNKNOWN, f"{unproven}, and nothing was noted: {refused.message}", refused.fix)
    except CreditctlError as error:
        return _check(CheckStatus.UNKNOWN, f"{unproven}: {error.message}", error.fix)


def _candidate(session: Session, endpoints: Sequence[EndpointState]) -> Secret | None:
    """The one secret in the settings that is no endpoint's by its mark; with two, neither could be proven."""
    marked = {endpoint.fingerprint for endpoint in endpoints}
    free = [secret for secret in session.settings.webhook_secrets if secret.fingerprint not in marked]
    return free[0] if len(free) == 1 else None


def _proven(
    session: Session, endpoint: EndpointState, endpoints: Sequence[EndpointState], secret: Secret
) -> CheckResult:
    """The second probe that follows an event proves the secret; the first is noted, so that there can be a second."""
    from creditctl.provisioning.proof import delivered_alone, keep_proof, note_probe, own_types, probed

    note = probed(endpoint)
    if not own_types(endpoint, endpoints):
        text = f"{endpoint.id} is unproven, and another endpoint takes its events too, so no delivery proves anything"
        return _check(CheckStatus.UNKNOWN, text, "See `creditctl webhooks list`; disable the other one for the proof.")
    if note is None or note.fingerprint != secret.fingerprint:
        session.confirm_stripe_changes()
        note_probe(session.stripe, endpoint, secret, session.wiring.clock())
        text = f"the backend accepts it; whether {endpoint.id} signs with it shows the next event"
        return _check(CheckStatus.UNKNOWN, text, _AGAIN)
    event = delivered_alone(session.stripe, endpoint, endpoints, note.at)
    if event is None:
        return _check(CheckStatus.UNKNOWN, f"no event was delivered by {endpoint.id} since the first probe", _AGAIN)
    session.confirm_stripe_changes()
    keep_proof(session.stripe, endpoint, secret)
    return _check(CheckStatus.PASS, f"{event} was delivered by {endpoint.id} alone, to a backend that accepts it")


def _check(status: CheckStatus, evidence: str, fix: str = "") -> CheckResult:
    return CheckResult("probe.endpoint", status, _TITLE, evidence, fix)
