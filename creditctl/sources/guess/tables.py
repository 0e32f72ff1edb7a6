"""Tables that look like a ledger: candidates of a database, by the names of its tables and their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from creditctl.core.errors import ConfigurationError, Unreachable
from creditctl.sources.databases.catalogue import columns_by_table
from creditctl.sources.databases.database import relation_of
from creditctl.sources.databases.opening import open_database
from creditctl.sources.databases.url import DatabaseUrl
from creditctl.sources.guess.naming import NAMES, ending_like, folded
from creditctl.sources.guess.sample import MOST_READ

_TABLE_WORDS = {"credit": 3, "ledger": 3, "transaction": 2, "token": 1, "point": 1, "wallet": 1, "log": 1, "event": 1}
_DIARIES = frozenset(("log", "event"))
"""Words that say of a table that it is written to, and not about what."""

_STRIPE_WORDS = ("stripe", "payment_intent", "checkout_session", "session_id", "payment_id", "charge_id", "meta")
_PAYLOADS = frozenset(("payload", "data", "body", "event_data", "attributes"))
"""Columns in which an event store keeps everything that an event says, as JSON."""

_LEAST = 6
_MOST_COUNTED = 8


@dataclass(frozen=True, slots=True)
class TableCandidate:
    """A table that may hold the entries. Shape: `score` is higher for a likelier one."""

    name: str
    score: int
    reason: str


def ledger_tables(url: DatabaseUrl, folder: Path) -> list[TableCandidate]:
    """The tables that look like a ledger, the likeliest first; none where the catalogue may not be asked.

    Shape: of tables with the same columns the fullest: an archive, or a view with a condition, shows a part of them.
    """
    tables = _tables(url, folder)
    found = candidates(tables)
    alike = [each for each in found if set(tables[each.name]) == set(tables[found[0].name])]
    if alike == found[:1]:
        return found
    counts = {each.name: _count(url, folder, each.name) for each in alike[:_MOST_COUNTED]}
    fullest = max(alike[:_MOST_COUNTED], key=lambda each: counts[each.name])
    said = replace(fullest, reason=f"{fullest.reason}, the most rows of {len(alike)} tables with these columns")
    return [said, *(each for each in found if each is not fullest)]


def table_names(url: DatabaseUrl, folder: Path) -> list[str]:
    """The names of all tables, in order; none where the catalogue may not be asked."""
    return sorted(_tables(url, folder))


def _tables(url: DatabaseUrl, folder: Path) -> Mapping[str, Sequence[str]]:
    try:
        with open_database(url, folder).reading() as snapshot:
            return columns_by_table(url, snapshot)
    except Unreachable:
        return {}


def _count(url: DatabaseUrl, folder: Path, table: str) -> int:
    """How many rows a table has, as far as that matters; none where it may not be read."""
    database = open_database(url, folder)
    few = f"SELECT 1 FROM {relation_of(database, url, table)} LIMIT {MOST_READ}"  # noqa: S608 - the name is quoted
    try:
        with database.reading() as snapshot:
            (row,) = snapshot.rows(f"SELECT count(*) FROM ({few}) AS few".replace("%", "%%"))  # noqa: S608 - as above
            return int(str(row[0]))
    except (Unreachable, ConfigurationError):
        return 0


def candidates(tables: Mapping[str, Sequence[str]]) -> list[TableCandidate]:
    """Those of some tables that look like a ledger, the likeliest first. Pure."""
    scored = [_scored(name, columns) for name, columns in tables.items()]
    likely = [each for each in scored if each.score >= _LEAST]
    return sorted(likely, key=lambda each: (-each.score, len(each.name), each.name))


def _scored(name: str, columns: Sequence[str]) -> TableCandidate:
    table, names = folded(name.rpartition(".")[2]), {folded(column) for column in columns}
    words = [word for word in _TABLE_WORDS if word in table]
    score = sum(_TABLE_WORDS[word] for word in words)
    has = {
        "a user": bool(names & set(NAMES["user_id"])) or ending_like(NAMES["user_id"], names) is not None,
        "a time": bool(names & set(NAMES["created"])),
        "numbers of credits": bool(names & set(NAMES["credits"])),
        "ids of Stripe's": any(word in column for column in names for word in _STRIPE_WORDS),
    }
    score += sum(2 for there in has.values() if there)
    events = bool(names & _PAYLOADS) and any(word not in _DIARIES for word in words) and not has["numbers of credits"]
    if events:
        has["events that may say them"], score = True, score + 2
    said = [*(f"it is called {word}" for word in words[:1]), *(what for what, there in has.items() if there)]
    return TableCandidate(name, score if events or has["numbers of credits"] else 0, ", ".join(said))
