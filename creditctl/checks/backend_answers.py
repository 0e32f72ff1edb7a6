"""Checks of the backend's webhook by a probe: it is reached, verifies, holds our secret, has the right time."""

from __future__ import annotations

from creditctl.checks.answers import CheckAnswer, failed, passed, unknown, warned
from creditctl.checks.attest import attested
from creditctl.checks.context import Context
from creditctl.core.checks import CheckStatus
from creditctl.provisioning.probing.causes import ProbeCause, ProbeDiagnosis

BACKEND_PROBE = "checklist.backend_probe"
_NOT_REACHED = frozenset(
    {
        ProbeCause.DOWN,
        ProbeCause.UNKNOWN_HOST,
        ProbeCause.CERTIFICATE,
        ProbeCause.TIMEOUT,
        ProbeCause.REDIRECT,
        ProbeCause.WRONG_PATH,
        ProbeCause.POST_NOT_ROUTED,
        ProbeCause.CSRF,
        ProbeCause.LOGIN,
        ProbeCause.FIREWALL,
        ProbeCause.REFUSES_ALL,
        ProbeCause.RATE_LIMITED,
        ProbeCause.SERVER_ERROR,
        ProbeCause.SIGNATURE_LOST,
        ProbeCause.REFUSES_FORM,
        ProbeCause.FAILS_AFTER_VERIFYING,
    }
)
_OTHER_SECRET = frozenset({ProbeCause.ANOTHER_SECRET, ProbeCause.OLDER_SECRET, ProbeCause.STRAY_CHARACTERS})
_NO_URL = "There is no usable CREDITS_API_URL to call."
_SET_URL = "Set it to the backend's URL."


def backend_is_reached(context: Context) -> CheckAnswer:
    """A delivery reaches the backend's webhook handler and is answered by it."""
    found = context.diagnosis
    if found is None:
        return unknown(_NO_URL, _SET_URL)
    if found.cause in _NOT_REACHED:
        return failed(f"{context.settings.webhook_url}: {found.sentence}", found.fix)
    return passed(f"{context.settings.webhook_url} answers the deliveries of a probe by itself.")


def backend_verifies(context: Context) -> CheckAnswer:
    """The backend refuses what is unsigned, forged or stale, and reads a body as it was signed."""
    found = context.diagnosis
    if found is None:
        return unknown(_NO_URL, _SET_URL)
    if found.cause in _NOT_REACHED:
        return unknown(f"It could not be looked at: {found.sentence}", found.fix)
    if found.cause in _OTHER_SECRET or found.cause in (ProbeCause.NO_SECRET, ProbeCause.CLOCK_SKEW):
        return passed("It refuses a delivery without a signature and one with a forged one.")
    return _as_found(context, found)


def backend_holds_secret(context: Context) -> CheckAnswer | None:
    """Whether the backend takes what is signed with our secret; None where the probe says nothing of it."""
    found = context.diagnosis
    if found is None or found.cause in _NOT_REACHED or found.cause in _SILENT_ABOUT_SECRET:
        return None
    if found.cause in _OTHER_SECRET:
        return failed(found.sentence, found.fix)
    return passed("The backend takes what is signed with it.")


_SILENT_ABOUT_SECRET = frozenset(
    {ProbeCause.NO_SECRET, ProbeCause.CLOCK_SKEW, ProbeCause.ANSWERS_EVERYTHING, ProbeCause.REFUSES_EVENT}
)


def backend_clock(context: Context) -> CheckAnswer | None:
    """Whether the backend's clock is wrong; None where the probe saw nothing of the kind."""
    found = context.diagnosis
    return failed(found.sentence, found.fix) if found is not None and found.cause is ProbeCause.CLOCK_SKEW else None


def backend_probed(context: Context) -> CheckAnswer:
    """The whole of it, as one item: reached, verifying, holding the secret that is held here."""
    found = context.diagnosis
    return unknown(_NO_URL, _SET_URL) if found is None else _as_found(context, found)


def _as_found(context: Context, found: ProbeDiagnosis) -> CheckAnswer:
    if found.status is CheckStatus.PASS:
        return passed(found.sentence)
    if found.cause is ProbeCause.ANSWERS_EVERYTHING:
        return _declared(context, found)
    answers = {CheckStatus.WARN: warned, CheckStatus.UNKNOWN: unknown}
    return answers.get(found.status, failed)(found.sentence, found.fix)


def _declared(context: Context, found: ProbeDiagnosis) -> CheckAnswer:
    """A backend that queues first and verifies later looks like one that verifies nothing, until somebody says so."""
    known = attested(context, BACKEND_PROBE)
    if known is not None:
        return passed(f"It answers 2xx to everything, which was declared: {known.evidence}")
    say = "if a queue verifies later, prove it with `creditctl simulate` and say so"
    command = "creditctl checklist attest backend_probe --by NAME --evidence WHAT_YOU_SAW"
    return unknown(found.sentence, f"Verify before answering; {say}: `{command}`")
