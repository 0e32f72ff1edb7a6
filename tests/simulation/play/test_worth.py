"""What payments are worth: shares, disputes by policy, balances that may not fall below zero."""

from __future__ import annotations

import pytest

from creditctl.core.catalog import Package
from creditctl.simulation.play.worth import Bought, SimulatedDispute, acceptable_balances
from creditctl.simulation.policy import BackendPolicy, parse_policy

PACKAGE = Package(2, "basic", "Basic", 5500, 4500, "usd")


def bought(**more: object) -> Bought:
    made = Bought("cs_test_1", PACKAGE, 0, frozenset({5500}), paid=True, charged=4500)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def worth(each: Bought, **policy: str) -> set[int]:
    return set(each.worth(parse_policy(policy)))


def test_only_what_is_paid_is_worth_anything() -> None:
    assert worth(bought(paid=False)) == {0}
    assert worth(bought()) == {5500}


@pytest.mark.parametrize(
    ("rounding", "left"), [("down", {3667}), ("up", {3666}), ("nearest", {3667}), ("unsaid", {3666, 3667})]
)
def test_a_share_is_rounded_as_the_policy_says(rounding: str, left: set[int]) -> None:
    assert worth(bought(refunds={"re_1": 1500}), rounding=rounding) == left


def test_a_full_refund_takes_exactly_all_and_never_more() -> None:
    assert worth(bought(refunds={"re_1": 1500, "re_2": 1500, "re_3": 1500})) == {0}
    assert worth(bought(refunds={"re_1": 4500}, disputes={"du_1": SimulatedDispute(4500, "lost")})) == {0}


@pytest.mark.parametrize(
    ("status", "policy", "left"),
    [
        ("needs_response", "at_opening", {0}),
        ("needs_response", "at_loss", {5500}),
        ("needs_response", "unsaid", {0, 5500}),
        ("lost", "unsaid", {0}),
        ("lost", "never", {5500}),
        ("won", "at_opening", {5500}),
        ("warning_needs_response", "at_opening", {5500}),
    ],
)
def test_a_dispute_takes_when_the_policy_says(status: str, policy: str, left: set[int]) -> None:
    assert worth(bought(disputes={"du_1": SimulatedDispute(4500, status)}), disputes=policy) == left


def test_a_free_purchase_has_nothing_to_take() -> None:
    assert worth(bought(charged=0)) == {5500}


def test_a_balance_below_zero_is_as_the_policy_says() -> None:
    refunded = [bought(refunds={"re_1": 4500})]

    def balances(policy: BackendPolicy) -> set[int]:
        return set(acceptable_balances(refunded, policy, start=0, spent=5500))

    assert balances(parse_policy({"negative": "allowed"})) == {-5500}
    assert balances(parse_policy({"negative": "clamped"})) == {0}
    assert balances(BackendPolicy()) == {-5500, 0}
