"""Stake of a purchase: what some of its credits are worth by what was paid for it. Pure."""

from __future__ import annotations

from creditctl.core.entitlement.settlement import Purchase
from creditctl.core.findings import Direction, Stake


def purchase_stake(purchase: Purchase, credits: int | None = None, direction: Direction | None = None) -> Stake:
    """What credits of a purchase are worth by what was paid for it; all of them where no number is given."""
    count = purchase.credits if credits is None else abs(credits)
    amount = purchase.amount * count // purchase.credits if purchase.credits else 0 if credits else purchase.amount
    return Stake(count, amount, purchase.currency, direction)
