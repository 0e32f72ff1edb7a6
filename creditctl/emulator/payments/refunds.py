"""Refund life cycle: made, pending, given its reference, failed later; its effect on charge and balance.

Source: Stripe docs, "Refund and cancel payments", "Testing" (refunds); recorded events.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.updates import given_metadata
from creditctl.emulator.payments import balances
from creditctl.emulator.payments.cards import BY_NUMBER
from creditctl.emulator.payments.charge_bodies import receipt_url
from creditctl.emulator.payments.fraud_checks import end_checks
from creditctl.emulator.storage.object_types import BALANCE_TRANSACTION, CHARGE, PAYMENT_METHOD, REFUND, Body
from creditctl.emulator.storage.store import column
from creditctl.emulator.webhooks.events import previous_attributes

REFERENCE_SECONDS, LATER_SECONDS = 3, 10


def refund_charge(context: RequestContext, charge: Body, amount: int, params: Body) -> Body:
    """Give back part or all of a charge that may be refunded; what becomes of it, its card decides."""
    fate = _fate(context, charge)
    refund = new_refund(context, charge, amount, "pending" if fate == "pending" else "succeeded", params)
    if refund["status"] == "succeeded":
        refund["balance_transaction"] = _post(context, charge, refund)["id"]
    # Recorded order: the refund before the charge that counts it.
    context.add(REFUND, refund, event="refund.created")
    refunded = _count(context, charge, amount, "charge.refunded")["refunded"]
    fraud = params.get("reason") == "fraudulent"
    if fraud:
        _report_fraud(context, charge["id"])
    if refunded:
        end_checks(context, charge["id"], "refunded_as_fraud" if fraud else "refunded")
    _schedule(context, refund, fate)
    return refund


def new_refund(context: RequestContext, charge: Body, amount: int, status: str, params: Body) -> Body:
    """The body of a new refund of a charge."""
    card = charge["payment_method_details"]["type"] == "card"
    body: Body = {
        "id": context.services.ids.relative("re_" if card else "pyr_", charge["id"], "1"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": context.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": _destination(charge),
        "metadata": given_metadata(params),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
    if params.get("instructions_email"):
        body["instructions_email"] = params["instructions_email"]
    if status == "pending":
        body["pending_reason"] = "charge_pending" if charge["status"] == "pending" else "processing"
    return body


def _destination(charge: Body) -> Body:
    type_ = charge["payment_method_details"]["type"]
    if type_ != "card":
        return {"type": type_, type_: {}}
    card = {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    return {"type": "card", "card": card}


def _fate(context: RequestContext, charge: Body) -> str:
    """What the card behind a charge does to refunds."""
    row = context.find(charge["payment_method"], PAYMENT_METHOD)
    number = row.hidden().get("card") if row else None
    card = BY_NUMBER.get(number or "")
    if charge["status"] == "pending":
        return "pending"
    return card.refund if card else ""


def refundable(charge: Body) -> int:
    """What was captured, or what a charge that is still pending will bring."""
    return int(charge["amount"] if charge["status"] == "pending" else charge["amount_captured"])


def _settles_on(context: RequestContext, charge: Body) -> int:
    """When what a refund takes leaves: with its charge while that is pending. Source: 191 recorded transactions."""
    entry = context.find(charge["balance_transaction"], BALANCE_TRANSACTION) if charge["balance_transaction"] else None
    if entry is None:
        return balances.settles_on(context.now)
    settled: int = entry.decoded()["available_on"]
    return max(settled, context.now)


def _post(context: RequestContext, charge: Body, refund: Body) -> Body:
    return balances.post(
        context,
        "refund" if refund["id"].startswith("re_") else "payment_refund",
        refund["id"],
        -refund["amount"],
        refund["currency"],
        category="refund",
        available_on=_settles_on(context, charge),
        description=f"REFUND FOR CHARGE ({charge['description']})" if charge["description"] else "REFUND FOR CHARGE",
        family=charge["id"],
    )


def _count(context: RequestContext, charge: Body, amount: int, event: str) -> Body:
    """Add to (or take from) what a charge says was refunded; answers the charge."""
    # `refunded` compares with what was captured: what a partial capture released never counts as refunded.
    total = charge["amount_refunded"] + amount
    after = charge | {
        "amount_refunded": total,
        # Of a debit that failed meanwhile nothing was captured: its refund that comes to nothing leaves it unrefunded.
        "refunded": 0 < refundable(charge) <= total,
        "receipt_url": receipt_url(context),
    }
    return context.change(CHARGE, charge, after, event)


def _report_fraud(context: RequestContext, charge_id: str) -> None:
    charge = context.fetch(CHARGE, charge_id)
    context.save(CHARGE, {**charge, "fraud_details": {"user_report": "fraudulent"}})


def _schedule(context: RequestContext, refund: Body, fate: str) -> None:
    if refund.get("pending_reason") == "charge_pending":
        return  # It waits for its charge: `follow_charge`.
    if fate == "pending":
        context.schedule(LATER_SECONDS, "refund_succeeds", refund["id"])
    elif fate == "fail":
        context.schedule(LATER_SECONDS, "refund_fails", refund["id"])
    elif "card" in refund["destination_details"]:
        context.schedule(REFERENCE_SECONDS, "refund_reference", refund["id"])


def announce_change(context: RequestContext, before: Body, after: Body) -> None:
    """A refund's change is announced under both of its names."""
    if previous := previous_attributes(before, after):
        # Since 2024-10-28.acacia `refund.updated` is sent for every refund; the older name is sent beside it.
        context.save(REFUND, after, event="refund.updated", previous=previous)
        context.emit("charge.refund.updated", after, previous)


