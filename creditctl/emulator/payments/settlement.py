"""What follows a payment by itself: settlement, disputes, fraud warnings, reviews, late results.

Source: Stripe docs, "Testing" (disputes, refunds, available balance, SEPA and ACH accounts); recorded events.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.jobs import job
from creditctl.emulator.payments import balances
from creditctl.emulator.payments.cards import BY_NUMBER, Card, Decline
from creditctl.emulator.payments.charge_bodies import receipt_url
from creditctl.emulator.storage.object_types import (
    CHARGE,
    EARLY_FRAUD_WARNING,
    PAYMENT_INTENT,
    PAYMENT_METHOD,
    REVIEW,
    Body,
)

SETTLE_SECONDS = 2
"""`charge.updated` with its balance transaction follows a moment after the payment (recorded: about 2 s)."""
SOON_SECONDS, LATE_SECONDS = 3, 180
_SLOW_ACCOUNTS = frozenset({"AT321904300235473204", "AT051904300235473205"})
_FAILING_ACCOUNTS = {
    "AT861904300235473202": "insufficient_funds",
    "AT051904300235473205": "insufficient_funds",
    "IT60X0542811101000000123456": "insufficient_funds",
    "000111111116": "account_closed",
    "000111111113": "account_closed",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
}
_DISPUTED_ACCOUNTS = frozenset({"AT591904300235473203", "000666666661"})


def after_success(context: RequestContext, intent: Body, charge: Body, card: Card) -> None:
    """Settle the charge, now or a moment later, and let the card's special effects happen."""
    if intent["capture_method"] == "manual":
        return
    at_once = bool(card.settles_at_once or card.dispute or intent["capture_method"] == "automatic")
    if at_once:
        settle_charge(context, charge["id"], card.settles_at_once)
    else:
        context.schedule(SETTLE_SECONDS, "settle_charge", charge["id"])
    if card.fraud_warning:
        _warn(context, charge)
    if card.review:
        _review(context, charge)
    if card.dispute:
        from creditctl.emulator.resources.core.disputes import open_disputes

        open_disputes(context, charge["id"], card.dispute)


def dispute_captured(context: RequestContext, charge: Body) -> None:
    """Open what the card behind a charge stands for; Source: a recorded hold, disputed once it was captured."""
    row = context.find(charge["payment_method"], PAYMENT_METHOD)
    card = BY_NUMBER.get(row.hidden().get("card") or "") if row else None
    if card is not None and card.dispute:
        from creditctl.emulator.resources.core.disputes import open_disputes

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
    machinery = RequestContext(context.services, context.scope, context.now)
    machinery.change(CHARGE, before, charge, "charge.updated")


@job("settle_charge")
def settle_charge_later(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """The asynchronous half of a capture."""
    settle_charge(context, subject)


def schedule_delayed_result(context: RequestContext, intent: Body, account: str) -> None:
    """Say when the bank will answer for this account."""
    delay = LATE_SECONDS if account in _SLOW_ACCOUNTS else SOON_SECONDS
    context.schedule(delay, "delayed_result", intent["id"], account=account)


@job("delayed_result")
def delayed_result(context: RequestContext, subject: str, payload: dict[str, Any]) -> None:
    """The bank's answer to a delayed payment."""
    from creditctl.emulator.resources.checkout.flow import delayed_session_result

    intent = context.fetch(PAYMENT_INTENT, subject)
    charge = context.fetch(CHARGE, intent["latest_charge"])
    reason = _FAILING_ACCOUNTS.get(payload["account"])
    if reason is None:
        _delayed_success(context, intent, charge)
    else:
        _delayed_failure(context, intent, charge, reason)
    delayed_session_result(context, intent)
    if payload["account"] in _DISPUTED_ACCOUNTS:
        from creditctl.emulator.resources.core.disputes import open_disputes

        settle_charge(context, charge["id"])
        open_disputes(context, charge["id"], "fraudulent")


def _delayed_success(context: RequestContext, intent: Body, charge: Body) -> None:
    charge |= {"amount_captured": charge["amount"], "captured": True, "paid": True, "status": "succeeded"}
    charge["outcome"] = {**charge["outcome"], "seller_message": "Payment complete."}
    context.save(CHARGE, charge, event="charge.succeeded")
    intent |= {"amount_received": intent["amount"], "status": "succeeded"}
    context.save(PAYMENT_INTENT, intent, event="payment_intent.succeeded")
    context.schedule(SETTLE_SECONDS, "settle_charge", charge["id"])


def _delayed_failure(context: RequestContext, intent: Body, charge: Body, reason: str) -> None:
    from creditctl.emulator.payments.confirm import fail_intent

    decline = Decline("payment_method_provider_decline", reason, "The customer's bank declined this payment.")
    charge |= {
        "failure_code": decline.code,
        "failure_message": decline.message,
        "receipt_url": None,
        "status": "failed",
    }
    context.save(CHARGE, charge, event="charge.failed")
    method = context.fetch(PAYMENT_METHOD, charge["payment_method"])
    fail_intent(context, intent, method, decline, charge["id"])


def _warn(context: RequestContext, charge: Body) -> None:
    body: Body = {
        "id": context.new_id("issfr_"),
        "object": "radar.early_fraud_warning",
        "actionable": True,
        "charge": charge["id"],
        "created": context.now,
        "fraud_type": "made_with_lost_card",
        "livemode": context.scope.livemode,
        "payment_intent": charge["payment_intent"],
    }
    RequestContext(context.services, context.scope, context.now).add(
        EARLY_FRAUD_WARNING, body, event="radar.early_fraud_warning.created"
    )


def _review(context: RequestContext, charge: Body) -> None:
    body: Body = {
        "id": context.new_id("prv_"),
        "object": "review",
        "billing_zip": charge["billing_details"]["address"]["postal_code"],
        "charge": charge["id"],
        "closed_reason": None,
        "created": context.now,
        "ip_address": None,
        "ip_address_location": None,
        "livemode": context.scope.livemode,
        "open": True,
        "opened_reason": "rule",
        "payment_intent": charge["payment_intent"],
        "reason": "rule",
        "session": None,
    }
    RequestContext(context.services, context.scope, context.now).add(REVIEW, body, event="review.opened")
