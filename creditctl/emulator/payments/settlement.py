"""Settlement after a successful charge: balance transaction, fraud warning, review, dispute.

Source: Stripe docs, "Testing" (disputes, refunds, available balance); recorded events.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments import balances
from creditctl.emulator.payments.cards import BY_NUMBER, Card
from creditctl.emulator.payments.charge_bodies import receipt_url
from creditctl.emulator.payments.disputes import open_disputes
from creditctl.emulator.payments.fraud_checks import open_review, warn
from creditctl.emulator.storage.object_types import CHARGE, PAYMENT_METHOD, Body

SETTLE_SECONDS = 2
"""`charge.updated` with its balance transaction follows a moment after the payment (recorded: about 2 s)."""


def after_success(context: RequestContext, intent: Body, charge: Body, card: Card) -> None:
    """Settle the charge, now or a moment later, and let the card's special effects happen."""
    if intent["capture_method"] == "manual":
        return
    # No pause where the capture is synchronous, or where a dispute is about to take the money back.
    at_once = bool(card.settles_at_once or card.dispute or intent["capture_method"] == "automatic")
    if at_once:
        settle_charge(context, charge["id"], card.settles_at_once)
    else:
        context.schedule(SETTLE_SECONDS, "settle_charge", charge["id"])
    if card.fraud_warning:
        warn(context, charge)
    if card.review:
        open_review(context, charge)
    if card.dispute:
        open_disputes(context, charge["id"], card.dispute)


def dispute_captured(context: RequestContext, charge: Body) -> None:
    """Open what the card behind a charge stands for; Source: a recorded hold, disputed once it was captured."""
    row = context.find(charge["payment_method"], PAYMENT_METHOD)
    card = BY_NUMBER.get(row.hidden().get("card") or "") if row else None
    if card is not None and card.dispute:
        open_disputes(context, charge["id"], card.dispute)


def settle_charge(context: RequestContext, charge_id: str, at_once: bool = False) -> None:
    """Give a captured charge its balance transaction and announce it."""
    charge = context.fetch(CHARGE, charge_id)
    if charge["balance_transaction"] is not None or not charge["captured"]:
        return
    amount, currency = charge["amount_captured"], charge["currency"]
    entry = balances.post(
        context,
        "charge" if charge_id.startswith("ch_") else "payment",
        charge_id,
        amount,
        currency,
        category="charge",
        fee=balances.processing_fee(amount),
        available_on=context.now if at_once else balances.settles_on(context.now),
        description=charge["description"],
        family=charge_id,
    )
    before = dict(charge)
    charge |= {"balance_transaction": entry["id"], "receipt_url": receipt_url(context)}
    # As recorded, `charge.updated` names no request: this context has no request id.
    machinery = RequestContext(context.services, context.scope, context.now)
    machinery.change(CHARGE, before, charge, "charge.updated")


def settle_charge_later(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Job: the asynchronous half of a capture."""
    settle_charge(context, subject)
