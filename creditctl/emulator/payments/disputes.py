"""Dispute life cycle: opened on a charge, decided, escalated, settled, lapsed; inquiries too.

Source: Stripe docs, "Testing" (disputes, evidence); recorded movements of test-mode disputes.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments import balances
from creditctl.emulator.payments.dispute_bodies import new_dispute
from creditctl.emulator.payments.fraud_checks import end_checks
from creditctl.emulator.payments.refunds import fail_pending_refunds
from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.storage.object_types import CHARGE, CUSTOMER, DISPUTE, Body
from creditctl.emulator.webhooks.events import previous_attributes

INQUIRY_SECONDS = 120 * DAY_SECONDS
OPEN = ("needs_response", "warning_needs_response")
"""The statuses of a dispute that waits for the merchant's evidence."""
_REASONS = {
    "fraudulent": ("fraudulent", "10.4"),
    "product_not_received": ("product_not_received", "13.1"),
    "inquiry": ("fraudulent", "10"),
    "ce3": ("fraudulent", "10.4"),
    "compliance": ("noncompliant", "C"),
}


def open_disputes(context: RequestContext, charge_id: str, kind: str, amount: int | None = None) -> list[Body]:
    """Open the dispute, or the two, that a test card stands for; no API request causes their events.

    Units: amount in minor units; None: what was captured and not refunded.
    """
    kinds = ["fraudulent", "product_not_received"] if kind == "multiple" else [kind]
    return [open_dispute(context, charge_id, *_REASONS[name], kind=name, amount=amount) for name in kinds]


def open_dispute(
    context: RequestContext,
    charge_id: str,
    reason: str,
    network_code: str,
    *,
    kind: str = "",
    amount: int | None = None,
) -> Body:
    """Open one dispute: a chargeback takes the money at once, an inquiry does not."""
    machinery = RequestContext(context.services, context.scope, context.now)
    inquiry = kind == "inquiry"
    if not inquiry:
        _take_from_pending_refunds(machinery, charge_id)
    charge = machinery.fetch(CHARGE, charge_id)
    disputed = charge["amount_captured"] - charge["amount_refunded"] if amount is None else amount
    dispute = new_dispute(machinery, charge, disputed, reason, network_code, kind)
    # Announced before the money goes: `created` shows no balance transaction yet, `funds_withdrawn` does.
    machinery.add(DISPUTE, dispute, event="charge.dispute.created")
    machinery.save(CHARGE, charge | {"disputed": True, "dispute": dispute["id"]})
    if inquiry:
        machinery.schedule(INQUIRY_SECONDS, "inquiry_closes", dispute["id"])
    else:
        _withdraw(machinery, dispute)
        machinery.schedule(dispute["evidence_details"]["due_by"] - context.now, "dispute_due", dispute["id"])
    end_checks(machinery, charge_id, "disputed")
    dispute["evidence"] = {**dispute["evidence"], **_known(machinery, charge)}
    return machinery.save(DISPUTE, dispute)


def _take_from_pending_refunds(context: RequestContext, charge_id: str) -> None:
    """A chargeback takes the whole payment; what was about to be refunded is not given back as well.

    Source: types of stripe-python, `failure_reason` of refunds. That it comes before the dispute is unconfirmed.
    """
    fail_pending_refunds(context, charge_id, "charge_for_pending_refund_disputed")


def _known(context: RequestContext, charge: Body) -> Body:
    """Evidence that is filled in by itself; Source: recorded disputes, whose events do not have it yet."""
    row = context.find(charge["customer"], CUSTOMER) if charge["customer"] else None
    customer = row.decoded() if row else {}
    billing = charge["billing_details"]
    return {
        "customer_email_address": customer.get("email") or billing["email"],
        "customer_name": customer.get("name") or customer.get("description") or billing["name"],
        "product_description": charge["description"],
    }


def _withdraw(context: RequestContext, dispute: Body) -> None:
    entry = balances.post(
        context,
        "adjustment",
        dispute["id"],
        -dispute["amount"],
        dispute["currency"],
        category="dispute",
        fee=balances.DISPUTE_FEE,
        fee_description="Dispute fee",
        description=f"Chargeback withdrawal for {dispute['charge']}",
    )
    dispute |= {"balance_transactions": [entry], "balance_transaction": entry["id"]}
    context.save(DISPUTE, dispute, event="charge.dispute.funds_withdrawn", previous={"balance_transactions": []})


def decide(context: RequestContext, subject: str, payload: dict[str, Any]) -> None:
    """Job: the bank's decision, which test evidence gives away; other evidence stays under review."""
    before = context.fetch(DISPUTE, subject)
    text, inquiry = payload["text"], before["status"] == "warning_under_review"
    if text == "escalate_inquiry_evidence" and inquiry:
        _escalate(context, before)
    elif text == "winning_evidence":
        settle_dispute(context, before, "warning_closed" if inquiry else "won")
    elif text == "losing_evidence":
        settle_dispute(context, before, "warning_closed" if inquiry else "lost")


def _escalate(context: RequestContext, before: Body) -> None:
    """An inquiry becomes a chargeback, and the money goes."""
    _take_from_pending_refunds(context, before["charge"])
    card = before["payment_method_details"]["card"] | {"case_type": "chargeback"}
    after = before | {
        "status": "needs_response",
        "is_charge_refundable": False,
        "payment_method_details": {"type": "card", "card": card},
    }
    context.change(DISPUTE, before, after, "charge.dispute.updated")
    _withdraw(context, after)
    context.schedule(after["evidence_details"]["due_by"] - context.now, "dispute_due", after["id"])


def settle_dispute(context: RequestContext, before: Body, status: str) -> Body:
    """End a dispute; a won one gives the money back, which settles like a charge (recorded)."""
    after = before | {"status": status}
    if status == "won":
        after |= {"is_charge_refundable": True}
        entry = balances.post(
            context,
            "adjustment",
            before["id"],
            before["amount"],
            before["currency"],
            category="dispute_reversal",
            available_on=balances.settles_on(context.now),
            description=f"Chargeback reversal for {before['charge']}",
        )
        after["balance_transactions"] = [*before["balance_transactions"], entry]
        previous = {"balance_transactions": before["balance_transactions"]}
        # The money before the closing; their relative order is unconfirmed.
        context.save(DISPUTE, after, event="charge.dispute.funds_reinstated", previous=previous)
    # Whatever still waits for this dispute must not settle it a second time.
    for name in ("dispute_due", "dispute_outcome", "inquiry_closes"):
        context.cancel_job(name, before["id"])
    return context.save(
        DISPUTE,
        after,
        event="charge.dispute.closed",
        previous=previous_attributes({"status": before["status"]}, {"status": status}),
    )


def due(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Job: a dispute that nobody answered in time is lost."""
    dispute = context.fetch(DISPUTE, subject)
    if dispute["status"] == "needs_response":
        details = dispute["evidence_details"] | {"past_due": True}
        settle_dispute(context, dispute | {"evidence_details": details}, "lost")


def inquiry_closes(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Job: an inquiry that never became a chargeback ends after 120 days."""
    dispute = context.fetch(DISPUTE, subject)
    if dispute["status"].startswith("warning"):
        settle_dispute(context, dispute, "warning_closed")
