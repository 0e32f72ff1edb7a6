"""Checkout as a buyer goes through it: pay by card or bank, authenticate, let it expire; sessions of our own making."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditctl.core.errors import StripeRefused
from creditctl.emulator_client.checkout_payer import PAGE_PATH
from creditctl.simulation.stripe_side.access import StripeAccess, StripeObject

GOOD_ACCOUNT, EMPTY_ACCOUNT = "000123456789", "000222222227"
"""Bank accounts that pay, and that have no funds. Source: Stripe documentation, "Testing", ACH."""

_SESSIONS = "/v1/checkout/sessions"
_BILLING = {"billing_details[email]": "buyer@example.com", "billing_details[name]": "Ada Müller"}


@dataclass(frozen=True, slots=True)
class PaymentAttempt:
    """What came of an attempt to pay. Shape: `decline` is the code of a refusal, empty where there was none."""

    session: StripeObject
    decline: str = ""

    @property
    def paid(self) -> bool:
        """Whether the money has come, or none was due."""
        return self.session.get("payment_status") in ("paid", "no_payment_required")

    @property
    def complete(self) -> bool:
        """Whether the page is done with."""
        return self.session.get("status") == "complete"


def read_session(stripe: StripeAccess, session_id: str) -> StripeObject:
    """The session as Stripe has it now."""
    return stripe.get(f"{_SESSIONS}/{session_id}")


def pay_by_card(stripe: StripeAccess, session_id: str, token: str, email: str = "") -> PaymentAttempt:
    """Pays with a test card's token, and types an e-mail, the usual one where none is given; a decline is an answer."""
    typed = {"billing_details[email]": email} if email else {}
    return _pay(stripe, session_id, {"type": "card", "card[token]": token, **_BILLING, **typed})


def pay_by_bank(stripe: StripeAccess, session_id: str, account: str) -> PaymentAttempt:
    """Pays by a bank debit, whose result comes later."""
    bank = {"account_number": account, "routing_number": "110000000", "account_holder_type": "individual"}
    details = {f"us_bank_account[{name}]": value for name, value in bank.items()}
    return _pay(stripe, session_id, {"type": "us_bank_account", **details, **_BILLING})


def finish_free(stripe: StripeAccess, session_id: str) -> PaymentAttempt:
    """Completes a session that costs nothing."""
    stripe.post(PAGE_PATH.format(session_id=session_id) + "/confirm", {"expected_amount": 0})
    return PaymentAttempt(read_session(stripe, session_id))


def _pay(stripe: StripeAccess, session_id: str, method: Mapping[str, Any]) -> PaymentAttempt:
    amount = read_session(stripe, session_id)["amount_total"]
    try:
        made = stripe.post("/v1/payment_methods", method)
        confirm = {"payment_method": made["id"], "expected_amount": amount}
        stripe.post(PAGE_PATH.format(session_id=session_id) + "/confirm", confirm)
    except StripeRefused as error:
        session = read_session(stripe, session_id)
        return PaymentAttempt(session, error.code.removeprefix("stripe."))
    return PaymentAttempt(read_session(stripe, session_id))


def authenticate(stripe: StripeAccess, session_id: str, *, passed: bool) -> PaymentAttempt:
    """Passes or fails the 3D Secure challenge of a session."""
    result = {"result": "pass" if passed else "fail"}
    try:
        stripe.emulator.control("POST", f"/sessions/{session_id}/authenticate", result)
    except StripeRefused as error:
        return PaymentAttempt(read_session(stripe, session_id), error.code.removeprefix("stripe."))
    return PaymentAttempt(read_session(stripe, session_id))


def expire(stripe: StripeAccess, session_id: str) -> StripeObject:
    """Ends an open session."""
    return stripe.post(f"{_SESSIONS}/{session_id}/expire")


def line_item(stripe: StripeAccess, session_id: str) -> StripeObject:
    """The first line item of a session."""
    items: list[StripeObject] = stripe.get(f"{_SESSIONS}/{session_id}/line_items")["data"]
    return items[0]


def open_like(
    stripe: StripeAccess, session: StripeObject, changes: Mapping[str, Any], *, metadata: bool = True
) -> StripeObject:
    """Opens a session of our own, in the shape of one that the backend opened; `changes` win.

    Shape: price, quantity, buyer and metadata are the model's; a parameter that is None is left out.
    """
    params: dict[str, Any] = {
        "mode": "payment",
        **({} if "line_items[0][price]" in changes else _same_price(stripe, session)),
        "line_items[0][quantity]": 1,
        "success_url": session["success_url"] or "http://localhost/success",
        "cancel_url": session["cancel_url"],
        "client_reference_id": session["client_reference_id"],
    }
    for name, value in (session["metadata"] or {}).items() if metadata else ():
        params |= {f"metadata[{name}]": value, f"payment_intent_data[metadata][{name}]": value}
    wanted = {name: value for name, value in {**params, **changes}.items() if value is not None}
    return stripe.post(_SESSIONS, wanted)


def _same_price(stripe: StripeAccess, session: StripeObject) -> dict[str, Any]:
    """The price that the model sells; one that was described inline is archived, so it is described again."""
    item = line_item(stripe, session["id"])
    price = item["price"]
    if price["active"]:
        return {"line_items[0][price]": price["id"]}
    data = "line_items[0][price_data]"
    return {
        f"{data}[currency]": price["currency"],
        f"{data}[unit_amount]": price["unit_amount"],
        f"{data}[product_data][name]": item["description"],
    }


def make_coupon(stripe: StripeAccess, percent: int) -> str:
    """A coupon for so many percent off, once."""
    return str(stripe.post("/v1/coupons", {"percent_off": percent, "duration": "once"})["id"])


def make_tax_rate(stripe: StripeAccess, percent: int, *, inclusive: bool) -> str:
    """A tax rate, which is part of the price or comes on top of it."""
    rate = {"display_name": "VAT", "percentage": percent, "inclusive": str(inclusive).lower()}
    return str(stripe.post("/v1/tax_rates", rate)["id"])


def make_price(stripe: StripeAccess, amount: int, currency: str, name: str) -> str:
    """A price of another product, which has nothing to do with credits."""
    product = stripe.post("/v1/products", {"name": name})
    price = {"product": product["id"], "unit_amount": amount, "currency": currency}
    return str(stripe.post("/v1/prices", price)["id"])
