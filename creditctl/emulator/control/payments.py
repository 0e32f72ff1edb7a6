"""Controls that act for the buyer and the bank: pay, decline, authenticate, dispute, return a refund or payout."""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.control.buyer_answers import billing_details, buyer_answers
from creditctl.emulator.control.command import Command, control
from creditctl.emulator.payments.banks import BANKS, account_details, bank_of
from creditctl.emulator.payments.cards import BY_NUMBER, Card, card_by_number, card_by_token
from creditctl.emulator.payments.confirm import ConfirmOptions, finish_challenge
from creditctl.emulator.payments.disputes import OPEN, open_disputes, settle_dispute
from creditctl.emulator.payments.methods import PaymentMethod, load_method, make_method, store_card
from creditctl.emulator.payments.refunds import pending_amount, refund_fails
from creditctl.emulator.payments.setups import finish_setup_challenge
from creditctl.emulator.protocol.currencies import in_words
from creditctl.emulator.protocol.errors import StripeError, invalid, missing_parameter
from creditctl.emulator.protocol.fields import Boolean, Country, Enum, Integer, Text
from creditctl.emulator.protocol.schema import Fields, Metadata
from creditctl.emulator.resources.checkout.buyer import (
    apply_promotion,
    change_quantities,
    only_quantity,
    require_card,
    require_open,
)
from creditctl.emulator.resources.checkout.flow import authenticate_session, expire_session, pay_session
from creditctl.emulator.resources.core.payouts import fail_payout
from creditctl.emulator.storage.object_types import CHARGE, DISPUTE, PAYMENT_INTENT, REFUND, SESSION, SETUP_INTENT, Body

GOOD_CARD, DECLINED_CARD = "4242424242424242", "4000000000000002"
REAL_CARD = "4539148803436467"
"""A number that is no test card: it pays where test cards are declined, in the rehearsal of live mode."""
DISPUTE_KINDS = ("fraudulent", "product_not_received", "inquiry", "multiple", "ce3", "compliance")
_CARD: Fields = {
    **{name: Text(unset=True) for name in ("card", "email", "name", "postal_code")},
    "country": Country(unset=True),
}
_ANSWERS: Fields = {
    "business_name": Text(unset=True),
    "fields": Metadata(),
    "individual_name": Text(unset=True),
    "phone": Text(unset=True),
    "promotions": Boolean(),
    "quantity": Integer(low=0),
    "tax_id": Text(),
}
_PAY: Fields = {**_CARD, **_ANSWERS, "bank": Enum(values=("success", "fail")), "promo": Text()}
_AUTHENTICATE: Fields = {"result": Enum(values=("pass", "fail"))}
_DISPUTE: Fields = {
    "charge": Text(),
    "payment_intent": Text(),
    "kind": Enum(values=DISPUTE_KINDS),
    "amount": Integer(low=1),
}
_SETTLE: Fields = {"status": Enum(values=("won", "lost", "warning_closed"))}
_FAIL_REFUND: Fields = {"reason": Text(unset=True)}
_FAIL_PAYOUT: Fields = {"code": Text()}


def named_card(name: str) -> Card:
    """A card by number, `pm_card_…` or `tok_…`."""
    card = card_by_token(name) or card_by_number(name)
    if card is None:
        raise invalid("Your card number is incorrect.", code="incorrect_number", param="number", status=402)
    return card


def _pay(command: Command, card: str) -> Body:
    """Finish a session as its buyer: a promotion code, then a bank debit or a card."""
    params = command.params

    def action(context: RequestContext) -> Body:
        row = context.fetch_row(SESSION, command.args[0])
        require_open(row.decoded())
        if params.get("promo"):
            apply_promotion(context, row, params["promo"])
            row = context.fetch_row(SESSION, row.id)
        if "quantity" in params:
            change_quantities(context, row, only_quantity(row, params["quantity"]))
            row = context.fetch_row(SESSION, row.id)
        session, method = row.decoded(), None
        if session["amount_total"] and params.get("bank"):
            method = _bank_debit(context, session, billing_details(session, params), params["bank"])
        elif session["amount_total"]:
            require_card(session)
            method = store_card(context, named_card(card), billing_details(session, params))
        return pay_session(context, row, method, ConfirmOptions(), buyer_answers(session, params))

    return command.transaction(action)


