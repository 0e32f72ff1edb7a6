"""Which answers are worth another try, how often, and how long the wait before it is."""

from __future__ import annotations

import pytest

from creditctl.stripe_api.retry import HttpTry, RetryPolicy, should_retry, wait_seconds

POLICY = RetryPolicy(busy_tries=4, broken_tries=3, base_seconds=0.5, cap_seconds=8.0)


@pytest.mark.parametrize(
    ("status", "headers", "again"),
    [
        (None, {}, True),
        (409, {}, True),
        (429, {}, True),
        (500, {}, True),
        (503, {}, True),
        (200, {}, False),
        (400, {}, False),
        (402, {}, False),
        (404, {}, False),
        (400, {"stripe-should-retry": "true"}, True),
        (500, {"Stripe-Should-Retry": "false"}, False),
        (500, {"Stripe-Should-Retry": "perhaps"}, True),
        (500, {"Idempotent-Replayed": "true"}, False),
        (500, {"Idempotent-Replayed": "true", "Stripe-Should-Retry": "true"}, True),
    ],
)
def test_what_may_pass_by_itself_is_tried_again(status: int | None, headers: dict[str, str], again: bool) -> None:
    assert should_retry(HttpTry(status, headers), 1, POLICY) is again


@pytest.mark.parametrize(("status", "most"), [(429, 4), (500, 3), (None, 3)])
def test_tries_are_counted_by_the_kind_of_answer(status: int | None, most: int) -> None:
    answer = HttpTry(status, {"Stripe-Should-Retry": "true"})

    assert [should_retry(answer, tries, POLICY) for tries in (most - 1, most)] == [True, False]


def test_the_wait_doubles_up_to_its_bound_and_chance_takes_up_to_half_off() -> None:
    answer = HttpTry(500, {})

    assert [wait_seconds(answer, tries, 1.0, POLICY) for tries in (1, 2, 3, 9)] == [0.5, 1.0, 2.0, 8.0]
    assert wait_seconds(answer, 3, 0.0, POLICY) == 1.0


@pytest.mark.parametrize(
    ("said", "seconds"), [("3", 3.0), ("0", 0.25), ("900", 30.0), ("soon", 0.25), ("-1", 0.25), ("٣", 0.25)]
)
def test_retry_after_only_ever_lengthens_the_wait_and_not_without_bound(said: str, seconds: float) -> None:
    assert wait_seconds(HttpTry(429, {"Retry-After": said}), 1, 0.0, POLICY) == seconds
