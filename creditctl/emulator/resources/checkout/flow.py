"""Checkout Session life cycle: paid, processing, declined and still open, expired.

Source: Stripe docs, "How Checkout works", "Fulfill orders"; the calls of the official CLI's fixtures; recorded events.
Everything here is the buyer's doing: its events name no API request.
"""

from typing import Any

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.bank_debits import is_disputed, record_bank_answer
from creditctl.emulator.payments.confirm import ConfirmOptions, attempt_payment, finish_challenge
from creditctl.emulator.payments.discounts import redeem
from creditctl.emulator.payments.disputes import open_disputes
from creditctl.emulator.payments.methods import PaymentMethod, load_method
from creditctl.emulator.payments.refunds import follow_charge
from creditctl.emulator.payments.settlement import settle_charge
from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.resources.billing.invoices import invoice_session
from creditctl.emulator.resources.checkout.bodies import customer_details
from creditctl.emulator.resources.checkout.buyer import BuyerAnswers, change_quantities, require_open, take_answers
from creditctl.emulator.resources.checkout.customer_updates import update_customer
from creditctl.emulator.resources.checkout.recovery import offer_recovery
from creditctl.emulator.resources.core.customers import new_customer
from creditctl.emulator.resources.core.payment_intents.bodies import new_intent
from creditctl.emulator.resources.core.payment_intents.cancellations import cancel_intent
from creditctl.emulator.storage.object_types import CHARGE, CUSTOMER, PAYMENT_INTENT, PAYMENT_METHOD, SESSION, Body
from creditctl.emulator.storage.store import Row


def pay_session(
    context: RequestContext,
    row: Row,
    method: PaymentMethod | None,
    options: ConfirmOptions,
    answers: BuyerAnswers | None = None,
) -> Body:
    """The buyer submits the page; answers the session as it is then. A decline is raised and the session stays open."""
    context.browser = True
    require_open(row.decoded())
    answers = answers or BuyerAnswers()
    if answers.quantities:
        change_quantities(context, row, answers.quantities)
        row = context.fetch_row(SESSION, row.id)
    session, hidden = row.decoded(), row.hidden()
    take_answers(session, answers)
    hidden["answers"] = msgspec.to_builtins(answers, str_keys=True)
    if session["amount_total"] == 0:
        _ensure_customer(context, session, hidden, method)
        return _complete(context, session, hidden, None, method)
    if method is None:
        raise invalid("Missing required param: payment_method.", code="parameter_missing", param="payment_method")
    if method.body["type"] not in session["payment_method_types"]:
        raise invalid(
            f"The payment method type {method.body['type']} is not allowed for this Checkout Session.",
            param="payment_method",
        )
    _ensure_customer(context, session, hidden, method)
    _show_again(context, hidden, method)
    intent = session_intent(context, session, hidden)
    hidden["method"] = method.body["id"]
    context.services.store.save_extra(context.scope.id, session["id"], hidden)
    intent = attempt_payment(context, intent, method, options)
    return _after_attempt(context, session, hidden, intent, method)


def _show_again(context: RequestContext, hidden: Body, method: PaymentMethod) -> None:
    """Note in a method what the session says about showing it again."""
    redisplay = hidden.get("payment_method_data", {}).get("allow_redisplay")
    if redisplay:
        method.body["allow_redisplay"] = redisplay
        context.save(PAYMENT_METHOD, method.body)


def _after_attempt(context: RequestContext, session: Body, hidden: Body, intent: Body, method: PaymentMethod) -> Body:
    if intent["status"] in ("succeeded", "processing", "requires_capture"):
        return _complete(context, session, hidden, intent, method)
    return session


def authenticate_session(context: RequestContext, row: Row, passed: bool) -> Body:
    """The buyer passes or fails the challenge that the session's payment waits for."""
    context.browser = True
    session, hidden = row.decoded(), row.hidden()
    require_open(session)
    intent_id = session["payment_intent"]
    if intent_id is None:
        raise invalid("This Checkout Session's payment was not submitted yet: there is nothing to authenticate.")
    take_answers(session, _answers(hidden))
    method = load_method(context, hidden["method"])
    intent = finish_challenge(context, context.fetch(PAYMENT_INTENT, intent_id), method, passed)
    return _after_attempt(context, session, hidden, intent, method)


def _answers(hidden: Body) -> BuyerAnswers:
    """What the buyer filled in when the payment was submitted."""
    kept = {name: value for name, value in hidden.get("answers", {}).items() if name != "quantities"}
    return msgspec.convert(kept, BuyerAnswers)


def _ensure_customer(context: RequestContext, session: Body, hidden: Body, method: PaymentMethod | None) -> None:
    """A customer is made where the session always makes one, the method is to be kept, or an invoice needs one."""
    if session["customer"] or hidden.get("customer") or not _wants_customer(session, hidden):
        return
    billing = method.body["billing_details"] if method else {}
    email = session["customer_email"] or billing.get("email")
    details = {"email": email, **{name: billing.get(name) for name in ("name", "phone", "address")}}
    details["phone"] = _answers(hidden).phone or details["phone"]
    hidden["customer"] = context.add(CUSTOMER, new_customer(context, details), event="customer.created")["id"]


def _wants_customer(session: Body, hidden: Body) -> bool:
    options = session["payment_method_options"].values()
    kept = hidden["payment_intent_data"].get("setup_future_usage") or any(
        option.get("setup_future_usage") not in (None, "none") for option in options
    )
    return bool(session["customer_creation"] == "always" or kept or session["invoice_creation"]["enabled"])


