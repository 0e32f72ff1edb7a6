"""Invoices, promotion codes and discounts as API versions before 2025-03-31.basil and 2025-09-30.clover show them.

Source: Stripe changelog, 2025-03-31.basil and 2025-09-30.clover; an invoice of 2020-08-27 and one of 2025 as recorded:
zulip/zulip, `corporate/tests/stripe_fixtures/upgrade_by_card--Event.list.3.json` and `…--Invoice.list.2.json`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from creditctl.emulator.storage.object_types import Body

Lookup = Callable[[Any], Body | None]
"""Finds an object by its id, deleted or not."""
_TWELVE_PLACES = Decimal(1).scaleb(-12)
_NEVER: Body = {
    "application_fee_amount": None,
    "paid_out_of_band": False,
    "quote": None,
    "rendering_options": None,
    "subscription": None,
    "subscription_details": {"metadata": None},
    "transfer_data": None,
}
"""What the invoice of a one-time payment does not use."""


def older_invoice(body: Body, paid_by: Any, find: Lookup) -> Body:
    """An invoice with its payment and its sum of taxes; `paid_by` is the payment intent's id."""
    intent = find(paid_by) if body["status"] != "draft" else None
    taxes = [_tax_amount(tax) for tax in body["total_taxes"]]
    kept = {name: value for name, value in body.items() if name not in ("parent", "total_taxes")}
    return {
        **kept,
        **_NEVER,
        "discount": _first_discount(body["discounts"], find),
        "charge": intent["latest_charge"] if intent and body["status"] == "paid" else None,
        "paid": body["status"] == "paid",
        "payment_intent": intent["id"] if intent else None,
        "tax": sum(tax["amount"] for tax in taxes) if taxes else None,
        "total_tax_amounts": taxes,
    }


def _first_discount(ids: list[Any], find: Lookup) -> Body | None:
    found = find(ids[0]) if ids else None
    return with_coupon(found, "source", find) if found else None


def older_line(line: Body, find: Lookup) -> Body:
    """A line of an invoice with its price and taxes, as an invoice has it and the list of its lines."""
    details, price = line["parent"]["invoice_item_details"], find(line["pricing"]["price_details"]["price"])
    taxes = [_tax_amount(tax) for tax in line["taxes"]]
    rates = [find(tax["tax_rate"]) for tax in taxes]
    included = sum(tax["amount"] for tax in taxes if tax["inclusive"])
    net = line["amount"] - included
    kept = {name: value for name, value in line.items() if name not in ("parent", "pricing", "taxes")}
    older = {
        "amount_excluding_tax": net,
        "invoice_item": details["invoice_item"],
        "plan": None,
        "price": price,
        "proration": details["proration"],
        "proration_details": details["proration_details"],
        "subscription": None,
        "tax_amounts": taxes,
        "tax_rates": rates,
        "type": "invoiceitem",
        "unit_amount_excluding_tax": _each(line, net, included),
    }
    return {**kept, **older}


def _each(line: Body, net: int, included: int) -> Any:
    """The price of one without taxes, as text; Stripe gives fractions of a cent there."""
    if not included or not line["quantity"]:
        return line["pricing"]["unit_amount_decimal"]
    each = (Decimal(net) / line["quantity"]).quantize(_TWELVE_PLACES)
    return f"{each:f}".rstrip("0").rstrip(".")


def _tax_amount(tax: Mapping[str, Any]) -> Body:
    """A tax by its older name; "not available" is a reason since basil. Source: types of stripe-node 17.7 and 18.5."""
    return {
        "amount": tax["amount"],
        "inclusive": tax["tax_behavior"] == "inclusive",
        "tax_rate": tax["tax_rate_details"]["tax_rate"],
        "taxability_reason": None if tax["taxability_reason"] == "not_available" else tax["taxability_reason"],
        "taxable_amount": tax["taxable_amount"],
    }


def with_coupon(body: Body, holder: str, find: Lookup) -> Body:
    """A promotion code or a discount with its whole coupon, which `holder` (`promotion`, `source`) names since."""
    named = body.get(holder) or {}
    kept = {name: value for name, value in body.items() if name != holder}
    return {**kept, "coupon": find(named.get("coupon")) or named.get("coupon")}
