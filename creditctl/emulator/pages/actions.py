"""What a buyer does on the hosted pages: pay by form, answer the bank."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.pages.card_form import read_card
from creditctl.emulator.pages.questions import asks_address, require_contact
from creditctl.emulator.payments.banks import BANKS, account_details
from creditctl.emulator.payments.confirm import ConfirmOptions, finish_challenge
from creditctl.emulator.payments.methods import PaymentMethod, load_method, make_method, store_card
from creditctl.emulator.payments.setups import finish_setup_challenge
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.fields import Country
from creditctl.emulator.resources.checkout.buyer import BuyerAnswers, change_quantities, read_tax_id
from creditctl.emulator.resources.checkout.flow import pay_session
from creditctl.emulator.storage.object_types import Body
from creditctl.emulator.storage.store import Row

ASKED = "field_"
"""How the name of a custom field's input begins."""


def pay_by_form(context: RequestContext, row: Row, form: Mapping[str, str]) -> Body:
    """Pay a session with the card or bank account of the page's form."""
    session = row.decoded()
    email = session["customer_email"] or form.get("email", "").strip()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise invalid("Your e-mail address is incomplete.", param="email")
    require_contact(session, form)
    method = _method(context, form, email, _address(session, form)) if session["amount_total"] else None
    return pay_session(context, row, method, ConfirmOptions(), _answers(form))


def _answers(form: Mapping[str, str]) -> BuyerAnswers:
    """What the page asks besides how to pay; custom fields by their keys."""
    tax_id = form.get("tax_id", "").strip()
    return BuyerAnswers(
        fields={name.removeprefix(ASKED): text for name, text in form.items() if name.startswith(ASKED)},
        tax_id=read_tax_id(tax_id) if tax_id else None,
        business_name=form.get("business_name", ""),
        individual_name=form.get("individual_name", ""),
        phone=form.get("phone", ""),
        promotions="promotions" in form,
    )


def adjust(context: RequestContext, row: Row, form: Mapping[str, str]) -> Body:
    """Change the quantity of one item; the form names it by its place."""
    place, quantity = form.get("item", ""), form.get("quantity", "").strip()
    if not place.isdecimal() or not quantity.isdecimal():
        raise invalid("A quantity is a whole number.", param="quantity")
    return change_quantities(context, row, {int(place): int(quantity)})


def _address(session: Body, form: Mapping[str, str]) -> Body:
    """The billing address that the page asks for: country and ZIP code, or all of it."""
    asked = ("postal_code", "line1", "line2", "city", "state") if asks_address(session) else ("postal_code",)
    country = Country(unset=True).read(form.get("country", "").strip(), "country")
    return {"country": country, **{name: form.get(name, "").strip() or None for name in asked}}


def _method(context: RequestContext, form: Mapping[str, str], email: str, address: Body) -> PaymentMethod:
    name = form.get("name", "").strip() or None
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


def answer_for_setup(context: RequestContext, intent: Body, passed: bool) -> Body:
    """Pass or fail the challenge of a card that is being saved."""
    if intent["status"] != "requires_action":
        raise invalid("There is nothing to authenticate.")
    return finish_setup_challenge(context, intent, load_method(context, intent["payment_method"]), passed)


def way_back(intent: Body) -> str | None:
    """The `return_url` of a challenge with the intent's id and client secret, still without the outcome."""
    action = intent["next_action"] or {}
    url: str | None = (action.get("redirect_to_url") or {}).get("return_url")
    if url is None:
        return None
    kind = intent["object"]
    query = urlencode({kind: intent["id"], f"{kind}_client_secret": intent["client_secret"]})
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}"
