"""Rate limiter: at most so many requests a second for each account, where it is switched on.

Source: Stripe docs, "Rate limits": 429 with `Stripe-Rate-Limited-Reason`.
"""

from collections import deque

from creditctl.emulator.protocol.errors import StripeError, invalid

RATE_LIMITED = (
    "Testmode request rate limit exceeded, the rate limits in testmode are lower than livemode. You can learn more "
    "about rate limits here https://stripe.com/docs/rate-limits."
)


class RateLimit:
    """At most so many requests a second for each account, in real time."""

    def __init__(self) -> None:
        self._recent: dict[int, deque[float]] = {}

    def check(self, scope: int, most: int | None, now: float) -> None:
        """Count a request; refuse it with 429 when there were too many in the last second."""
        if most is None:
            return
        recent = self._recent.setdefault(scope, deque())
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        if len(recent) >= most:
            raise rate_limited()
        recent.append(now)


def rate_limited() -> StripeError:
    """The 429 of an exceeded rate limit."""
    error = invalid(RATE_LIMITED, code="rate_limit", status=429, executed=False)
    error.headers = {"Stripe-Rate-Limited-Reason": "global-rate", "Retry-After": "1"}
    return error
