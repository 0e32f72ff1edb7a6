"""Between the values of this room and the rows of its tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.facts import DisputeFact, Fact, FundsObservation, Movement, Observation, RefundFact
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Finding, Severity
from creditctl.ledger.hashchain.chain import COLUMNS
from creditctl.ledger.models import (
    Attestation,
    Delivery,
    Entry,
    FindingStatus,
    RunRecord,
    StoredFact,
    StoredFinding,
)

ENTRY_COLUMNS = ", ".join(COLUMNS)
FACT_COLUMNS = (
    "object_id, kind, payment_key, charge_id, amount, currency, status, counted, created, observed, "
    "recorded, source_event, detail"
)
FINDING_COLUMNS = (
    "id, recorded, code, severity, subject, message, fix, payment_key, source_event, proposal, status, reason, "
    "resolved, entry_id"
)
DELIVERY_COLUMNS = "id, received, verified, event_id, event_type, object_id, outcome, entry_id, reason, size, digest"
RUN_COLUMNS = "id, kind, started, finished, ok, report"
ATTESTATION_COLUMNS = "id, recorded, item, person, statement, expires"

Row = Sequence[Any]


def entry_of(row: Row) -> Entry:
    """An entry from a row in ENTRY_COLUMNS."""
    values = list(row)
    values[4], values[16] = EntryKind(row[4]), bool(row[16])
    return Entry(*values)


def fact_values(fact: Fact, recorded: int, source_event: str | None) -> tuple[object, ...]:
    """The row of a fact, in FACT_COLUMNS."""
    return (
        fact.object_id,
        fact.kind,
        fact.payment_key,
        fact.charge_id,
        fact.amount,
        fact.currency,
        fact.status,
        fact.counted,
        fact.created,
        fact.observed,
        recorded,
        source_event,
        json.dumps(_detail(fact)),
    )


def _detail(fact: Fact) -> dict[str, object]:
    if isinstance(fact, RefundFact):
        return {}
    said = fact.funds_observation
    return {
        "told_at": fact.observation.at,
        "rank": fact.observation.rank,
        "movements": [[move.id, move.amount, move.currency] for move in fact.movements],
        "statement": [said.at, said.rank, said.held] if said else None,
    }


def fact_of(row: Row) -> StoredFact:
    """A fact from a row in FACT_COLUMNS."""
    object_id, kind, payment_key, charge_id, amount, currency, status, _, created, observed, recorded, event, text = row
    detail = json.loads(text)
    if kind == RefundFact.kind:
        fact: Fact = RefundFact(object_id, payment_key, charge_id, amount, currency, status, created, observed)
    else:
        fact = DisputeFact(
            object_id=object_id,
            payment_key=payment_key,
            charge_id=charge_id,
            currency=currency,
            created=created,
            observed=observed,
            observation=Observation(detail["told_at"], detail["rank"], status, amount),
            movements=tuple(Movement(*move) for move in detail["movements"]),
            funds_observation=FundsObservation(*detail["statement"]) if detail["statement"] else None,
        )
    return StoredFact(fact, recorded, event)


def finding_of(row: Row) -> StoredFinding:
    """A finding from a row in FINDING_COLUMNS."""
    return StoredFinding(
        id=row[0],
        recorded=row[1],
        finding=Finding(row[2], Severity(row[3]), row[4], row[5], row[6]),
        payment_key=row[7],
        source_event=row[8],
        proposal=Proposal(**json.loads(row[9])) if row[9] else None,
        status=FindingStatus(row[10]),
        reason=row[11],
        resolved=row[12],
        entry_id=row[13],
    )


def delivery_of(row: Row) -> Delivery:
    """A delivery from a row in DELIVERY_COLUMNS."""
    return Delivery(
        id=row[0],
        received=row[1],
        verified=bool(row[2]),
        event_id=row[3],
        event_type=row[4],
        object_id=row[5],
        outcome=row[6],
        entry_id=row[7],
        reason=row[8],
        size=row[9],
        digest=row[10],
    )


def run_of(row: Row) -> RunRecord:
    """A run from a row in RUN_COLUMNS."""
    return RunRecord(row[0], row[1], row[2], row[3], bool(row[4]), json.loads(row[5]))


def attestation_of(row: Row) -> Attestation:
    """An attestation from a row in ATTESTATION_COLUMNS."""
    return Attestation(*row)