def reference_arrives(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Job: the acquirer's reference number (ARN) becomes known."""
    before = context.fetch(REFUND, subject)
    card = before["destination_details"]["card"] | {
        "reference": context.services.ids.digits(16),
        "reference_status": "available",
    }
    announce_change(context, before, before | {"destination_details": {"type": "card", "card": card}})


def pending_refund_succeeds(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Job: a pending refund goes out."""
    before = context.fetch(REFUND, subject)
    if before["status"] != "pending":
        return
    charge = context.fetch(CHARGE, before["charge"])
    if charge["status"] != "succeeded":
        return
    after = {name: value for name, value in before.items() if name != "pending_reason"}
    after |= {"status": "succeeded", "balance_transaction": _post(context, charge, before)["id"]}
    announce_change(context, before, after)


def follow_charge(context: RequestContext, charge_id: str) -> None:
    """Let the refunds that waited for their charge follow it: what never came is not given back.

    Source: Stripe changelog, 2025-04-30.basil (`charge_pending`: the payment has not settled yet). That they fail with
    it, and why, is unconfirmed.
    """
    if context.fetch(CHARGE, charge_id)["status"] != "succeeded":
        fail_pending_refunds(context, charge_id, "unknown")
        return
    for refund in _pending_refunds(context, charge_id):
        context.schedule(LATER_SECONDS, "refund_succeeds", refund["id"])


def fail_pending_refunds(context: RequestContext, charge_id: str, reason: str) -> None:
    """Let the pending refunds of a charge fail, for a documented `failure_reason`."""
    for refund in _pending_refunds(context, charge_id):
        refund_fails(context, refund["id"], {"reason": reason})


def pending_amount(context: RequestContext, charge_id: str) -> int:
    """What the pending refunds of a charge take, in minor units."""
    return sum(refund["amount"] for refund in _pending_refunds(context, charge_id))


def _pending_refunds(context: RequestContext, charge_id: str) -> list[Body]:
    rows = context.services.store.select(context.scope.id, REFUND, column("owner", charge_id))
    return [body for body in (row.decoded() for row in rows) if body["status"] == "pending"]


def refund_fails(context: RequestContext, subject: str, payload: dict[str, Any]) -> None:
    """Job: the bank returns a refund; the money is back, and the charge counts less as refunded."""
    before = context.fetch(REFUND, subject)
    if before["status"] not in ("succeeded", "pending"):
        return
    charge = context.fetch(CHARGE, before["charge"])
    reason = payload.get("reason") or "lost_or_stolen_card"
    after = before | {"status": "failed", "failure_reason": reason}
    if before["balance_transaction"]:
        after["failure_balance_transaction"] = _return(context, charge, before)["id"]
    # Refund first, then the charge that counts it less. The relative order of these events is unconfirmed.
    context.save(REFUND, after, event="refund.failed")
    announce_change(context, before, after)
    _count(context, charge, -before["amount"], "charge.updated")


def _return(context: RequestContext, charge: Body, refund: Body) -> Body:
    return balances.post(
        context,
        "refund_failure",
        refund["id"],
        refund["amount"],
        refund["currency"],
        category="refund_failure",
        available_on=_settles_on(context, charge),
        description="REFUND FAILURE",
        family=charge["id"],
    )
