"""What a buyer does on the hosted pages: pay by form, enter a promotion code, answer the bank."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.pages.card_form import read_card
from creditctl.emulator.payments.confirm import ConfirmOptions, finish_challenge
from creditctl.emulator.payments.discounts import promotion_discount
from creditctl.emulator.payments.methods import PaymentMethod, load_method, make_method, store_card
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.resources.checkout.flow import pay_session
from creditctl.emulator.resources.checkout.items import apply_discount, check_total
from creditctl.emulator.resources.products.coupons import find_code
from creditctl.emulator.storage.object_types import SESSION, Body
from creditctl.emulator.storage.store import Row


def pay_by_form(context: RequestContext, row: Row, form: Mapping[str, str]) -> Body:
    """Pay a session with the card or bank account of the page's form."""
    session = row.decoded()
    email = session["customer_email"] or form.get("email", "").strip()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise invalid("Your e-mail address is incomplete.", param="email")
    method = _method(context, form, email) if session["amount_total"] else None
    return pay_session(context, row, method, ConfirmOptions())


def _method(context: RequestContext, form: Mapping[str, str], email: str) -> PaymentMethod:
    name = form.get("name", "").strip() or None
    address = {"postal_code": form.get("postal_code", "").strip() or None}
    params: Body = {"billing_details": {"email": email, "name": name, "address": address}}
    type_ = form.get("method") or "card"
    if type_ == "card":
        entry = read_card(form, context.now)
        return store_card(context, entry.card, params, entry.expiry)
    account = form.get("account", "").replace(" ", "")
    if not account:
        raise invalid("Your account number is incomplete.", param="account")
    details = {"iban": account} if type_ == "sepa_debit" else {"account_number": account, "routing_number": "110000000"}
    return make_method(context, {**params, "type": type_, type_: details})


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


def answer_for_intent(context: RequestContext, intent: Body, passed: bool) -> Body:
    """Pass or fail the challenge of a payment made without Checkout."""
    if intent["status"] != "requires_action":
        raise invalid("There is nothing to authenticate.")
    return finish_challenge(context, intent, load_method(context, intent["payment_method"]), passed)


def way_back(intent: Body) -> str | None:
    """The `return_url` of a challenge with the payment's id and client secret, still without the outcome."""
    action = intent["next_action"] or {}
    url: str | None = (action.get("redirect_to_url") or {}).get("return_url")
    if url is None:
        return None
    query = urlencode({"payment_intent": intent["id"], "payment_intent_client_secret": intent["client_secret"]})
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}"
