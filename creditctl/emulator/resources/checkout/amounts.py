"""Amounts of a Checkout Session: line items, discount and taxes, which add up to the total.

Source: Stripe API reference, "Checkout Sessions": `amount_total` is subtotal less discount plus exclusive tax.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from creditctl.emulator.payments.discounts import Discount, amount_off
from creditctl.emulator.payments.taxes import line_taxes, on_top
from creditctl.emulator.protocol.currencies import largest, refuse_too_fine, smallest, written
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.storage.object_types import Body


def calculate(items: list[Body], discount: Discount | None, currency: str) -> Body:
    """Work out every item and answer the amounts of the session. Errors: StripeError for what can't be charged."""
    for item in items:
        item["amount_subtotal"] = _subtotal(item)
        item["amount_discount"] = 0
    if discount is not None:
        _apply_discount(items, discount, currency)
    for item in items:
        base = item["amount_subtotal"] - item["amount_discount"]
        item["taxes"] = line_taxes(base, item.get("tax_rates", []))
        item["amount_tax"] = sum(tax["amount"] for tax in item["taxes"])
        item["amount_total"] = base + on_top(item["taxes"])
    total = sum(item["amount_total"] for item in items)
    check_total(total, currency)
    return {
        "amount_subtotal": sum(item["amount_subtotal"] for item in items),
        "amount_total": total,
        "payment_status": "unpaid" if total else "no_payment_required",
        "total_details": {
            "amount_discount": sum(item["amount_discount"] for item in items),
            "amount_shipping": 0,
            "amount_tax": sum(item["amount_tax"] for item in items),
        },
    }


def _subtotal(item: Body) -> int:
    """Unit price times quantity; fractions of a cent are rounded only then, half up."""
    quantity = Decimal(item["quantity"])
    packs = item["price"]["transform_quantity"]
    if packs:
        rounding = ROUND_CEILING if packs["round"] == "up" else ROUND_FLOOR
        quantity = (quantity / packs["divide_by"]).to_integral_value(rounding)
    exact = Decimal(item.get("unit_amount_decimal") or item["price"]["unit_amount_decimal"]) * quantity
    return int(exact.to_integral_value(ROUND_HALF_UP))


def _apply_discount(items: list[Body], discount: Discount, currency: str) -> None:
    """Spread a discount over the items in proportion; the last takes what rounding leaves."""
    products = discount.products
    chosen = [item for item in items if not products or item["price"]["product"] in products]
    subtotal = sum(item["amount_subtotal"] for item in chosen)
    discount.check_minimum(sum(item["amount_subtotal"] for item in items), currency)
    off = amount_off(discount, subtotal, currency)
    # Shares are rounded down, so the last item takes the rest and the sum is exact to the cent.
    left = off
    for index, item in enumerate(chosen):
        share = left if index == len(chosen) - 1 else (off * item["amount_subtotal"] // subtotal if subtotal else 0)
        item["amount_discount"] = share
        left -= share


def check_total(total: int, currency: str) -> None:
    """A session may come to nothing, or to an amount that can be charged."""
    if 0 < total < smallest(currency):
        least = written(smallest(currency), currency)
        raise invalid(
            f"The Checkout Session's total amount due must add up to at least {least} {currency}",
            code="amount_too_small",
        )
    if total > largest(currency):
        most = written(largest(currency), currency)
        raise invalid(
            f"The Checkout Session's total amount due must add up to no more than {most} {currency}",
            code="amount_too_large",
        )
    refuse_too_fine(total, currency)
