"""Disputes endpoints: list, retrieve, answer with evidence, close. Test cards and controls open them.

Source: Stripe API reference, "Disputes".
Closing an inquiry by API: the resulting status is unconfirmed, `warning_closed` here.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_column, by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import updated
from creditctl.emulator.payments.dispute_bodies import EVIDENCE_FILES, EVIDENCE_TEXTS, LONG_EVIDENCE
from creditctl.emulator.payments.disputes import OPEN, settle_dispute
from creditctl.emulator.protocol.errors import StripeError, bad_parameter, invalid, no_such
from creditctl.emulator.protocol.fields import Boolean, Enum, Field, Text
from creditctl.emulator.protocol.schema import Hash, Metadata
from creditctl.emulator.storage.object_types import CHARGE, DISPUTE, Body
from creditctl.emulator.storage.store import decode

OUTCOME_SECONDS = 2
MOST_EVIDENCE_CHARACTERS = 150_000
_EVIDENCE: dict[str, Field] = {
    name: Text(unset=True, max_length=20_000 if name in LONG_EVIDENCE else 5000) for name in EVIDENCE_TEXTS
}
_UPDATE: dict[str, Field] = {
    "evidence": Hash(fields=_EVIDENCE),
    "metadata": Metadata(),
    "submit": Boolean(),
    "intended_submission_method": Enum(
        values=("manual", "prefer_manual", "prefer_smart_disputes", "smart_disputes"), unset=True
    ),
}


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
        _refuse_files(evidence)
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


def _refuse_files(evidence: Body) -> None:
    """There are no files here, so that an account has none; the words are Stripe's for a file that never was."""
    for name in EVIDENCE_FILES:
        if evidence.get(name):
            raise no_such("file upload", evidence[name], f"evidence[{name}]", status=400)


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


def _update_of_charge(context: RequestContext) -> Body:
    """Answer the dispute of a charge, by the older path."""
    context.args = (decode(of_charge(context))["id"],)
    return update(context)


def _close_of_charge(context: RequestContext) -> Body:
    """Accept the loss of a charge, by the older path."""
    context.args = (decode(of_charge(context))["id"],)
    return close(context)


_FILTERS = {"charge": by_column("owner"), "payment_intent": by_column("parent"), "created": by_created()}
ROUTES = (
    route("GET", "/v1/disputes", listing(DISPUTE, _FILTERS, counted=True), list_fields(_FILTERS), permission="dispute"),
    route("GET", "/v1/disputes/{id}", retrieve(DISPUTE), permission="dispute"),
    route("GET", "/v1/charges/{id}/dispute", of_charge, permission="dispute"),
    # Source: Stripe's OpenAPI description, `PostChargesChargeDispute`, `PostChargesChargeDisputeClose`.
    route("POST", "/v1/charges/{id}/dispute", _update_of_charge, _UPDATE, permission="dispute"),
    route("POST", "/v1/charges/{id}/dispute/close", _close_of_charge, permission="dispute"),
    route("POST", "/v1/disputes/{id}", update, _UPDATE, permission="dispute"),
    route("POST", "/v1/disputes/{id}/close", close, permission="dispute"),
)
