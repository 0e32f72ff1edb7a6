"""Probe causes: the published slugs of what a webhook probe proves, and a diagnosis as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from creditctl.core.checks import CheckStatus
from creditctl.provisioning.probing.responses import NoAnswer


class ProbeCause(StrEnum):
    """What a probe proved, or what kept it from proving anything. The slugs stand in documents and do not change."""

    HOLDS = "holds"
    NO_SECRET = "no_secret"  # noqa: S105 - the name of a cause
    DOWN = "down"
    UNKNOWN_HOST = "unknown_host"
    CERTIFICATE = "certificate"
    TIMEOUT = "timeout"
    REDIRECT = "redirect"
    WRONG_PATH = "wrong_path"
    POST_NOT_ROUTED = "post_not_routed"
    CSRF = "csrf"
    LOGIN = "login"
    FIREWALL = "firewall"
    REFUSES_ALL = "refuses_all"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    FAILS_AFTER_VERIFYING = "fails_after_verifying"
    BODY_CHANGED = "body_changed"
    BODY_ENCODING = "body_encoding"
    CLOCK_SKEW = "clock_skew"
    STRAY_CHARACTERS = "stray_characters"
    OLDER_SECRET = "older_secret"  # noqa: S105 - the name of a cause
    ANOTHER_SECRET = "another_secret"  # noqa: S105 - the name of a cause
    ANSWERS_EVERYTHING = "answers_everything"
    SIGNATURE_NOT_CHECKED = "signature_not_checked"
    NO_TIME_LIMIT = "no_time_limit"
    SIGNATURE_LOST = "signature_lost"
    REFUSES_FORM = "refuses_form"
    REFUSES_EVENT = "refuses_event"
    UNCLEAR_REFUSAL = "unclear_refusal"


@dataclass(frozen=True, slots=True)
class ProbeDiagnosis:
    """Diagnosis of a probe. Shape: `status` is fail where the cause is proven, unknown where the probe cannot tell."""

    cause: ProbeCause
    status: CheckStatus
    sentence: str
    fix: str = ""


DEAD_ENDS = {
    NoAnswer.REFUSED: (
        ProbeCause.DOWN,
        "Nobody listens there.",
        "Start the backend; check host and port of CREDITS_API_URL.",
    ),
    NoAnswer.UNKNOWN_HOST: (
        ProbeCause.UNKNOWN_HOST,
        "The host name does not exist.",
        "Correct CREDITS_API_URL, or the name's DNS entry.",
    ),
    NoAnswer.CERTIFICATE: (
        ProbeCause.CERTIFICATE,
        "The certificate is not trusted, or does not fit the host.",
        "Install a valid certificate with its whole chain: Stripe delivers to no other.",
    ),
    NoAnswer.TIMEOUT: (
        ProbeCause.TIMEOUT,
        "It did not answer in time.",
        "Answer first and do slow work afterwards; see in the backend's log where it hangs.",
    ),
    NoAnswer.BROKEN: (
        ProbeCause.DOWN,
        "The connection broke off.",
        "Look into the log of backend and proxy for this moment.",
    ),
}
"""What the kind of a failed connection says: cause, sentence, mend."""
