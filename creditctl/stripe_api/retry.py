"""Retry policy: whether a request is tried again, and the wait before (exponential back-off); pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_RETRY_AFTER_CAP_SECONDS = 30.0
ANSWER_SECONDS = 80.0
"""How long an answer may take: as long as the SDK waits, since a page of a large list may need half a minute.

Source: stripe-python, `_http_client.py`: the default time-out of its clients.
"""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Retry policy: tries and waits.

    Shape: `busy_tries` for 429 (the limit passes by itself), `broken_tries` for 5xx, 409 and lost connections;
           `answer_seconds` is how long each try waits for its answer.
    """

    busy_tries: int = 8
    broken_tries: int = 5
    base_seconds: float = 0.5
    cap_seconds: float = 8.0
    answer_seconds: float = ANSWER_SECONDS


@dataclass(frozen=True, slots=True)
class HttpTry:
    """Answer to one try; `status` None means that the connection broke."""

    status: int | None
    headers: Mapping[str, str]

    def header(self, name: str) -> str | None:
        """A header's value, whatever the case of its name."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


def should_retry(answer: HttpTry, tries: int, policy: RetryPolicy) -> bool:
    """Whether another try makes sense after this many.

    Source: Stripe API reference, "Errors" and "Idempotent requests": a stored answer is replayed for the same key,
    so a replayed 5xx never gets better; `Stripe-Should-Retry` overrides everything.
    """
    if tries >= (policy.busy_tries if answer.status == 429 else policy.broken_tries):
        return False
    advice = answer.header("Stripe-Should-Retry")
    if advice in ("true", "false"):
        return advice == "true"
    if answer.header("Idempotent-Replayed") == "true":
        return False
    return answer.status is None or answer.status in (409, 429) or answer.status >= 500


def wait_seconds(answer: HttpTry, tries: int, chance: float, policy: RetryPolicy) -> float:
    """Back-off before the next try: exponential, between half and all of it by `chance` (0 to 1), at least Retry-After.

    Source: Stripe does not document Retry-After, so it only ever lengthens the wait, and not without bound.
    """
    full = min(policy.base_seconds * float(2 ** (tries - 1)), policy.cap_seconds)
    asked = answer.header("Retry-After") or ""
    least = min(float(asked), _RETRY_AFTER_CAP_SECONDS) if asked.isascii() and asked.isdigit() else 0.0
    return max(full * (0.5 + chance / 2), least)
