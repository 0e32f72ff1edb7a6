"""The bodies of an invoice, its lines and its payment, as a paid Checkout Session makes them.

Source: Stripe API reference, "Invoices", "Invoice Line Items", "Invoice Payments"; types of stripe-python 16.1.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.discounts import discount_id
from creditctl.emulator.payments.taxes import by_rate
from creditctl.emulator.storage.object_types import Body, in_wire_order

_UNUSED_TEXT = """
account_tax_ids application automatically_finalizes_at customer_account customer_shipping
default_payment_method default_source due_date effective_at ending_balance from_invoice hosted_invoice_url
invoice_pdf last_finalization_error latest_revision next_payment_attempt number on_behalf_of parent receipt_number
shipping_cost shipping_details statement_descriptor test_clock webhooks_delivered_at
"""
_UNUSED = tuple(_UNUSED_TEXT.split())
"""What the invoice of a one-time payment leaves null."""
_RENDERING: Body = {
    "amount_tax_display": None,
    "pdf": {"page_size": "letter"},
    "template": None,
    "template_version": None,
}
"""Source: as recorded for an account in the United States: zulip/zulip, `upgrade_by_card--Invoice.list.2.json`."""
_NOTHING_TEXT = """
amount_overpaid amount_shipping post_payment_credit_notes_amount pre_payment_credit_notes_amount starting_balance
"""


def new_invoice(context: RequestContext, session: Body, items: list[Body], customer: Body) -> Body:
    """The body of a draft for what a session sold."""
    invoice_id, data = context.new_id("in_"), session["invoice_creation"]["invoice_data"]
    total = session["amount_total"]
    body: Body = {
        **dict.fromkeys(_UNUSED),
        **dict.fromkeys(_NOTHING_TEXT.split(), 0),
        **_buyer(session, customer),
        **_sums(session, items),
        "id": invoice_id,
        "object": "invoice",
        "account_country": "US",
        "account_name": session["branding_settings"]["display_name"],
        "amount_due": total,
        "amount_paid": 0,
        "amount_remaining": total,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {"disabled_reason": None, **session["automatic_tax"]},
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": context.now,
        "currency": session["currency"],
        "custom_fields": data["custom_fields"],
        "default_tax_rates": [],
        "description": data["description"],
        "discounts": [discount_id(session) for _ in session["discounts"]],
        "footer": data["footer"],
        "issuer": {"type": "self"},
        "lines": _lines(context, invoice_id, session, items),
        "livemode": context.scope.livemode,
        "metadata": dict(data["metadata"]),
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "period_end": context.now,
        "period_start": context.now,
        "rendering": {**_RENDERING, **(data["rendering_options"] or {})},
        "status": "draft",
        "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
    }
    return in_wire_order(body)


def _buyer(session: Body, customer: Body) -> Body:
    details = session["customer_details"] or {}
    return {
        "customer": customer["id"],
        "customer_address": details.get("address") or customer["address"],
        "customer_email": details.get("email") or customer["email"],
        "customer_name": details.get("name") or customer["name"],
        "customer_phone": details.get("phone") or customer["phone"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": details.get("tax_ids") or [],
    }


def _sums(session: Body, items: list[Body]) -> Body:
    """The totals, with and without taxes; inclusive taxes are part of the subtotal."""
    details, subtotal = session["total_details"], session["amount_subtotal"]
    taxes = [tax for item in items for tax in item.get("taxes", [])]
    inclusive = sum(tax["amount"] for tax in taxes if tax["rate"]["inclusive"])
    off = details["amount_discount"]
    return {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": session["amount_total"],
        "total_discount_amounts": [{"amount": off, "discount": discount_id(session)}] if off else [],
        "total_excluding_tax": session["amount_total"] - details["amount_tax"],
        "total_pretax_credit_amounts": [],
        "total_taxes": [_tax(tax) for tax in by_rate(taxes)],
    }


def _lines(context: RequestContext, invoice_id: str, session: Body, items: list[Body]) -> Body:
    return {
        "object": "list",
        "data": [_line(context, invoice_id, session, item) for item in items],
        "has_more": False,
        "total_count": len(items),
        "url": f"/v1/invoices/{invoice_id}/lines",
    }


def _line(context: RequestContext, invoice_id: str, session: Body, item: Body) -> Body:
    price, off = item["price"], item["amount_discount"]
    details = {
        "invoice_item": context.new_id("ii_"),
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": None,
    }
    return {
        "id": context.new_id("il_"),
        "object": "line_item",
        "amount": item["amount_subtotal"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": [{"amount": off, "discount": discount_id(session)}] if off else [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": context.scope.livemode,
        "metadata": dict(item["metadata"]),
        "parent": {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "period": {"end": context.now, "start": context.now},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": item.get("unit_amount_decimal", price["unit_amount_decimal"]),
        },
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "subtotal": item["amount_subtotal"],
        "taxes": [_tax(tax) for tax in item.get("taxes", [])],
    }


def _tax(tax: Body) -> Body:
    return {
        "amount": tax["amount"],
        "tax_behavior": "inclusive" if tax["rate"]["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": tax["rate"]["id"]},
        "taxability_reason": tax["taxability_reason"] or "not_available",
        "taxable_amount": tax["taxable_amount"],
        "type": "tax_rate_details",
    }


def new_payment(context: RequestContext, invoice: Body, intent: Body) -> Body:
    """The body of the payment that paid an invoice."""
    return {
        "id": context.new_id("inpay_"),
        "object": "invoice_payment",
        "amount_paid": invoice["total"],
        "amount_requested": invoice["total"],
        "created": context.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": context.scope.livemode,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": context.now},
    }
