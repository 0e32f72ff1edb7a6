"""Controls that act for the buyer and the bank: pay, decline, authenticate, dispute, fail a refund."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.control.actions import control
from creditctl.emulator.payments.cards import BY_NUMBER, Card, card_by_number, card_by_token
from creditctl.emulator.payments.confirm import Terms, finish_challenge
from creditctl.emulator.payments.disputes import OPEN, open_disputes, settle_dispute
from creditctl.emulator.payments.methods import Method, store_card
from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.resources.checkout.flow import authenticate_session, expire_session, pay_session, require_open
from creditctl.emulator.resources.core.refunds import refund_fails
from creditctl.emulator.storage.object_types import CHARGE, DISPUTE, REFUND, SESSION, Body
from creditctl.emulator.storage.transactions import transact

if TYPE_CHECKING:
    from creditctl.emulator.control.api import Command

GOOD_CARD, DECLINED_CARD = "4242424242424242", "4000000000000002"
REAL_CARD = "4539148803436467"
"""A number that is no test card: it pays where test cards are declined, in the rehearsal of live mode."""
DISPUTE_KINDS = ("fraudulent", "product_not_received", "inquiry", "multiple", "ce3", "compliance")


def transaction(command: "Command", action: Callable[[RequestContext], Any]) -> Any:
    """Run an action as one transaction; a decline keeps what it did."""
    context = command.context()
    return transact(command.emulator.services.store, lambda: action(context))


def named_card(name: str) -> Card:
    """A card by number, `pm_card_…` or `tok_…`."""
    card = card_by_token(name) or card_by_number(name)
    if card is None:
        raise invalid("Your card number is incorrect.", code="incorrect_number", param="number", status=402)
    return card


def _pay(command: "Command", name: str) -> Any:
    billing = {
        "email": command.params.get("email"),
        "name": command.params.get("name"),
        "address": {"postal_code": command.params.get("postal_code")},
    }

    def action(context: RequestContext) -> Body:
        row = context.fetch_row(SESSION, command.args[0])
        session = row.decoded()
        require_open(session)
        method: Method | None = None
        if session["amount_total"]:
            method = store_card(context, named_card(name), {"billing_details": billing})
        return pay_session(context, row, method, Terms())

    return transaction(command, action)


@control("POST", "sessions/*/pay")
def pay(command: "Command") -> Any:
    """Pay a session with `card` (number or token; 4242… by default, in live mode a number that is no test card);
    a decline answers Stripe's 402.
    """
    usual = REAL_CARD if command.scope().livemode else GOOD_CARD
    return _pay(command, str(command.params.get("card") or usual))


@control("POST", "sessions/*/decline")
def decline(command: "Command") -> Any:
    """Try to pay a session with a card that declines; answers the session, which stays open, and the error."""
    name = str(command.params.get("card") or DECLINED_CARD)
    try:
        session = _pay(command, name)
    except StripeError as error:
        if error.status != 402:
            raise
        session = transaction(command, lambda context: context.fetch(SESSION, command.args[0]))
        return {"session": session, "error": error.fields}
    raise invalid(f"The card {name} does not decline: the session is {session['status']}.", param="card")


@control("POST", "sessions/*/authenticate")
def authenticate(command: "Command") -> Any:
    """Pass (or with `result=fail` fail) the 3D Secure challenge of a session."""
    passed = str(command.params.get("result", "pass")) != "fail"
    return transaction(
        command, lambda context: authenticate_session(context, context.fetch_row(SESSION, command.args[0]), passed)
    )


@control("POST", "sessions/*/expire")
def expire(command: "Command") -> Any:
    """Let a session expire as if its time had come."""

    def action(context: RequestContext) -> Body:
        session = context.fetch(SESSION, command.args[0])
        require_open(session)
        return expire_session(context, session)

    return transaction(command, action)


@control("POST", "payment_intents/*/authenticate")
def authenticate_intent(command: "Command") -> Any:
    """Pass or fail the challenge of a payment intent made without Checkout."""
    from creditctl.emulator.payments.methods import load_method
    from creditctl.emulator.storage.object_types import PAYMENT_INTENT

    passed = str(command.params.get("result", "pass")) != "fail"

    def action(context: RequestContext) -> Body:
        row = context.fetch_row(PAYMENT_INTENT, command.args[0])
        intent, session = row.decoded(), row.hidden().get("session")
        if session:
            authenticate_session(context, context.fetch_row(SESSION, session), passed)
            return context.fetch(PAYMENT_INTENT, intent["id"])
        if not intent["payment_method"]:
            raise invalid("There is nothing to authenticate.")
        return finish_challenge(context, intent, load_method(context, intent["payment_method"]), passed)

    return transaction(command, action)


@control("POST", "disputes")
def dispute(command: "Command") -> Any:
    """Open a dispute on a `charge` (or the charge of a `payment_intent`), of a `kind`."""
    kind = str(command.params.get("kind", "fraudulent"))
    if kind not in DISPUTE_KINDS:
        raise invalid(f"Invalid kind: must be one of {', '.join(DISPUTE_KINDS)}", param="kind")

    def action(context: RequestContext) -> Body:
        charge_id = command.params.get("charge") or _charge_of(context, str(command.params["payment_intent"]))
        if context.fetch(CHARGE, charge_id)["status"] != "succeeded":
            raise invalid("Only a charge that succeeded can be disputed.", param="charge")
        return open_disputes(context, charge_id, kind)[0]

    return transaction(command, action)


def _charge_of(context: RequestContext, intent_id: str) -> str:
    from creditctl.emulator.storage.object_types import PAYMENT_INTENT

    charge: str = context.fetch(PAYMENT_INTENT, intent_id)["latest_charge"]
    return charge


@control("POST", "disputes/*/settle")
def settle(command: "Command") -> Any:
    """End a dispute: `status` won, lost or warning_closed."""
    status = str(command.params.get("status", "won"))
    if status not in ("won", "lost", "warning_closed"):
        raise invalid("Invalid status: must be one of lost, warning_closed, or won", param="status")

    def action(context: RequestContext) -> Body:
        found = context.fetch(DISPUTE, command.args[0])
        if found["status"] not in (*OPEN, "under_review", "warning_under_review"):
            raise invalid(f"This dispute has a status of {found['status']}.")
        return settle_dispute(context, found, status)

    return transaction(command, action)


@control("POST", "refunds/*/fail")
def fail_refund(command: "Command") -> Any:
    """Let the bank return a refund, for a `reason`."""

    def action(context: RequestContext) -> Body:
        if context.fetch(REFUND, command.args[0])["status"] not in ("succeeded", "pending"):
            raise invalid("This refund can no longer fail.")
        refund_fails(context, command.args[0], {"reason": command.params.get("reason")})
        return context.fetch(REFUND, command.args[0])

    return transaction(command, action)


@control("GET", "cards")
def cards(command: "Command") -> Any:
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
