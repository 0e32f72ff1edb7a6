"""Disputes and inquiries: opened by test cards and controls, answered with evidence, won, lost or closed.

Source: Stripe API reference, "Disputes"; Stripe docs, "Testing" (disputes, evidence); recorded movements.
Closing an inquiry by API: the resulting status is unconfirmed, `warning_closed` here.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.jobs import job
from creditctl.emulator.api.lists import by_column, by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import updated
from creditctl.emulator.payments import balances
from creditctl.emulator.protocol.errors import StripeError, bad_parameter, invalid
from creditctl.emulator.protocol.schema import Boolean, Enum, Field, Hash, Metadata
from creditctl.emulator.resources.core.dispute_bodies import EVIDENCE_FIELDS, new_dispute
from creditctl.emulator.storage.object_types import CHARGE, CUSTOMER, DISPUTE, Body
from creditctl.emulator.webhooks.events import previous_attributes

OUTCOME_SECONDS = 2
INQUIRY_SECONDS = 120 * 86_400
MOST_EVIDENCE_CHARACTERS = 150_000
OPEN = ("needs_response", "warning_needs_response")
_REASONS = {
    "fraudulent": ("fraudulent", "10.4"),
    "product_not_received": ("product_not_received", "13.1"),
    "inquiry": ("fraudulent", "10"),
    "ce3": ("fraudulent", "10.4"),
    "compliance": ("noncompliant", "C"),
}
_UPDATE: dict[str, Field] = {
    "evidence": Hash(fields=EVIDENCE_FIELDS),
    "metadata": Metadata(),
    "submit": Boolean(),
    "intended_submission_method": Enum(
        values=("manual", "prefer_manual", "prefer_smart_disputes", "smart_disputes"), unset=True
    ),
}


def open_disputes(context: RequestContext, charge_id: str, kind: str) -> list[Body]:
    """Open what a test card stands for; nobody's API request causes it."""
    kinds = ["fraudulent", "product_not_received"] if kind == "multiple" else [kind]
    return [open_dispute(context, charge_id, *_REASONS[name], kind=name) for name in kinds]


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
    charge = machinery.fetch(CHARGE, charge_id)
    inquiry = kind == "inquiry"
    disputed = charge["amount_captured"] - charge["amount_refunded"] if amount is None else amount
    dispute = new_dispute(machinery, charge, disputed, reason, network_code, kind)
    machinery.add(DISPUTE, dispute, event="charge.dispute.created")
    machinery.save(CHARGE, charge | {"disputed": True, "dispute": dispute["id"]})
    if inquiry:
        machinery.schedule(INQUIRY_SECONDS, "inquiry_closes", dispute["id"])
    else:
        _withdraw(machinery, dispute)
        machinery.schedule(dispute["evidence_details"]["due_by"] - context.now, "dispute_due", dispute["id"])
    dispute["evidence"] = {**dispute["evidence"], **_known(machinery, charge)}
    return machinery.save(DISPUTE, dispute)


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


def update(context: RequestContext) -> Body:
    """Add evidence; it is submitted unless told otherwise, and test evidence decides the outcome."""
    params = context.params
    before = context.fetch(DISPUTE, context.args[0])
    evidence = params.get("evidence")
    submits = params.get("submit", bool(evidence))
    if (evidence or submits) and before["status"] not in OPEN:
        raise _not_open(before)
    after = updated(before, params, ("intended_submission_method",))
    if evidence:
        _add_evidence(after, evidence)
    if submits:
        _submit(after)
    changed = context.change(DISPUTE, before, after, "charge.dispute.updated")
    if after["status"].endswith("under_review"):
        text = after["evidence"]["uncategorized_text"]
        context.schedule(OUTCOME_SECONDS, "dispute_outcome", after["id"], text=text)
    return changed


def _not_open(dispute: Body) -> StripeError:
    """The refusal of a late answer; Source: recorded for a dispute that ended, unconfirmed for one under review."""
    if dispute["status"].endswith("under_review"):
        return invalid(f"This dispute has a status of {dispute['status']} and can no longer be changed or closed.")
    return invalid("This dispute is already closed")


def _add_evidence(dispute: Body, evidence: Body) -> None:
    dispute["evidence"] = {**dispute["evidence"], **evidence}
    written = sum(len(value) for value in dispute["evidence"].values() if isinstance(value, str))
    if written > MOST_EVIDENCE_CHARACTERS:
        raise bad_parameter(f"Evidence can have at most {MOST_EVIDENCE_CHARACTERS} characters in total.", "evidence")
    dispute["evidence_details"] = dispute["evidence_details"] | {"has_evidence": True}


def _submit(dispute: Body) -> None:
    """Hand the evidence in, what was staged before included."""
    count = dispute["evidence_details"]["submission_count"] + 1
    dispute["evidence_details"] = dispute["evidence_details"] | {
        "submission_count": count,
        "submission_method": "manual",
    }
    inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_under_review" if inquiry else "under_review"


@job("dispute_outcome")
def decide(context: RequestContext, subject: str, payload: dict[str, Any]) -> None:
    """The bank's decision, which test evidence gives away; other evidence stays under review."""
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
        context.save(DISPUTE, after, event="charge.dispute.funds_reinstated", previous=previous)
    for name in ("dispute_due", "dispute_outcome", "inquiry_closes"):
        context.cancel_job(name, before["id"])
    return context.save(
        DISPUTE,
        after,
        event="charge.dispute.closed",
        previous=previous_attributes({"status": before["status"]}, {"status": status}),
    )


@job("dispute_due")
def due(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Nobody answered in time: lost."""
    dispute = context.fetch(DISPUTE, subject)
    if dispute["status"] == "needs_response":
        details = dispute["evidence_details"] | {"past_due": True}
        settle_dispute(context, dispute | {"evidence_details": details}, "lost")


@job("inquiry_closes")
def inquiry_closes(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """An inquiry that never became a chargeback ends after 120 days."""
    dispute = context.fetch(DISPUTE, subject)
    if dispute["status"].startswith("warning"):
        settle_dispute(context, dispute, "warning_closed")


def close(context: RequestContext) -> Body:
    """Accept the loss."""
    dispute = context.fetch(DISPUTE, context.args[0])
    if dispute["status"] not in OPEN:
        raise _not_open(dispute)
    return settle_dispute(context, dispute, "lost" if dispute["status"] == "needs_response" else "warning_closed")


def of_charge(context: RequestContext) -> bytes:
    """The dispute of a charge; Source: recorded test-mode refusal where there is none."""
    charge = context.fetch(CHARGE, context.args[0], "charge")
    if not charge["dispute"]:
        raise invalid(f"No dispute for charge: {context.args[0]}", status=404)
    return context.fetch_row(DISPUTE, charge["dispute"]).body


_FILTERS = {"charge": by_column("owner"), "payment_intent": by_column("parent"), "created": by_created()}
ROUTES = (
    route("GET", "/v1/disputes", listing(DISPUTE, _FILTERS, counted=True), list_fields(_FILTERS), permission="dispute"),
    route("GET", "/v1/disputes/{id}", retrieve(DISPUTE), permission="dispute"),
    route("GET", "/v1/charges/{id}/dispute", of_charge, permission="dispute"),
    route("POST", "/v1/disputes/{id}", update, _UPDATE, permission="dispute"),
    route("POST", "/v1/disputes/{id}/close", close, permission="dispute"),
)
