"""Posting plan: what is to be written to the ledger about one payment, as a value; `record` carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.findings import Finding


class Origin(StrEnum):
    """Who asks for a posting."""

    EVENT = "event"
    REPAIR = "repair"
    DECISION = "decision"
    CORRECTION = "correction"


class PlanOutcome(StrEnum):
    """What a posting plan comes to; the outcome of a webhook's delivery is called the same."""

    POSTED = "posted"
    EXISTS = "exists"
    CONFLICT = "conflict"
    FINDING = "finding"
    FACT = "fact"
    WAITING = "waiting"
    NOT_OURS = "not_ours"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class PostingPlan:
    """What is to be written about one payment, all in one transaction.

    Shape:  `outcome` is what it comes to unless the ledger knows better (it is posted already, or says something
            else); `reason` says why nothing is posted. `entry` is a purchase or a correction. `facts` are refunds and
            disputes to keep; what they take back or return is settled for `payment_key`, by all that is known of it
            when the plan is recorded. `finding` stands in place of all these: a person has to decide. `charges` are
            other names of the payment, None where Stripe was not asked for them. `note` is what the entries that
            settle it say of themselves.
    """

    origin: Origin
    outcome: PlanOutcome
    payment_key: str | None = None
    entry: EntryDraft | None = None
    facts: tuple[Fact, ...] = ()
    finding: Finding | None = None
    proposal: Proposal | None = None
    source_event: str | None = None
    reason: str = ""
    charges: frozenset[str] | None = None
    note: str | None = None
