"""Resolving a finding: a person credits what it proposes, or dismisses it."""

from __future__ import annotations

from typing import Literal

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.settlement import EntryDraft, Purchase, RefundPosition, settlement
from creditctl.core.errors import UsageError
from creditctl.ledger.models import FindingStatus, Outcome, Posting, Resolution, StoredFinding
from creditctl.ledger.sightings import ended_sightings
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.ledger.view import LedgerView
from creditctl.payments.booked import booked_elsewhere, likely_charge
from creditctl.payments.correct import require_no_secret
from creditctl.payments.posting_plan import Origin, PlanOutcome, PostingPlan
from creditctl.payments.record import record


def resolve(
    tx: LedgerTransaction,
    number: int,
    *,
    action: Literal["credit", "dismiss"],
    reason: str,
    user_id: str | None = None,
    credits: int | None = None,
) -> Resolution:
    """Settles an open finding within a transaction: credits what it proposes, or dismisses it; both with a reason.

    Shape:  `user_id` and `credits` say what the finding leaves open, and only that.
    Errors: UsageError if it is not open, has no reason, or proposes nothing that could be credited.
    """
    finding = _resolvable(tx, number, reason)
    posting = None
    if action == "credit":
        posting = _credit(tx, finding, reason, user_id, credits)
    return Resolution(tx.settle_finding(finding, reason, posting.entry.id if posting else None), posting)


def over(view: LedgerView) -> list[int]:
    """The numbers of the open findings that a run looked at again and no longer found.

    Shape: such a run left nothing at stake of them (`end_finding`); one that a webhook opened again since is not over.
    """
    ended = ended_sightings(view)
    return [each.id for each in view.findings(FindingStatus.OPEN) if each.identity in ended and not each.finding.stake]


def credited_drafts(
    view: LedgerView, number: int, *, reason: str, user_id: str | None = None, credits: int | None = None
) -> tuple[EntryDraft, ...]:
    """The entries that crediting a finding would post, for whoever has to agree: the purchase, and what its refunds
    and disputes take of it.

    Errors: those of `resolve`, before anything is asked.
    """
    purchase = _purchase_of(_resolvable(view, number, reason), user_id, credits)
    _require_not_booked(view, purchase.draft())
    facts = [stored.fact for stored in view.facts(purchase.payment_key)]
    return (purchase.draft(note=reason), *settlement(RefundPosition(purchase, 0), facts))


def _resolvable(view: LedgerView, number: int, reason: str) -> StoredFinding:
    require_no_secret(reason)
    if not reason.strip():
        raise UsageError("Settling a finding needs a reason.", code="ledger.reason")
    return _open_finding(view, number)


def _open_finding(tx: LedgerView, number: int) -> StoredFinding:
    finding = tx.finding(number)
    if finding is None:
        raise UsageError(
            f"There is no finding {number}.",
            code="ledger.no_finding",
            fix="`creditctl ledger findings --status all` lists them with their numbers.",
        )
    if finding.status is not FindingStatus.OPEN:
        fix = "If more is at stake since, `creditctl reconcile` opens it again." if finding.dismissal else ""
        raise UsageError(f"Finding {number} was {finding.status} already.", code="ledger.settled", fix=fix)
    return finding


def _credit(
    tx: LedgerTransaction, finding: StoredFinding, reason: str, user_id: str | None, credits: int | None
) -> Posting:
    purchase = _purchase_of(finding, user_id, credits)
    _require_not_booked(tx, purchase.draft())
    plan = PostingPlan(
        Origin.DECISION,
        PlanOutcome.POSTED,
        payment_key=purchase.payment_key,
        entry=purchase.draft(source_event=finding.source_event, note=reason),
        source_event=finding.source_event,
        charges=frozenset(),
    )
    posting = record(tx, plan).posting
    assert posting is not None
    if posting.outcome is Outcome.CONFLICT:
        raise UsageError(
            f"Payment {purchase.payment_key} was credited otherwise, by entry {posting.entry.id}.",
            code="ledger.conflict",
            fix="Look at `creditctl trace`, then settle the finding with --dismiss.",
        )
    return posting


def _require_not_booked(view: LedgerView, draft: EntryDraft) -> None:
    """Refuses to credit what an application booked under another name or as a correction. Errors: UsageError."""
    booked, likely = booked_elsewhere(view, draft, frozenset()), likely_charge(view, draft)
    if booked is not None:
        raise UsageError(
            f"Entry {booked.entry.id} gave {booked.entry.credits:,} credits of payment {draft.payment_key} already.",
            code="ledger.conflict",
            fix="Look at `creditctl trace`, then settle the finding with --dismiss.",
        )
    if likely is not None:
        raise UsageError(
            f"Entry {likely.id} gave user {likely.user_id} as many credits under the charge {likely.payment_key}, "
            f"which may be one of payment {draft.payment_key}.",
            code="ledger.conflict",
            fix=f"`creditctl trace {likely.payment_key}` says. If it is, settle the finding with --dismiss; if not, "
            f"post the credits with `creditctl ledger adjust --payment {draft.payment_key}`.",
        )


def _purchase_of(finding: StoredFinding, user_id: str | None, credits: int | None) -> Purchase:
    """The purchase that a finding and the person who settles it describe together."""
    if finding.proposal is None:
        raise UsageError(
            f"Finding {finding.id} proposes no purchase.",
            code="ledger.no_proposal",
            fix="Use `creditctl ledger adjust`, then settle the finding with --dismiss.",
        )
    return _completed(finding.proposal, user_id, credits)


def _completed(proposal: Proposal, user_id: str | None, credits: int | None) -> Purchase:
    if user_id is not None and proposal.user_id not in (None, user_id):
        raise UsageError(f"The finding is about user {proposal.user_id}.", code="ledger.other_user")
    owner = proposal.user_id or user_id
    count = credits if credits is not None else proposal.credits
    if owner is None or count is None or count <= 0:
        raise UsageError(
            "The finding does not say who gets how many credits.",
            code="ledger.incomplete",
            fix="Say it with --user and --credits.",
        )
    return Purchase(
        user_id=owner,
        credits=count,
        amount=proposal.amount,
        currency=proposal.currency,
        payment_key=proposal.payment_key,
        session_id=proposal.session_id,
        package=proposal.package,
        created=proposal.created,
    )
