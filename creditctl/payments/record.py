"""Recorder: writes a posting plan into the ledger, for webhook, repair, `ledger resolve` and corrections alike."""

from __future__ import annotations

from dataclasses import dataclass

from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.errors import UsageError
from creditctl.core.findings import Finding
from creditctl.ledger.models import Entry, Outcome, Posting
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.payments.booked import booked_elsewhere
from creditctl.payments.conflicts import other_fact, other_purchase
from creditctl.payments.posting_plan import Origin, PlanOutcome, PostingPlan


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a posting plan came to.

    Shape: `entries` were written now. `entry` is the purchase or correction that it is about, whether it was written
           now, was there already, or (CONFLICT) says something else. `finding` was kept as number `finding_id`.
    """

    outcome: PlanOutcome
    entries: tuple[Entry, ...] = ()
    entry: Entry | None = None
    finding: Finding | None = None
    finding_id: int | None = None

    @property
    def posting(self) -> Posting | None:
        """The answer to the posting of the purchase or correction; None where the plan had none to post."""
        if self.entry is None or self.outcome not in (PlanOutcome.POSTED, PlanOutcome.EXISTS, PlanOutcome.CONFLICT):
            return None
        if self.outcome is PlanOutcome.CONFLICT:
            return Posting(Outcome.CONFLICT, self.entry)
        return Posting(Outcome.POSTED if self.entry in self.entries else Outcome.EXISTS, self.entry)


def record(tx: LedgerTransaction, plan: PostingPlan) -> Recorded:
    """Writes everything that a plan says: purchase or correction, facts, what they take back, or a finding.

    Shape:  what contradicts the ledger writes nothing. From an event it is kept as a finding, because nobody else
            is there to be told; whoever else asked gets CONFLICT, or the error.
    Errors: UsageError for an entry that no ledger can hold, or (not of an event) a fact under a taken id;
            ChargesUnknown where the plan has to name the payment's charges first: nothing is written then.
    """
    if plan.finding is not None:
        return _keep_undecided(tx, plan, plan.finding)
    if plan.entry is None and not plan.facts:
        return Recorded(plan.outcome)
    if plan.entry is None and plan.origin is Origin.EVENT:
        return _record_reported_facts(tx, plan)
    return _record_entry(tx, plan)


def _record_entry(tx: LedgerTransaction, plan: PostingPlan) -> Recorded:
    """Posts a purchase or correction, keeps what is known of its refunds and disputes, and settles all of it."""
    posting = None if plan.entry is None else _post(tx, plan.entry, plan.charges)
    if posting is not None and posting.outcome is Outcome.CONFLICT:
        return _conflict(tx, plan, posting.entry)
    for fact in plan.facts:
        tx.keep_fact(fact, source_event=plan.source_event)
    # The purchase may stand under the session's name, and then its refunds are looked for under that.
    key = plan.payment_key and ((posting and posting.entry.payment_key) or plan.payment_key)
    posted = (posting.entry,) if posting is not None and posting.outcome is Outcome.POSTED else ()
    settled = tx.settle(key, source_event=plan.source_event, note=plan.note, new=bool(posted)) if key else ()
    return _recorded(tx, plan, (*posted, *settled), None if posting is None else posting.entry)


def _post(tx: LedgerTransaction, draft: EntryDraft, charges: frozenset[str] | None) -> Posting:
    """Posts an entry, unless an application booked the payment's credits under another name or as a correction."""
    return booked_elsewhere(tx, draft, charges) or tx.post(draft)


def _record_reported_facts(tx: LedgerTransaction, plan: PostingPlan) -> Recorded:
    """Keeps refunds and disputes that an event tells of; each is the cause of the difference that it makes."""
    written: list[Entry] = []
    for fact in plan.facts:
        try:
            tx.keep_fact(fact, source_event=plan.source_event)
        except UsageError as error:
            return _keep(tx, plan, other_fact(fact, error.message), PlanOutcome.FINDING)
        written += tx.settle(fact.payment_key, source_event=plan.source_event, cause=fact.object_id)
    return _recorded(tx, plan, tuple(written), None)


def _recorded(tx: LedgerTransaction, plan: PostingPlan, written: tuple[Entry, ...], posted: Entry | None) -> Recorded:
    """What was written; or that it was credited before, or that the purchase of a fact is not known yet."""
    entry = posted or (tx.purchase_of(plan.facts[0].payment_key) if plan.facts else None)
    if written:
        return Recorded(PlanOutcome.POSTED, written, entry)
    return Recorded(PlanOutcome.FACT if entry is None else PlanOutcome.EXISTS, entry=entry)


def _keep_undecided(tx: LedgerTransaction, plan: PostingPlan, finding: Finding) -> Recorded:
    """Keeps a finding, unless what it proposes was credited meanwhile by a person or a repair."""
    known = None if plan.proposal is None else tx.purchase_of(plan.proposal.payment_key)
    if known is not None:
        return Recorded(PlanOutcome.EXISTS, entry=known)
    return _keep(tx, plan, finding, PlanOutcome.FINDING)


def _conflict(tx: LedgerTransaction, plan: PostingPlan, known: Entry) -> Recorded:
    if plan.origin is not Origin.EVENT or plan.entry is None:
        return Recorded(PlanOutcome.CONFLICT, entry=known)
    return _keep(tx, plan, other_purchase(plan.entry, known), PlanOutcome.CONFLICT, known)


def _keep(
    tx: LedgerTransaction, plan: PostingPlan, finding: Finding, outcome: PlanOutcome, entry: Entry | None = None
) -> Recorded:
    number = tx.add_finding(
        finding, payment_key=plan.payment_key, source_event=plan.source_event, proposal=plan.proposal
    )
    return Recorded(outcome, entry=entry, finding=finding, finding_id=number)
