"""Sightings in a ledger: which findings are open, since which run, and about which of them word went out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from creditctl.core.findings import Finding, Severity
from creditctl.ledger.models import FindingStatus, Sighting
from creditctl.ledger.sqlite.statements import insert, select
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.ledger.view import LedgerView


class SightingRow(NamedTuple):
    """A row of `sightings`, in the order of its columns."""

    code: str
    subject: str
    severity: str
    message: str
    fix: str
    payment_key: str | None
    credits: int
    amount: int
    currency: str | None
    first_seen: int
    ended: int | None
    told: int | None
    tries: int


_OPEN = select(SightingRow._fields, "sightings", "WHERE ended IS NULL ORDER BY code, subject")
_BEGIN = insert("sightings", SightingRow._fields, otherwise="REPLACE")
"""One that came back begins anew, and so does what was told of it."""
_CHANGE = (
    "UPDATE sightings SET severity = ?, message = ?, fix = ?, payment_key = ?, credits = ?, amount = ?, currency = ? "
    "WHERE code = ? AND subject = ?"
)


def open_sightings(view: LedgerView) -> list[Sighting]:
    """The findings that are open, by code and subject."""
    return [_sighting(SightingRow._make(row)) for row in view.connection.execute(_OPEN)]


def ended_sightings(view: LedgerView) -> frozenset[tuple[str, str]]:
    """Code and subject of what a run looked at again and no longer found."""
    return frozenset(view.connection.execute("SELECT code, subject FROM sightings WHERE ended IS NOT NULL"))


def sightings_of(view: LedgerView, payment_key: str) -> list[Sighting]:
    """Everything that was found about one payment, open or over."""
    query = select(SightingRow._fields, "sightings", "WHERE payment_key = ? ORDER BY first_seen, code, subject")
    return [_sighting(SightingRow._make(row)) for row in view.connection.execute(query, (payment_key,))]


def keep_sightings(tx: LedgerTransaction, seen: Iterable[Sighting], ended: Collection[tuple[str, str]]) -> None:
    """Writes what is new, what changed and what is over; what stayed as it was costs no write.

    Shape: what a person dismissed while the run went on is not begun again; what grew is open in the ledger by then.
    """
    dismissed = {each.identity for each in tx.findings(FindingStatus.DISMISSED)}
    known = {each.identity: each for each in open_sightings(tx)}
    for each in seen:
        if each.identity in dismissed:
            continue
        before = known.get(each.identity)
        if before is None:
            tx.connection.execute(_BEGIN, _row(each))
        elif _said(before) != _said(each):
            tx.connection.execute(_CHANGE, (*_said(each), *each.identity))
    for code, subject in ended:
        query = "UPDATE sightings SET ended = ? WHERE code = ? AND subject = ? AND ended IS NULL"
        tx.connection.execute(query, (tx.now, code, subject))


def _said(each: Sighting) -> tuple[object, ...]:
    """What may differ from run to run."""
    return tuple(_row(each))[2:9]


def _row(each: Sighting) -> SightingRow:
    finding = each.finding
    return SightingRow(
        *(finding.code, finding.subject, finding.severity.value, finding.message, finding.fix),
        *(each.payment_key, each.credits, each.amount, each.currency),
        *(each.first_seen, each.ended, each.told, each.tries),
    )


def _sighting(row: SightingRow) -> Sighting:
    finding = Finding(row.code, Severity(row.severity), row.subject, row.message, row.fix)
    stake = (row.payment_key, row.credits, row.amount, row.currency)
    return Sighting(finding, *stake, row.first_seen, row.ended, row.told, row.tries)
