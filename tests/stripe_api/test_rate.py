"""The budget keeps to its rate, from however many threads, and gives way after a 429."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import pytest

from creditctl.stripe_api.rate import BURST, RateBudget


@dataclass
class Time:
    """A time that passes only where somebody waits."""

    now: float = 100.0
    waits: list[float] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        with self.lock:
            self.now += seconds


def spent(budget: RateBudget, time: Time, requests: int) -> float:
    before = time.now
    for _ in range(requests):
        budget.take()
    return time.now - before


@pytest.mark.parametrize("rate", [1, 20, 100])
def test_the_rate_is_kept_and_used(rate: int) -> None:
    time = Time()
    budget = RateBudget(rate, time, time.sleep)
    assert spent(budget, time, 10 * rate) == pytest.approx(10 - 1 / rate, rel=0.001)


def test_after_a_pause_a_few_may_follow_at_once() -> None:
    time = Time()
    budget = RateBudget(10, time, time.sleep)
    spent(budget, time, 5)
    time.now += 60
    assert spent(budget, time, BURST) == 0
    assert spent(budget, time, 10) == pytest.approx(0.9, abs=0.2)


def test_a_429_halves_the_rate_for_a_while() -> None:
    time = Time()
    budget = RateBudget(20, time, time.sleep)
    spent(budget, time, 1)
    budget.slow_down()
    assert spent(budget, time, 10) > 0.8
    spent(budget, time, 100)
    assert spent(budget, time, 20) == pytest.approx(1, rel=0.01)
    for _ in range(50):
        budget.slow_down()
    assert spent(budget, time, 2) <= 2.1


def test_threads_share_it() -> None:
    time = Time()
    waits: list[float] = []
    budget = RateBudget(10, time, waits.append)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: budget.take(), range(40)))
    assert max(waits) == pytest.approx(3.9)
    assert len({round(wait, 6) for wait in waits}) == len(waits)
