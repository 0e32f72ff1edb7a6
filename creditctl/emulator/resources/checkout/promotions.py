"""A promotion code that the buyer of an open Checkout Session enters.

Source: Stripe API reference, "Checkout Sessions", `allow_promotion_codes`.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.discounts import promotion_discount
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.resources.checkout.items import apply_discount, check_total
from creditctl.emulator.resources.products.coupons import find_code
from creditctl.emulator.storage.object_types import SESSION, Body
from creditctl.emulator.storage.store import Row


def apply_promotion(context: RequestContext, row: Row, text: str) -> Body:
    """Take a promotion code off the total of an open session."""
    session, hidden = row.decoded(), row.hidden()
    if session["status"] != "open" or not session["allow_promotion_codes"] or session["discounts"]:
        raise invalid("This order takes no promotion code.", param="promotion_code")
    discount = promotion_discount(context, find_code(context, text), "promotion_code", session["customer"])
    off = apply_discount(hidden["items"], discount, session["currency"])
    total = session["amount_subtotal"] - off
    check_total(total, session["currency"])
    session |= {
        "amount_total": total,
        "discounts": [discount.shown()],
        "payment_status": "unpaid" if total else "no_payment_required",
        "total_details": {**session["total_details"], "amount_discount": off},
    }
    context.services.store.save_extra(context.scope.id, session["id"], hidden)
    return context.save(SESSION, session)
