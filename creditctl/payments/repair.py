"""Repairs: post what is safe to post, under the keys that fulfilment uses, so that a late webhook finds it done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryDraft, Purchase
from creditctl.core.errors import GuardRefused, LedgerError
from creditctl.ledger.models import Entry, Outcome
from creditctl.ledger.store import Ledger
from creditctl.payments.posting_plan import Origin, PlanOutcome, PostingPlan
from creditctl.payments.record import record

NOTE = "reconcile --repair"
"""How the note of an entry that a repair made begins; run and reason follow."""
MAX_REPAIRS = 100
"""How many payments one run repairs unless told otherwise: more than that is no accident."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What would put one payment right.

    Shape: `purchase` where the credits themselves are missing; `facts` are the payment's refunds and disputes; `drafts`
           the entries that are expected to come of it. `names` are the payment's other names: its session and charges;
           `reason` is the code of what it settles.
    """

    payment_key: str
    purchase: Purchase | None
    facts: tuple[Fact, ...]
    drafts: tuple[EntryDraft, ...]
    names: frozenset[str] = frozenset()
    reason: str = ""

    @property
    def credits(self) -> int:
        """What it changes, in credits."""
        return sum(draft.credits for draft in self.drafts)

    def plan(self, run: int) -> PostingPlan:
        """What it writes; each entry says which run posted it, and why."""
        note = f"{NOTE}, run {run}: {self.reason}"
        entry = None if self.purchase is None else self.purchase.draft(note=note)
        return PostingPlan(
            Origin.REPAIR,
            PlanOutcome.POSTED,
            payment_key=self.payment_key,
            entry=entry,
            facts=self.facts,
            charges=self.names,
            note=note,
        )

    def as_dict(self) -> dict[str, Any]:
        """The repair as a JSON document shows it."""
        return {
            "payment_key": self.payment_key,
            "user_id": self.drafts[0].user_id,
            "credits": self.credits,
            "reason": self.reason,
            "entries": [
                {"kind": str(draft.kind), "credits": draft.credits, "idempotency_key": draft.idempotency_key}
                for draft in self.drafts
            ],
        }


@dataclass(frozen=True, slots=True)
class Repaired:
    """What came of one repair.

    Shape: `outcome` is CONFLICT where the ledger holds another purchase, EXISTS where nothing was left to be posted.
    """

    payment_key: str
    outcome: Outcome
    entries: tuple[Entry, ...]

    def as_dict(self) -> dict[str, Any]:
        """The result as a JSON document shows it."""
        return {
            "payment_key": self.payment_key,
            "outcome": str(self.outcome),
            "credits": sum(entry.credits for entry in self.entries),
            "entries": [entry.id for entry in self.entries],
        }


@dataclass(frozen=True, slots=True)
class RepairLimits:
    """How much one run may repair at once: more than that is no accident. Shape: `credits` counts both directions."""

    repairs: int = MAX_REPAIRS
    credits: int | None = None


def require_repairable(ledger: Ledger, repairs: Sequence[Repair], limits: RepairLimits) -> None:
    """Refuses to write where something larger must be wrong.

    Errors: GuardRefused for more repairs or credits than allowed; LedgerError where the ledger was tampered with.
    """
    max_repairs, moved = limits.repairs, sum(abs(draft.credits) for each in repairs for draft in each.drafts)
    if limits.credits is not None and moved > limits.credits:
        raise GuardRefused(
            f"{moved:,} credits would be posted, more than the {limits.credits:,} that are allowed at once.",
            code="reconcile.too_many_credits",
            fix="Look at `creditctl reconcile --dry-run`; if it is right, raise --max-credits.",
        )
    if len(repairs) > max_repairs:
        raise GuardRefused(
            f"{len(repairs)} payments would be repaired, more than the {max_repairs} that are allowed at once.",
            code="reconcile.too_many_repairs",
            fix="Look at `creditctl reconcile --dry-run`; if it is right, raise --max-repairs.",
        )
    if not repairs:
        return
    with ledger.reading() as view:
        verification = view.verify()
    if not verification.ok:
        raise LedgerError(
            f"The ledger does not verify: {verification.faults[0].message}",
            code="ledger.tampered",
            fix="Nothing was written. `creditctl ledger verify` shows every fault.",
        )


def apply(
    ledger: Ledger, repairs: Sequence[Repair], done: Callable[[Repaired], None] | None = None, *, run: int = 0
) -> list[Repaired]:
    """Carries repairs out, each in a transaction of its own; what was posted meanwhile is left alone.

    Shape: `run` is the number of the run that planned them.
    """
    results = []
    for repair in repairs:
        result = _apply(ledger, repair, run)
        results.append(result)
        if done is not None:
            done(result)
    return results


def _apply(ledger: Ledger, repair: Repair, run: int) -> Repaired:
    with ledger.transaction() as tx:
        recorded = record(tx, repair.plan(run))
    if recorded.outcome is PlanOutcome.CONFLICT:
        return Repaired(repair.payment_key, Outcome.CONFLICT, ())
    return Repaired(repair.payment_key, Outcome.POSTED if recorded.entries else Outcome.EXISTS, recorded.entries)
