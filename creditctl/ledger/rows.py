"""Row mapping of a ledger: the columns of each table, and its rows as the values of `models` and back.

Columns come from the classes that hold the rows, so that a field and its column cannot part; those of the entries
from `hashchain.chain`, because their order is part of the hash.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, NamedTuple

from creditctl.core.entitlement.facts import DisputeFact, Fact, FundsObservation, Movement, Observation, RefundFact
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.ledger.hashchain.chain import COLUMNS
from creditctl.ledger.models import (
    Attestation,
    Delivery,
    Entry,
    Head,
    RunRecord,
    StoredFact,
)
from creditctl.ledger.sqlite.statements import insert, upsert

Row = Sequence[Any]


class FactRow(NamedTuple):
    """A row of `facts`. Shape: `detail` is JSON: what is known of a dispute beyond the columns."""

    object_id: str
    kind: str
    payment_key: str
    charge_id: str | None
    amount: int
    currency: str
    status: str
    counted: int
    created: int
    observed: int
    recorded: int
    source_event: str | None
    detail: str


def _fields_of(kind: type[Delivery | RunRecord | Attestation]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


ENTRY_COLUMNS = COLUMNS
FACT_COLUMNS = FactRow._fields
DELIVERY_COLUMNS = _fields_of(Delivery)
RUN_COLUMNS = _fields_of(RunRecord)
ATTESTATION_COLUMNS = _fields_of(Attestation)

# SQLite gives these their numbers.
_NEW_DELIVERY, _NEW_RUN, _NEW_ATTESTATION = (
    tuple(name for name in columns if name != "id") for columns in (DELIVERY_COLUMNS, RUN_COLUMNS, ATTESTATION_COLUMNS)
)

INSERT_ENTRY = insert("credit_transactions", ENTRY_COLUMNS)
UPSERT_FACT = upsert("facts", FACT_COLUMNS, key="object_id")
INSERT_DELIVERY = insert("deliveries", _NEW_DELIVERY)
INSERT_RUN = insert("runs", _NEW_RUN)
INSERT_ATTESTATION = insert("attestations", _NEW_ATTESTATION)

_values_of_delivery = attrgetter(*_NEW_DELIVERY)
_KIND, _LIVEMODE = COLUMNS.index("kind"), COLUMNS.index("livemode")


def entry_of(row: Row) -> Entry:
    """An entry from a row in ENTRY_COLUMNS."""
    values = list(row)
    values[_KIND], values[_LIVEMODE] = EntryKind(row[_KIND]), bool(row[_LIVEMODE])
    return Entry(*values)


def entry_values(head: Head, now: int, draft: EntryDraft, account: str, livemode: bool) -> tuple[object, ...]:
    """The row of the entry after the head, in ENTRY_COLUMNS, without the hash."""
    return (
        head.count + 1,
        now,
        draft.created,
        draft.user_id,
        draft.kind.value,
        draft.credits,
        draft.amount,
        draft.currency,
        draft.payment_key,
        draft.session_id,
        draft.object_id,
        draft.package,
        draft.idempotency_key,
        draft.source_event,
        draft.corrects,
        account,
        int(livemode),
        draft.note,
    )


def fact_row(fact: Fact, recorded: int, source_event: str | None) -> FactRow:
    """The row of a fact."""
    return FactRow(
        object_id=fact.object_id,
        kind=fact.kind,
        payment_key=fact.payment_key,
        charge_id=fact.charge_id,
        amount=fact.amount,
        currency=fact.currency,
        status=fact.status,
        counted=fact.counted,
        created=fact.created,
        observed=fact.observed,
        recorded=recorded,
        source_event=source_event,
        detail=json.dumps(_detail(fact)),
    )


def _detail(fact: Fact) -> dict[str, object]:
    if isinstance(fact, RefundFact):
        return {}
    said = fact.funds_observation
    # The keys stand in ledger files, so that they stay as they are whatever the fields are called.
    return {
        "told_at": fact.observation.at,
        "rank": fact.observation.rank,
        "movements": [[move.id, move.amount, move.currency] for move in fact.movements],
        "statement": [said.at, said.rank, said.held] if said else None,
    }


def fact_of(row: Row) -> StoredFact:
    """A fact from a row in FACT_COLUMNS."""
    kept = FactRow._make(row)
    detail = json.loads(kept.detail)
    if kept.kind == RefundFact.kind:
        fact: Fact = RefundFact(
            object_id=kept.object_id,
            payment_key=kept.payment_key,
            charge_id=kept.charge_id,
            amount=kept.amount,
            currency=kept.currency,
            status=kept.status,
            created=kept.created,
            observed=kept.observed,
        )
    else:
        fact = DisputeFact(
            object_id=kept.object_id,
            payment_key=kept.payment_key,
            charge_id=kept.charge_id,
            currency=kept.currency,
            created=kept.created,
            observed=kept.observed,
            observation=Observation(detail["told_at"], detail["rank"], kept.status, kept.amount),
            movements=tuple(Movement(*move) for move in detail["movements"]),
            funds_observation=FundsObservation(*detail["statement"]) if detail["statement"] else None,
        )
    return StoredFact(fact, kept.recorded, kept.source_event)


def delivery_values(delivery: Delivery, now: int) -> tuple[object, ...]:
    """The row of a new delivery, for INSERT_DELIVERY."""
    received = delivery if delivery.received else replace(delivery, received=now)
    values: tuple[object, ...] = _values_of_delivery(received)
    return values


def delivery_of(row: Row) -> Delivery:
    """A delivery from a row in DELIVERY_COLUMNS."""
    found = Delivery(*row)
    return replace(found, verified=bool(found.verified))


def run_of(row: Row) -> RunRecord:
    """A run from a row in RUN_COLUMNS."""
    number, kind, started, finished, ok, report = row
    return RunRecord(number, kind, started, finished, bool(ok), json.loads(report))


def attestation_of(row: Row) -> Attestation:
    """An attestation from a row in ATTESTATION_COLUMNS."""
    return Attestation(*row)
