"""Proposal of packages for payments without a session, as of saved cards: an amount with a mark. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from creditctl.core.money import format_amount
from creditctl.provisioning.scaffold.booked import Bookings, booked_for
from creditctl.provisioning.scaffold.credits import CreditsGuess, credits_of_keys, credits_of_numbers
from creditctl.provisioning.scaffold.marks import mark_of
from creditctl.provisioning.scaffold.proposal import PackageProposal, PriceProposal
from creditctl.provisioning.scaffold.sales import RecentCharge

_NAME = "Top-up"


def propose_charges(
    charges: Sequence[RecentCharge], packages: Sequence[PackageProposal], bookings: Bookings
) -> list[PackageProposal]:
    """A package for each amount that the application gave credits for, or whose metadata say how many.

    Shape: what a rule of `packages` names already needs no package of its own.
    """
    groups: defaultdict[tuple[int, str], list[RecentCharge]] = defaultdict(list)
    for charge in charges:
        if not any(_is_of(charge, price) for package in packages for price in package.prices):
            groups[charge.amount, charge.currency].append(charge)
    found = (_of_group(amount, currency, group, charges, bookings) for (amount, currency), group in groups.items())
    return [each for each in found if each is not None]


def _is_of(charge: RecentCharge, price: PriceProposal) -> bool:
    if price.mark is None or (price.amount, price.currency) != (charge.amount, charge.currency):
        return False
    key, value = price.mark
    return charge.metadata.get(key) == value


def _of_group(
    amount: int, currency: str, group: Sequence[RecentCharge], charges: Sequence[RecentCharge], bookings: Bookings
) -> PackageProposal | None:
    guess = _credits(group, bookings)
    others = [each.metadata for each in charges if each not in group]
    mark = mark_of([each.metadata for each in group], (), others)
    if guess is None or mark is None:
        return None
    key = f"{_NAME} at {format_amount(amount, currency)} without a session"
    price = PriceProposal(key, _NAME, amount, currency, len(group), False, guess, mark)
    return PackageProposal("", _NAME, None, (price,))


def _credits(group: Sequence[RecentCharge], bookings: Bookings) -> CreditsGuess | None:
    by_keys = credits_of_keys([each.metadata for each in group], "payment")
    booked = [found.credits for each in group if (found := booked_for(each.names, bookings)) is not None]
    return by_keys or credits_of_numbers(booked)
