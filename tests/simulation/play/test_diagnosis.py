"""From a wrong balance to the cause that fits."""

from __future__ import annotations

import pytest

from creditctl.core.catalog import Package
from creditctl.simulation.causes import CAUSES
from creditctl.simulation.play.diagnosis import BalanceReading, diagnose
from creditctl.simulation.play.worth import Bought, SimulatedDispute

PACKAGE = Package(2, "basic", "Basic", 5500, 4500, "usd")
ALL = (1000, 5500, 13500)


def bought(*, paid: bool = True, refunds: dict[str, int] | None = None, dispute: str = "", failed: int = 0) -> Bought:
    disputes = {"du_1": SimulatedDispute(4500, dispute)} if dispute else {}
    return Bought(
        "cs_1", PACKAGE, 0, frozenset({5500}), paid, 4500 if paid else 0, "pi_1", False, refunds or {}, failed, disputes
    )


@pytest.mark.parametrize(
    ("gain", "expected", "payments", "cause"),
    [
        (5500, {0}, [bought(paid=False)], "credits_unpaid"),
        (0, {5500}, [bought()], "credits_never"),
        (11000, {5500}, [bought()], "credits_twice"),
        (4500, {5500}, [bought()], "credits_in_cents"),
        (45, {5500}, [bought()], "credits_in_cents"),
        (1000, {5500}, [bought()], "credits_wrong_package"),
        (5501, {5500}, [bought()], "credits_wrong_amount"),
        (5500, {0}, [bought(refunds={"re_1": 4500})], "refund_ignored"),
        (0, {2750}, [bought(refunds={"re_1": 2250})], "refund_wrong_share"),
        (1100, {3300}, [bought(refunds={"re_1": 1800})], "refund_doubled"),
        (0, {5500}, [bought(failed=1)], "refund_failed_kept"),
        (5500, {0}, [bought(dispute="lost")], "dispute_ignored"),
        (-5500, {0}, [bought(dispute="lost")], "dispute_doubled"),
        (0, {5500}, [bought(dispute="won")], "dispute_not_returned"),
    ],
)
def test_a_wrong_balance_names_its_cause(gain: int, expected: set[int], payments: list[Bought], cause: str) -> None:
    assert diagnose(BalanceReading(gain, expected, payments, all_credits=ALL)) == cause
    assert cause in CAUSES


def test_credits_at_somebody_elses_are_the_wrong_users() -> None:
    assert diagnose(BalanceReading(0, {5500}, [bought()], others_gained=True)) == "wrong_user"