def _bank_debit(context: RequestContext, session: Body, billing: Body, result: str) -> PaymentMethod:
    """A debit whose result comes later, as `bank` says. Errors: StripeError for a currency that has none."""
    type_ = bank_of(session["currency"])
    if type_ is None:
        asked, known = session["currency"].upper(), ", ".join(sorted(bank.currency.upper() for bank in BANKS.values()))
        raise invalid(f"The emulator has no bank debit in {asked}; it has them in {known}.", param="bank")
    account = BANKS[type_].succeeds if result == "success" else BANKS[type_].fails
    return make_method(context, {**billing, "type": type_, type_: account_details(type_, account)})


def pay(command: Command) -> Any:
    """Pay a session with `card` (number or token; 4242… by default, in live mode a number that is no test card), or by
    a `bank` debit whose result, success or fail, comes seconds later. First a `promo` code is entered and the
    `quantity` of the one adjustable item changed; `fields` answers custom fields by their keys, `tax_id` is a type and
    a value (`eu_vat:DE123456789`). A phone number or a whole address that the session asks for is filled in where
    nothing is said. A decline answers Stripe's 402.
    """
    if command.params.get("card") and command.params.get("bank"):
        raise invalid("Pay with a card or by a bank debit: one of the two.", param="bank", executed=False)
    usual = REAL_CARD if command.scope().livemode else GOOD_CARD
    return _pay(command, command.params.get("card") or usual)


def decline(command: Command) -> Any:
    """Try to pay a session with a card that declines; answers the session, which stays open, and the error. What the
    page asks for is answered as in paying.
    """
    name = command.params.get("card") or DECLINED_CARD
    try:
        session = _pay(command, name)
    except StripeError as error:
        if error.status != 402:
            raise
        session = command.transaction(lambda context: context.fetch(SESSION, command.args[0]))
        return {"session": session, "error": error.fields}
    raise invalid(f"The card {name} does not decline: the session is {session['status']}.", param="card")


def authenticate(command: Command) -> Any:
    """Pass (or with `result=fail` fail) the 3D Secure challenge of a session."""
    passed = command.params.get("result", "pass") == "pass"
    return command.transaction(
        lambda context: authenticate_session(context, context.fetch_row(SESSION, command.args[0]), passed)
    )


def expire(command: Command) -> Any:
    """Let a session expire as if its time had come."""

    def action(context: RequestContext) -> Body:
        session = context.fetch(SESSION, command.args[0])
        require_open(session)
        return expire_session(context, session)

    return command.transaction(action)


def authenticate_intent(command: Command) -> Any:
    """Pass or fail the challenge of a payment intent made without Checkout."""
    passed = command.params.get("result", "pass") == "pass"

    def action(context: RequestContext) -> Body:
        row = context.fetch_row(PAYMENT_INTENT, command.args[0])
        intent, session = row.decoded(), row.hidden().get("session")
        if session:
            authenticate_session(context, context.fetch_row(SESSION, session), passed)
            return context.fetch(PAYMENT_INTENT, intent["id"])
        if not intent["payment_method"]:
            raise invalid("There is nothing to authenticate.")
        return finish_challenge(context, intent, load_method(context, intent["payment_method"]), passed)

    return command.transaction(action)


def authenticate_setup(command: Command) -> Any:
    """Pass or fail the challenge of a setup intent."""
    passed = command.params.get("result", "pass") == "pass"

    def action(context: RequestContext) -> Body:
        intent = context.fetch(SETUP_INTENT, command.args[0])
        if not intent["payment_method"]:
            raise invalid("There is nothing to authenticate.")
        return finish_setup_challenge(context, intent, load_method(context, intent["payment_method"]), passed)

    return command.transaction(action)


def dispute(command: Command) -> Any:
    """Open a dispute on a `charge` (or the charge of a `payment_intent`), of a `kind`; over `amount`, in minor units,
    which may be refunded already: by default what was captured and not refunded.
    """
    kind, amount = command.params.get("kind", "fraudulent"), command.params.get("amount")

    def action(context: RequestContext) -> Body:
        charge = context.fetch(CHARGE, _disputed_charge(command, context))
        # A refund that is still pending fails when a chargeback opens: what it took is disputed too.
        pending = 0 if kind == "inquiry" else pending_amount(context, charge["id"])
        refunded = charge["amount_refunded"] - pending
        _require_disputable(charge, refunded, amount)
        return open_disputes(context, charge["id"], kind, amount)[0]

    return command.transaction(action)


