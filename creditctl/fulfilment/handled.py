"""Handled event: the outcome of a recorded plan as its delivery keeps it, with the lines for the log. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from creditctl.fulfilment import messages
from creditctl.fulfilment.event import Event
from creditctl.payments.event_types import PAID_TYPES
from creditctl.payments.posting_plan import PlanOutcome, PostingPlan
from creditctl.payments.record import Recorded


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of an event: the outcome of its delivery, the first entry concerned, lines for the log."""

    outcome: str
    message: str
    entry_id: int | None = None
    log: tuple[str, ...] = ()


def handled(event: Event, plan: PostingPlan, recorded: Recorded) -> Handled:
    """What is said of an event after its plan was recorded."""
    entry_id = None if recorded.entry is None else recorded.entry.id
    if recorded.finding is not None and recorded.finding_id is not None:
        line = messages.found(recorded.finding, recorded.finding_id)
        return Handled(recorded.outcome, recorded.finding.message, entry_id, (line,))
    if recorded.outcome is PlanOutcome.POSTED:
        lines = tuple(messages.written(entry) for entry in recorded.entries)
        return Handled(recorded.outcome, lines[0], recorded.entries[0].id, lines)
    if recorded.outcome in (PlanOutcome.EXISTS, PlanOutcome.FACT):
        return _unchanged(plan, recorded)
    return Handled(recorded.outcome, plan.reason, log=_reason_lines(event, plan))


def _unchanged(plan: PostingPlan, recorded: Recorded) -> Handled:
    """Nothing was left to be written."""
    if recorded.entry is None:
        line = messages.kept(plan.facts[0])
        return Handled(recorded.outcome, line, log=(line,))
    if plan.finding is not None:
        return Handled(recorded.outcome, f"entry {recorded.entry.id} credits this payment", recorded.entry.id)
    known = messages.known(recorded.entry)
    line = messages.unchanged(plan.facts[0], recorded.entry) if plan.facts else known
    return Handled(recorded.outcome, line, recorded.entry.id, (line,))


def _reason_lines(event: Event, plan: PostingPlan) -> tuple[str, ...]:
    """Why nothing is due, where somebody may ask: of a session that was finished."""
    if event.type not in PAID_TYPES:
        return ()
    opening = "Waiting for the money" if plan.outcome is PlanOutcome.WAITING else "Not a purchase of credits"
    return (f"{opening}: {plan.reason}",)
