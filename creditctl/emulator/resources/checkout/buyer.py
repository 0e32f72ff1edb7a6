"""What the buyer answers on the Checkout page: quantities, a promotion code, custom fields, tax id, names.

Source: Stripe docs, "How Checkout works", "Adjustable quantities", "Add custom fields", "Collect tax IDs", "Collect
customer names". Whoever pays acts through here: the page, the control API and the official CLI's calls.
"""

from collections.abc import Mapping

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.discounts import Discount, promotion_discount
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.resources.billing.tax_id_formats import check_format
from creditctl.emulator.resources.billing.tax_ids import TYPES
from creditctl.emulator.resources.checkout.amounts import calculate
from creditctl.emulator.resources.checkout.custom_fields import answered
from creditctl.emulator.resources.products.promotion_codes import find_code
from creditctl.emulator.storage.object_types import PAYMENT_INTENT, SESSION, Body
from creditctl.emulator.storage.store import Row


class BuyerAnswers(msgspec.Struct, frozen=True):
    """What a buyer fills in besides the payment method; all of it may be left empty.

    `quantities` names line items by their place (0 for the first); `tax_id` is a type such as `eu_vat` and its value.
    """

    quantities: Mapping[int, int] = {}
    fields: Mapping[str, str] = {}
    tax_id: tuple[str, str] | None = None
    business_name: str = ""
    individual_name: str = ""
    phone: str = ""
    promotions: bool = False
    """Whether the buyer asks for promotional e-mail."""


def read_tax_id(text: str) -> tuple[str, str]:
    """A tax id as it is typed, type before value: `eu_vat:DE123456789`. Errors: StripeError for anything else."""
    type_, colon, value = text.partition(":")
    if not colon or type_.strip() not in TYPES or not value.strip():
        raise invalid(f"`{text}` is no tax ID: type it as eu_vat:DE123456789.", param="tax_id")
    return type_.strip(), value.strip()


def only_quantity(row: Row, quantity: int) -> dict[int, int]:
    """A quantity for the one item of a session that has one to adjust. Errors: StripeError for none, or several."""
    items = row.hidden()["items"]
    adjustable = [place for place, item in enumerate(items) if (item["adjustable_quantity"] or {}).get("enabled")]
    if len(adjustable) != 1:
        raise invalid(
            f"This order has {len(adjustable)} items whose quantity can be adjusted: it takes a quantity for one.",
            param="quantity",
        )
    return {adjustable[0]: quantity}


def require_open(session: Body) -> None:
    """Only an open session can be changed or paid."""
    if session["status"] != "open":
        raise invalid(
            f"This Checkout Session has a status of `{session['status']}`: only an open one can be paid, changed or "
            "expired."
        )


def apply_promotion(context: RequestContext, row: Row, text: str) -> Body:
    """Take a promotion code off the total of an open session."""
    session, hidden = row.decoded(), row.hidden()
    if session["status"] != "open" or not session["allow_promotion_codes"] or session["discounts"]:
        raise invalid("This order takes no promotion code.", param="promotion_code")
    discount = promotion_discount(
        context, find_code(context, text, session["customer"]), "promotion_code", session["customer"]
    )
    session["discounts"] = [discount.shown()]
    return _recalculate(context, session, hidden, discount)


def change_quantities(context: RequestContext, row: Row, quantities: Mapping[int, int]) -> Body:
    """Buy more or fewer of the items whose quantity the buyer may adjust."""
    session, hidden = row.decoded(), row.hidden()
    require_open(session)
    intent = context.fetch(PAYMENT_INTENT, session["payment_intent"]) if session["payment_intent"] else None
    if intent is not None and intent["status"] != "requires_payment_method":
        raise invalid("The payment has begun: its quantities can no longer be changed.", param="quantity")
    for place, quantity in quantities.items():
        if not 0 <= place < len(hidden["items"]):
            raise invalid(f"This order has no item {place + 1}.", param="quantity")
        item = hidden["items"][place]
        bounds = item["adjustable_quantity"]
        if not bounds or not bounds["enabled"]:
            raise invalid(f"The quantity of `{item['description']}` can't be adjusted.", param="quantity")
        if not bounds["minimum"] <= quantity <= bounds["maximum"]:
            raise invalid(
                f"The quantity of `{item['description']}` must lie between {bounds['minimum']} and "
                f"{bounds['maximum']}.",
                param="quantity",
            )
        item["quantity"] = quantity
    if not any(item["quantity"] for item in hidden["items"]):
        raise invalid("At least one item must be bought.", param="quantity")
    kept = hidden.get("discount")
    return _recalculate(context, session, hidden, msgspec.convert(kept, Discount) if kept else None)


def _recalculate(context: RequestContext, session: Body, hidden: Body, discount: Discount | None) -> Body:
    session |= calculate(hidden["items"], discount, session["currency"])
    hidden["discount"] = msgspec.to_builtins(discount)
    context.services.store.save_extra(context.scope.id, session["id"], hidden)
    return context.save(SESSION, session)


def take_answers(session: Body, answers: BuyerAnswers) -> None:
    """Note in a session what the buyer has filled in. Errors: StripeError where an answer is missing or wrong."""
    session["custom_fields"] = answered(session["custom_fields"], answers.fields)
    _require_tax_id(session, answers)
    names = _names(session, answers)
    if names:
        nothing = {"business_name": None, "individual_name": None, "shipping_details": None}
        session["collected_information"] = {**nothing, **(session["collected_information"] or {}), **names}
    consent = session["consent_collection"]
    if consent:
        session["consent"] = {
            "promotions": _promotions(answers) if consent["promotions"] == "auto" else None,
            "terms_of_service": "accepted" if consent["terms_of_service"] == "required" else None,
        }


def _promotions(answers: BuyerAnswers) -> str:
    return "opt_in" if answers.promotions else "opt_out"


def _require_tax_id(session: Body, answers: BuyerAnswers) -> None:
    asked = session.get("tax_id_collection") or {"enabled": False, "required": "never"}
    if answers.tax_id is None:
        if asked["enabled"] and asked["required"] == "if_supported":
            raise invalid("This order asks for a tax ID.", param="tax_id")
        return
    if not asked["enabled"]:
        raise invalid("This order asks for no tax ID.", param="tax_id")
    type_, value = answers.tax_id
    if type_ not in TYPES or not value.strip():
        raise invalid(f"`{type_}` is no type of tax ID, or its value is empty.", param="tax_id")
    check_format(type_, value, "tax_id")


def _names(session: Body, answers: BuyerAnswers) -> Body:
    """The names that the session collects, and only those."""
    collected: Body = {}
    for kind in ("business", "individual"):
        asked = (session.get("name_collection") or {}).get(kind) or {"enabled": False, "optional": True}
        given = getattr(answers, f"{kind}_name").strip()
        # A tax id comes with the name of its business.
        wanted = asked["enabled"] or (kind == "business" and answers.tax_id is not None)
        if given and not wanted:
            raise invalid(f"This order asks for no {kind} name.", param=f"{kind}_name")
        if asked["enabled"] and not asked["optional"] and not given:
            raise invalid(f"This order asks for the {kind} name.", param=f"{kind}_name")
        if wanted:
            collected[f"{kind}_name"] = given or None
    return collected


def require_card(session: Body) -> None:
    """Refuse a card where the session takes none, and name the other way."""
    types = session["payment_method_types"]
    if "card" not in types:
        raise invalid(
            f"This session takes no card but {', '.join(types)}: pay it by a bank debit, with `bank` (from a shell "
            "--bank success or --bank fail).",
            param="bank",
        )
