"""Queries behind the overview pages: newest objects of a kind, deliveries, endpoints, search; nothing is written."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from creditctl.emulator.api.accounts import Accounts
from creditctl.emulator.api.context import Services
from creditctl.emulator.storage.account_scope import AccountScope
from creditctl.emulator.storage.object_types import CHARGE, EVENT, WEBHOOK_ENDPOINT, Body, ObjectType
from creditctl.emulator.storage.store import Store, decode

PAGE_ROWS = 25
MOST_FOUND = 50
SEARCHED_OBJECTS = 50_000
"""How many of the newest objects a search reads, so that it stays quick in a large state."""


class AccountCount(NamedTuple):
    """An account in one mode, and how much it holds."""

    scope: AccountScope
    objects: int
    last: int


class Sheet(NamedTuple):
    """Part of a list: its rows, and where the older ones begin (None: there are none)."""

    rows: list[Body]
    older: int | None


def account_counts(services: Services, accounts: Accounts) -> list[AccountCount]:
    """Every account, the one that changed last first."""
    rows = services.store.db.execute("SELECT scope, count(*), max(seq) FROM objects GROUP BY scope").fetchall()
    held = {scope: (count, last) for scope, count, last in rows}
    found = [AccountCount(scope, *held.get(scope.id, (0, 0))) for scope in accounts.all()]
    return sorted(found, key=lambda entry: entry.last, reverse=True)


def newest(store: Store, scope: int, kind: ObjectType, most: int, before: int | None = None) -> Sheet:
    """The newest objects of a kind, as bodies with their place (`_seq`)."""
    rows = store.db.execute(
        "SELECT seq, body FROM objects WHERE scope = ? AND kind = ? AND deleted = 0 AND (? IS NULL OR seq < ?) "
        "ORDER BY seq DESC LIMIT ?",
        (scope, kind.name, before, before, most + 1),
    ).fetchall()
    return _sheet([{**decode(body), "_seq": seq} for seq, body in rows], most)


def _sheet(rows: list[Body], most: int) -> Sheet:
    shown = rows[:most]
    return Sheet(shown, shown[-1]["_seq"] if len(rows) > most else None)


def with_charges(store: Store, scope: int, intents: Sequence[Body]) -> list[Body]:
    """Payment intents, each with what became of its latest charge."""
    return [{**intent, "charge": _charge(store, scope, intent["latest_charge"])} for intent in intents]


def _charge(store: Store, scope: int, charge: str | None) -> Body:
    row = store.get(scope, charge) if charge else None
    return row.decoded() if row is not None and row.kind == CHARGE.name else {}


def deliveries(store: Store, scope: int, most: int, before: int | None = None, *, event: str | None = None) -> Sheet:
    """The newest deliveries, each with its event's type, its endpoint's URL and the answers so far."""
    rows = store.db.execute(
        "SELECT d.id, d.event, d.endpoint, d.due, d.state, o.label FROM deliveries d "
        "LEFT JOIN objects o ON o.scope = d.scope AND o.id = d.event "
        "WHERE d.scope = ? AND (? IS NULL OR d.id < ?) AND (? IS NULL OR d.event = ?) ORDER BY d.id DESC LIMIT ?",
        (scope, before, before, event, event, most + 1),
    ).fetchall()
    names = ("_seq", "event", "endpoint", "due", "state", "type")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for entry in found[:most]:
        entry |= {"url": endpoint_url(store, scope, entry["endpoint"]), "attempts": attempts(store, entry["_seq"])}
    return _sheet(found, most)


def delivery(store: Store, number: int) -> tuple[int, Body] | None:
    """One delivery with its account's scope."""
    row = store.db.execute("SELECT scope FROM deliveries WHERE id = ?", (number,)).fetchone()
    if row is None:
        return None
    return row[0], deliveries(store, row[0], 1, number + 1).rows[0]


def endpoint_url(store: Store, scope: int, endpoint: str) -> str:
    """Where an endpoint's deliveries go; a listening CLI has no URL."""
    row = store.get(scope, endpoint)
    return row.decoded()["url"] if row is not None and row.kind == WEBHOOK_ENDPOINT.name else "stripe listen"


def attempts(store: Store, number: int) -> list[dict[str, Any]]:
    """Every attempt of a delivery, oldest first."""
    rows = store.db.execute(
        "SELECT at, status, error, duration_ms, response FROM attempts WHERE delivery = ? ORDER BY id", (number,)
    ).fetchall()
    names = ("at", "status", "error", "duration_ms", "response")
    return [dict(zip(names, (*row[:4], (row[4] or b"").decode("utf-8", "replace")), strict=True)) for row in rows]


def holder(store: Store, object_id: str) -> int | None:
    """The scope of the account that has an object."""
    row = store.db.execute(
        "SELECT scope FROM objects WHERE scope IN (SELECT scope FROM scopes) AND id = ? LIMIT 1", (object_id,)
    ).fetchone()
    return row[0] if row else None


def events_about(store: Store, scope: int, object_id: str, most: int) -> list[Body]:
    """The newest events whose object this is."""
    rows = store.db.execute(
        "SELECT seq, body FROM objects WHERE scope = ? AND kind = ? "
        "AND json_extract(CAST(body AS TEXT), '$.data.object.id') = ? ORDER BY seq DESC LIMIT ?",
        (scope, EVENT.name, object_id, most),
    ).fetchall()
    return [{**decode(body), "_seq": seq} for seq, body in rows]


def search(store: Store, scope: int, text: str) -> list[tuple[str, str, int]]:
    """Objects in which a text stands: kind, id and time, exact ids first, then the newest."""
    newest_seq = store.db.execute("SELECT coalesce(max(seq), 0) FROM objects").fetchone()[0]
    return store.db.execute(
        "SELECT kind, id, created FROM objects WHERE scope = ? AND (id = ? OR (seq > ? AND instr("
        "CAST(body AS TEXT), ?) > 0)) ORDER BY id = ? DESC, seq DESC LIMIT ?",
        (scope, text, newest_seq - SEARCHED_OBJECTS, text, text, MOST_FOUND),
    ).fetchall()
