"""Payments of saved cards become a package where the application booked them or their metadata say credits."""

from __future__ import annotations

from creditctl.provisioning.scaffold.booked import BookedPayment
from creditctl.provisioning.scaffold.charges import propose_charges
from creditctl.provisioning.scaffold.proposal import PackageProposal, PriceProposal
from creditctl.provisioning.scaffold.sales import RecentCharge


def charge(name: str, amount: int = 900, **metadata: str) -> RecentCharge:
    return RecentCharge((name,), amount, "usd", metadata)


def test_booked_charges_are_told_by_their_mark_and_never_by_their_buyer() -> None:
    charges = [charge("pi_1", userId="u1", auto="1"), charge("pi_2", userId="u1", auto="1"), charge("pi_3", 2500)]

    (package,) = propose_charges(charges, (), {"pi_1": BookedPayment("u1", 80)})

    (price,) = package.prices
    assert (price.mark, price.amount, price.guess and price.guess.credits) == (("auto", "1"), 900, 80)


def test_what_a_rule_names_already_and_what_nothing_says_is_left_out() -> None:
    rule = PriceProposal("Pack", "Pack", 900, "usd", 1, False, None, ("pack", "s"))

    assert (
        propose_charges([charge("pi_1", pack="s", credits="80")], [PackageProposal("p", "P", None, (rule,))], {}) == []
    )
    assert propose_charges([charge("pi_1", purpose="deposit")], (), {}) == []