def session_intent(context: RequestContext, session: Body, hidden: Body) -> Body:
    """The session's one payment intent, made at the first attempt; in older versions with the session."""
    if session["payment_intent"]:
        intent = context.fetch(PAYMENT_INTENT, session["payment_intent"])
        # A promotion code may have come after the intent, and a customer is made when the session is paid.
        due = {"amount": session["amount_total"], "customer": session["customer"] or hidden.get("customer")}
        return intent | due if intent["status"] == "requires_payment_method" else intent
    params = {
        **hidden["payment_intent_data"],
        "amount": session["amount_total"],
        "currency": session["currency"],
        "customer": session["customer"] or hidden.get("customer"),
        "payment_method_options": session["payment_method_options"],
        "payment_method_types": session["payment_method_types"],
    }
    intent = new_intent(context, params)
    context.add(PAYMENT_INTENT, intent, event="payment_intent.created", extra={"session": session["id"]})
    session["payment_intent"] = intent["id"]
    context.save(SESSION, session)
    return intent


def _complete(
    context: RequestContext, session: Body, hidden: Body, intent: Body | None, method: PaymentMethod | None
) -> Body:
    billing = method.body["billing_details"] if method else {}
    session |= {
        "customer": session["customer"] or hidden.get("customer"),
        "payment_status": _payment_status(intent),
        "status": "complete",
        "url": None,
    }
    session["customer_details"] = _details(context, session, hidden, billing)
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"] = {**session["automatic_tax"], "status": "complete"}
    context.cancel_job("expire_session", session["id"])
    # A code is used up by a completed purchase, not by an open session.
    for discount in session["discounts"]:
        redeem(context, discount)
    update_customer(context, session, hidden, billing)
    # The invoice is there before its session is announced: whoever reads `invoice` on `completed` finds it paid.
    if session["payment_status"] != "unpaid":
        _invoice(context, session, hidden, intent)
    return context.save(SESSION, session, event="checkout.session.completed")


def _payment_status(intent: Body | None) -> str:
    if intent is None:
        return "no_payment_required"
    return "paid" if intent["status"] == "succeeded" else "unpaid"


def _details(context: RequestContext, session: Body, hidden: Body, billing: Body) -> Body:
    """Who paid, as the page collected it."""
    answers, collected = _answers(hidden), session["collected_information"] or {}
    found = customer_details(_email(context, session, billing), billing)
    found |= {name: collected[name] for name in ("business_name", "individual_name") if collected.get(name)}
    if answers.tax_id:
        found["tax_ids"] = [{"type": answers.tax_id[0], "value": answers.tax_id[1]}]
        found["name"] = answers.business_name or found["name"]
    if session["phone_number_collection"]["enabled"] and answers.phone:
        found["phone"] = answers.phone
    return found


def _invoice(context: RequestContext, session: Body, hidden: Body, intent: Body | None) -> None:
    """The invoice of a paid session, where it was asked for."""
    if session["invoice_creation"]["enabled"] and not session["invoice"]:
        base = hidden.get("base_url") or context.base_url
        session["invoice"] = invoice_session(context, session, hidden["items"], intent, base)


def _email(context: RequestContext, session: Body, billing: Body) -> str | None:
    given: str | None = session["customer_email"] or billing.get("email")
    if given:
        return given
    row = context.find(session["customer"], CUSTOMER) if session["customer"] else None
    email: str | None = row.decoded()["email"] if row else None
    return email


def delayed_result(context: RequestContext, subject: str, payload: dict[str, Any]) -> None:
    """Job: the bank's answer to a delayed payment, of a session or without one."""
    intent = context.fetch(PAYMENT_INTENT, subject)
    charge = context.fetch(CHARGE, intent["latest_charge"])
    record_bank_answer(context, intent, charge, payload["account"])
    # The intent before its session: whoever reads the intent on `async_payment_succeeded` finds it succeeded.
    _end_session(context, intent)
    follow_charge(context, charge["id"])
    if is_disputed(payload["account"]):
        settle_charge(context, charge["id"])
        open_disputes(context, charge["id"], "fraudulent")


def _end_session(context: RequestContext, intent: Body) -> None:
    """Carry a delayed payment's result over to its session."""
    row = context.find(intent["id"], PAYMENT_INTENT)
    session_id = row.hidden().get("session") if row else None
    if session_id is None:
        return
    kept = context.fetch_row(SESSION, session_id)
    session = kept.decoded()
    if intent["status"] == "succeeded":
        session["payment_status"] = "paid"
        _invoice(context, session, kept.hidden(), intent)
        context.save(SESSION, session, event="checkout.session.async_payment_succeeded")
    else:
        # The session itself does not change: it stays complete and unpaid.
        context.emit("checkout.session.async_payment_failed", session)


def expire_session(context: RequestContext, session: Body) -> Body:
    """End an open session, and give up its payment intent."""
    context.cancel_job("expire_session", session["id"])
    session |= {"status": "expired", "url": None}
    base = context.fetch_row(SESSION, session["id"]).hidden().get("base_url") or context.base_url
    offer_recovery(context, session, base)
    context.save(SESSION, session, event="checkout.session.expired")
    # The session before its intent; the order of these two events is unconfirmed.
    if session["payment_intent"]:
        intent = context.fetch(PAYMENT_INTENT, session["payment_intent"])
        if intent["status"] not in ("succeeded", "canceled"):
            cancel_intent(context, intent, None, "charge.refunded")
    return session


def expire_by_time(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Job: expire a session whose `expires_at` has passed."""
    session = context.fetch(SESSION, subject)
    if session["status"] == "open":
        expire_session(context, session)


def wrong_amount(expected: int, due: int) -> StripeError:
    """The page's amount is not the one that the caller reckoned with; wording unconfirmed."""
    return invalid(
        f"The expected amount ({expected}) does not match the amount due ({due}) of this Checkout Session.",
        param="expected_amount",
    )
