"""What a buyer does on the hosted pages: pay by form, answer the bank."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.pages.card_form import read_card
from creditctl.emulator.payments.banks import BANKS, account_details
from creditctl.emulator.payments.confirm import ConfirmOptions, finish_challenge
from creditctl.emulator.payments.methods import PaymentMethod, load_method, make_method, store_card
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.fields import Country
from creditctl.emulator.resources.checkout.flow import pay_session
from creditctl.emulator.storage.object_types import Body
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
    country = Country(unset=True).read(form.get("country", "").strip(), "country")
    address = {"country": country, "postal_code": form.get("postal_code", "").strip() or None}
    params: Body = {"billing_details": {"email": email, "name": name, "address": address}}
    type_ = form.get("method") or "card"
    if type_ == "card":
        entry = read_card(form, context.now)
        return store_card(context, entry.card, params, entry.expiry)
    account = form.get("account", "").replace(" ", "")
    if not account or type_ not in BANKS:
        raise invalid("Your account number is incomplete.", param="account")
    return make_method(context, {**params, "type": type_, type_: account_details(type_, account)})


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
