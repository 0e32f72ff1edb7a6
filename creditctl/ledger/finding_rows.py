"""Row mapping of findings: the columns of `findings` and `dismissals`, and their rows as values and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.findings import Direction, Finding, Severity, Stake
from creditctl.ledger.models import Dismissal, FindingStatus, StoredFinding
from creditctl.ledger.sqlite.statements import insert

Row = Sequence[Any]


class StakeRow(NamedTuple):
    """The columns of a stake, in `findings` and `dismissals`. Shape: `credits` is None where none is known."""

    credits: int | None = None
    amount: int | None = None
    currency: str | None = None
    direction: str | None = None


class FindingRow(NamedTuple):
    """A row of `findings`. Shape: `proposal` is JSON; a new one is open, and how it was settled is empty."""

    id: int
    recorded: int
    code: str
    severity: str
    subject: str
    message: str
    fix: str
    payment_key: str | None
    source_event: str | None
    proposal: str | None
    status: str
    reason: str | None = None
    resolved: int | None = None
    entry_id: int | None = None
    credits: int | None = None
    amount: int | None = None
    currency: str | None = None
    direction: str | None = None


class DismissalRow(NamedTuple):
    """A row of `dismissals`, without its number."""

    finding_id: int
    recorded: int
    reason: str
    credits: int | None
    amount: int | None
    currency: str | None
    direction: str | None


FINDING_COLUMNS = FindingRow._fields
DISMISSAL_COLUMNS = DismissalRow._fields
STAKE_COLUMNS = StakeRow._fields
SAID_COLUMNS = ("severity", "message", "fix", "proposal", *STAKE_COLUMNS)
"""What may differ of an open finding from run to run."""

INSERT_FINDING = insert("findings", FINDING_COLUMNS)
INSERT_DISMISSAL = insert("dismissals", DISMISSAL_COLUMNS)


def new_finding_row(
    number: int,
    recorded: int,
    finding: Finding,
    *,
    payment_key: str | None,
    source_event: str | None,
    proposal: Proposal | None,
) -> FindingRow:
    """The row of an open finding. Shape: `{id}` in the finding's fix becomes the number.

    What nobody says anything is at stake of, is kept as nothing: a stake that is not known has only an older format.
    """
    stake = finding.stake or (proposal.stake if proposal else Stake())
    return FindingRow(
        id=number,
        recorded=recorded,
        code=finding.code,
        severity=finding.severity.value,
        subject=finding.subject,
        message=finding.message,
        fix=finding.fix.replace("{id}", str(number)),
        payment_key=payment_key,
        source_event=source_event,
        proposal=json.dumps(proposal.as_dict()) if proposal else None,
        status=FindingStatus.OPEN.value,
        **stake_row(stake)._asdict(),
    )


def stake_row(stake: Stake) -> StakeRow:
    """The columns of a stake that is known."""
    direction = None if stake.direction is None else stake.direction.value
    return StakeRow(stake.credits, stake.amount, stake.currency, direction)


def stake_of(row: Row) -> Stake | None:
    """A stake from STAKE_COLUMNS; None where it is not known."""
    kept = StakeRow._make(row)
    if kept.credits is None:
        return None
    direction = None if kept.direction is None else Direction(kept.direction)
    return Stake(kept.credits, kept.amount or 0, kept.currency, direction)


def dismissal_of(row: Row) -> Dismissal:
    """A dismissal from a row in DISMISSAL_COLUMNS."""
    kept = DismissalRow._make(row)
    return Dismissal(kept.recorded, kept.reason, stake_of(row[-len(STAKE_COLUMNS) :]))


def finding_of(row: Row, dismissal: Dismissal | None = None) -> StoredFinding:
    """A finding from a row in FINDING_COLUMNS. Shape: a stake of nothing is not shown."""
    kept = FindingRow._make(row)
    stake = stake_of(row[-len(STAKE_COLUMNS) :])
    shown = stake if stake is not None and (stake.credits or stake.amount) else None
    return StoredFinding(
        id=kept.id,
        recorded=kept.recorded,
        finding=Finding(kept.code, Severity(kept.severity), kept.subject, kept.message, kept.fix, shown),
        payment_key=kept.payment_key,
        source_event=kept.source_event,
        proposal=Proposal(**json.loads(kept.proposal)) if kept.proposal else None,
        status=FindingStatus(kept.status),
        reason=kept.reason,
        resolved=kept.resolved,
        entry_id=kept.entry_id,
        dismissal=dismissal,
    )
