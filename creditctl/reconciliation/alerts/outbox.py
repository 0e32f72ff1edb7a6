"""Alert outbox: what is still to be told, claimed before it is sent and settled after, in the ledger.

A claim is a transaction of its own: of two runs at once one gets it. A process that is killed between claim and
settlement leaves a claim without an end; what it was about is claimed again, a few times and less and less often, since
nobody knows whether it arrived. What a receiver refused was certainly not told, and stays due.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from creditctl.core.findings import Severity
from creditctl.ledger.models import AlertKind, AlertOutcome, AlertRecord, Sighting
from creditctl.ledger.sightings import open_sightings
from creditctl.ledger.sqlite.statements import insert, select
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.ledger.view import LedgerView

PAUSE_SECONDS = 15 * 60
"""The shortest time between two alerts: what comes up meanwhile goes into the next."""

MOST_TRIES = 5
"""How often one thing is told without anybody confirming it, before it counts as told."""

_LONGEST_PAUSE_SECONDS = 86_400
_MOST_RECORDS = 50
_COLUMNS = ("id", "recorded", "kind", "findings", "outcome")
_LATEST = select(_COLUMNS, "alerts", "ORDER BY id DESC LIMIT ?")
_BEGIN = insert("alerts", _COLUMNS[1:])
_OF_SIGHTING = "WHERE code = ? AND subject = ? AND first_seen = ?"
_UNKNOWN = (AlertOutcome.SENDING, AlertOutcome.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Claim:
    """An alert that this process is to send. Shape: `fresh` is what it is about, `standing` everything that is open."""

    id: int
    kind: AlertKind
    fresh: tuple[Sighting, ...]
    standing: tuple[Sighting, ...]


def claim(tx: LedgerTransaction, threshold: Severity) -> Claim | None:
    """Claims what is to be told now; None where nothing is, or the last alert is too short ago.

    Shape: findings less bad than `threshold` are never told of.
    """
    standing = tuple(each for each in open_sightings(tx) if each.finding.severity.rank <= threshold.rank)
    records = alert_records(tx)
    fresh = tuple(each for each in standing if each.told is None and each.tries < MOST_TRIES)
    kind = AlertKind.NEW if fresh else AlertKind.CLEAR
    if tx.now < _not_before(records, tx.now) or (not fresh and (standing or not _clear_is_due(records))):
        return None
    row = (tx.now, kind.value, len(fresh), AlertOutcome.SENDING.value)
    number = tx.connection.execute(_BEGIN, row).lastrowid or 0
    _change(tx, fresh, "tries = tries + 1")
    return Claim(number, kind, fresh, standing)


def settle(tx: LedgerTransaction, claimed: Claim, outcome: AlertOutcome) -> None:
    """Keeps what came of an alert. Shape: one that was refused was no try."""
    tx.connection.execute("UPDATE alerts SET outcome = ? WHERE id = ?", (outcome.value, claimed.id))
    if outcome is AlertOutcome.SENT:
        _change(tx, claimed.fresh, f"told = {int(tx.now)}, tries = 0")
    elif outcome is AlertOutcome.REFUSED:
        _change(tx, claimed.fresh, "tries = max(0, tries - 1)")


def alert_records(view: LedgerView) -> list[AlertRecord]:
    """The latest alerts, newest first."""
    rows = view.connection.execute(_LATEST, (_MOST_RECORDS,))
    return [
        AlertRecord(number, recorded, AlertKind(kind), findings, AlertOutcome(outcome))
        for number, recorded, kind, findings, outcome in rows
    ]


def given_up(view: LedgerView) -> int:
    """How many open findings were told of again and again, and nobody ever confirmed it."""
    return sum(each.told is None and each.tries >= MOST_TRIES for each in open_sightings(view))


def _change(tx: LedgerTransaction, sightings: Iterable[Sighting], change: str) -> None:
    """Shape: by the time of the first sighting too, for it may have ended and begun anew while the alert went out."""
    for each in sightings:
        query = f"UPDATE sightings SET {change} {_OF_SIGHTING}"  # noqa: S608 - words of ours, values are bound
        tx.connection.execute(query, (*each.identity, each.first_seen))


def _not_before(records: list[AlertRecord], now: int) -> int:
    """When the next alert may go out: later each time nobody knows what came of the last. Units: Unix seconds.

    Shape: at once where the last is of a time to come, by more than two clocks differ: a clock that ran ahead for one
           run would keep everything back until then.
    """
    if not records or records[0].recorded > now + PAUSE_SECONDS:
        return 0
    unknown = sum(1 for _ in takewhile(lambda each: each.outcome in _UNKNOWN, records))
    return records[0].recorded + min(_LONGEST_PAUSE_SECONDS, PAUSE_SECONDS << max(0, unknown - 1))


def _clear_is_due(records: list[AlertRecord]) -> bool:
    """Whether the last that may have been heard is that something is open; unconfirmed ones may have been heard."""
    heard = [each for each in records if each.outcome is not AlertOutcome.REFUSED]
    cleared = list(takewhile(lambda each: each.kind is AlertKind.CLEAR, heard))
    if len(cleared) == len(heard):
        return False
    return len(cleared) < MOST_TRIES and all(each.outcome in _UNKNOWN for each in cleared)