def _require_disputable(charge: Body, refunded: int, amount: int | None) -> None:
    """Refuse a dispute over nothing, or over more than was paid. Errors: StripeError."""
    captured, currency = charge["amount_captured"], charge["currency"]
    if charge["status"] != "succeeded" or not captured:
        raise invalid("Only a charge that succeeded and was captured can be disputed.", param="charge")
    if amount is None and refunded >= captured:
        raise invalid(
            "This charge was refunded in full. A cardholder can dispute it all the same: name the amount.",
            param="amount",
        )
    if amount is not None and amount > captured:
        most = in_words(captured, currency)
        raise invalid(f"A dispute can be over at most what was captured: {most}.", param="amount")


def _disputed_charge(command: Command, context: RequestContext) -> str:
    charge, intent_id = command.params.get("charge"), command.params.get("payment_intent")
    if charge:
        return str(charge)
    if not intent_id:
        raise missing_parameter("payment_intent")
    latest = context.fetch(PAYMENT_INTENT, intent_id)["latest_charge"]
    if latest is None:
        raise invalid(f"The payment intent {intent_id} has no charge to dispute.", param="payment_intent", status=404)
    return str(latest)


def settle(command: Command) -> Any:
    """End a dispute: `status` won or lost, by default won; an inquiry, which took no money, ends as warning_closed."""

    def action(context: RequestContext) -> Body:
        found = context.fetch(DISPUTE, command.args[0])
        if found["status"] not in (*OPEN, "under_review", "warning_under_review"):
            raise invalid(f"This dispute has a status of {found['status']}.")
        return settle_dispute(context, found, _ending(found, command.params.get("status")))

    return command.transaction(action)


def _ending(dispute: Body, wanted: str | None) -> str:
    """How a dispute ends; refuses what would give back money that was never taken. Errors: StripeError."""
    inquiry = dispute["status"].startswith("warning")
    if wanted is None:
        return "warning_closed" if inquiry else "won"
    if inquiry and wanted != "warning_closed":
        raise invalid("An inquiry has taken no money: it ends as warning_closed.", param="status")
    if not inquiry and wanted == "warning_closed":
        raise invalid("Only an inquiry ends as warning_closed: this dispute is won or lost.", param="status")
    return wanted


def fail_refund(command: Command) -> Any:
    """Let the bank return a refund, for a `reason`."""

    def action(context: RequestContext) -> Body:
        if context.fetch(REFUND, command.args[0])["status"] not in ("succeeded", "pending"):
            raise invalid("This refund can no longer fail.")
        refund_fails(context, command.args[0], {"reason": command.params.get("reason")})
        return context.fetch(REFUND, command.args[0])

    return command.transaction(action)


def payout_fails(command: Command) -> Any:
    """Let the bank return a payout, for a `code`."""
    payout, code = command.args[0], command.params.get("code", "no_account")
    return command.transaction(lambda context: fail_payout(context, payout, code))


def cards(command: Command) -> Any:
    """The test cards."""
    del command
    return {"object": "list", "data": [_shown(card) for card in BY_NUMBER.values() if card.number.isdecimal()]}


def _shown(card: Card) -> Body:
    return {
        "number": card.number,
        "tokens": [f"pm_card_{name}" for name in card.tokens],
        "brand": card.brand,
        "decline_code": card.decline and (card.decline.decline_code or card.decline.code),
        "challenge": bool(card.challenge),
        "dispute": card.dispute or None,
        "refund": card.refund or None,
    }


CONTROLS = (
    control("GET", "cards", cards),
    control("POST", "sessions/*/pay", pay, _PAY),
    control("POST", "sessions/*/decline", decline, {**_CARD, **_ANSWERS}),
    control("POST", "sessions/*/authenticate", authenticate, _AUTHENTICATE),
    control("POST", "sessions/*/expire", expire),
    control("POST", "payment_intents/*/authenticate", authenticate_intent, _AUTHENTICATE),
    control("POST", "setup_intents/*/authenticate", authenticate_setup, _AUTHENTICATE),
    control("POST", "disputes", dispute, _DISPUTE),
    control("POST", "disputes/*/settle", settle, _SETTLE),
    control("POST", "refunds/*/fail", fail_refund, _FAIL_REFUND),
    control("POST", "payouts/*/fail", payout_fails, _FAIL_PAYOUT),
)
