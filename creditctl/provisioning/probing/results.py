"""Probe results: one check for each delivery of a webhook probe, with what was answered as evidence."""

from __future__ import annotations

from creditctl.core.checks import CheckResult, CheckStatus
from creditctl.core.keys import Secret
from creditctl.provisioning.probing.causes import ProbeCause, ProbeDiagnosis
from creditctl.provisioning.probing.diagnosis import diagnose
from creditctl.provisioning.probing.responses import ProbeResponse, ProbeResponses

_UNSIGNED = "a delivery without a signature is refused"
_FORGED = "a delivery signed with another secret is refused"
_STALE = "a delivery signed ten minutes ago is refused"
_QUEUE = "declared: it answers first and verifies later, which no probe can see"


def probe_results(responses: ProbeResponses, *, answers_first: bool = False) -> list[CheckResult]:
    """Judges each delivery by itself; what the whole of them proves is the diagnosis.

    Shape: `answers_first` is the operator's word that the backend queues deliveries and verifies them later; then
    what it accepts is nothing that a machine can judge from outside (`person`).
    """
    cause = diagnose(responses)
    refusals = [("probe.unsigned", _UNSIGNED, responses.unsigned), ("probe.forged", _FORGED, responses.forged)]
    if responses.stale is not None:
        refusals.append(("probe.stale", _STALE, responses.stale))
    results = [_must_refuse(check, title, response, cause, answers_first) for check, title, response in refusals]
    if not responses.signed:
        title = "a correctly signed delivery is accepted"
        results.append(CheckResult("probe.signed", CheckStatus.UNKNOWN, title, cause.sentence, cause.fix))
    return results + [_must_accept(secret, response, cause) for secret, response in responses.signed]


def _must_refuse(
    check: str, title: str, response: ProbeResponse, cause: ProbeDiagnosis, answers_first: bool
) -> CheckResult:
    if response.accepted and cause.cause is ProbeCause.ANSWERS_EVERYTHING:
        if answers_first:
            return CheckResult(check, CheckStatus.PERSON, title, _QUEUE, "Prove it with `creditctl simulate`.")
        return CheckResult(check, CheckStatus.UNKNOWN, title, f"{response.words}, like everything else", cause.fix)
    if response.accepted:
        return CheckResult(check, CheckStatus.FAIL, title, f"accepted with {response.status}", cause.fix)
    if response.status == 400 or (response.refused and cause.cause not in _SAYS_NOTHING):
        return CheckResult(check, CheckStatus.PASS, title, f"refused with {response.status}")
    if cause.cause is ProbeCause.UNCLEAR_REFUSAL:
        return CheckResult(check, CheckStatus.WARN, title, f"{response.words}, which is no plain refusal", cause.fix)
    return CheckResult(check, CheckStatus.UNKNOWN, title, f"{response.words}, which proves nothing", cause.fix)


_SAYS_NOTHING = frozenset({ProbeCause.LOGIN, ProbeCause.FIREWALL, ProbeCause.CSRF, ProbeCause.REFUSES_ALL})


def _must_accept(secret: Secret, response: ProbeResponse, cause: ProbeDiagnosis) -> CheckResult:
    title = f"a delivery signed with our secret (fingerprint {secret.fingerprint}) is accepted"
    if response.accepted and cause.cause is ProbeCause.ANSWERS_EVERYTHING:
        return CheckResult("probe.signed", CheckStatus.UNKNOWN, title, f"{response.words}, like everything else")
    if response.accepted:
        evidence = f"accepted with {response.status}: the backend holds it"
        return CheckResult("probe.signed", CheckStatus.PASS, title, evidence)
    status = CheckStatus.UNKNOWN if response.status is None else CheckStatus.FAIL
    return CheckResult("probe.signed", status, title, f"{response.words}. {cause.sentence}", cause.fix)
