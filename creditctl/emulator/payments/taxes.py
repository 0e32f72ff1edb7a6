"""Taxes of a line: what its rates add to an amount, or are already in it.

Source: Stripe docs, "Tax rates": inclusive taxes are part of the amount, exclusive ones come on top; rounded per line.
"""

from decimal import ROUND_HALF_UP, Decimal

from creditctl.emulator.storage.object_types import Body

_HUNDRED = Decimal(100)


def line_taxes(amount: int, rates: list[Body]) -> list[Body]:
    """What each rate comes to on an amount after its discounts, and the part of it that is taxed."""
    within = sum((_percentage(rate) for rate in rates if rate["inclusive"]), Decimal(0))
    net = Decimal(amount) * _HUNDRED / (_HUNDRED + within)
    return [
        {
            "amount": _cents(net * _percentage(rate) / _HUNDRED),
            "rate": rate,
            "taxability_reason": None,
            "taxable_amount": _cents(net),
        }
        for rate in rates
    ]


def on_top(taxes: list[Body]) -> int:
    """The part of the taxes that an amount does not hold yet."""
    return sum(int(tax["amount"]) for tax in taxes if not tax["rate"]["inclusive"])


def by_rate(taxes: list[Body]) -> list[Body]:
    """Taxes of several lines, added up by their rate."""
    sums: dict[str, Body] = {}
    for tax in taxes:
        known = sums.setdefault(tax["rate"]["id"], {**tax, "amount": 0, "taxable_amount": 0})
        known["amount"] += tax["amount"]
        known["taxable_amount"] += tax["taxable_amount"]
    return list(sums.values())


def _percentage(rate: Body) -> Decimal:
    return Decimal(str(rate["percentage"]))


def _cents(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))
