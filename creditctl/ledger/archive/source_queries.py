"""Source queries: the kept rows of an application by payment, user or time; their sums; what changed of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from creditctl.ledger.archive import source_schema
from creditctl.ledger.archive.file import ArchiveFile
from creditctl.ledger.archive.source_models import KeptRow, SourceBalanceRow, SourceChange, SourceRow
from creditctl.ledger.models import Balance
from creditctl.ledger.sqlite.statements import among, batched, select

KEPT_COLUMNS = ("seq", "gone", *SourceRow._fields)

_ORDER = "ORDER BY created, seq"
_AFTER = "(created, seq) > (SELECT created, seq FROM source_rows WHERE seq = ?)"
_BEFORE = "(created, seq) < (SELECT created, seq FROM source_rows WHERE seq = ?)"
_CACHED = """
    WITH counted AS (SELECT user_id, sum(credits) AS credits FROM source_counted GROUP BY user_id)
    SELECT b.user_id, b.credits, coalesce(c.credits, 0) FROM source_balances b
    LEFT JOIN counted c USING (user_id) WHERE b.credits <> coalesce(c.credits, 0) ORDER BY b.user_id
"""
_NEGATIVE = """
    SELECT user_id, sum(credits), count(*) FROM source_counted
    WHERE user_id IS NOT NULL GROUP BY user_id HAVING sum(credits) < 0 ORDER BY user_id LIMIT ?
"""
_CHANGES = select(
    ("c.id", "c.noticed", "c.before", *(f"r.{name}" for name in KEPT_COLUMNS)),
    "source_changes c JOIN source_rows r USING (row_id)",
    "ORDER BY c.id",
)
_NAMED = select(
    KEPT_COLUMNS,
    "source_rows",
    "WHERE gone IS NULL AND (payment_key IN (SELECT value FROM json_each(:names)) "
    "OR object_id IN (SELECT value FROM json_each(:names))) ORDER BY created, seq",
)
_GONE_PURCHASES = select(
    KEPT_COLUMNS,
    "source_rows",
    "WHERE gone IS NOT NULL AND kind = 'purchase' AND status = 'done' AND payment_key IS NOT NULL",
)
_NUMBERS = """
    SELECT row_id, seq FROM source_rows
    WHERE row_id IN (SELECT corrects FROM source_rows WHERE corrects IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class KeptFilter:
    """Filter of kept rows; None admits all. Shape: `after` is the number of a row, in the order asked for.

    Units: `since` <= created < `until`, Unix seconds.
    """

    user_id: str | None = None
    kind: str | None = None
    payment_key: str | None = None
    since: int | None = None
    until: int | None = None
    usage: bool = True
    void: bool = False
    after: int | None = None


@dataclass(frozen=True)
class SourceRows:
    """The rows of a source that stand in its archive, those left out that are void or gone."""

    file: ArchiveFile

    def rows(self, wanted: KeptFilter, *, newest_first: bool = False, limit: int | None = None) -> Iterator[KeptRow]:
        """The rows that a filter admits, in order of their time."""
        where, values = _condition(wanted)
        order = "ORDER BY created DESC, seq DESC" if newest_first else _ORDER
        if wanted.after is not None:
            where = f"{where} AND {_BEFORE if newest_first else _AFTER}"
            values = [*values, wanted.after]
        query = select(KEPT_COLUMNS, "source_rows", f"WHERE {where} {order} LIMIT ?")
        yield from map(kept_row, self._all(query, (*values, -1 if limit is None else limit)))

    def named(self, names: Sequence[str]) -> list[KeptRow]:
        """The rows that call a payment, a refund or a dispute by one of these names, in order; void ones too."""
        return list(map(kept_row, self._all(_NAMED, {"names": json.dumps(list(names))})))

    def having(
        self, column: Literal["seq", "payment_key"], values: Collection[int] | Collection[str]
    ) -> Iterator[KeptRow]:
        """The rows that have one of these values, in no order; void ones too."""
        for some in batched(values):
            query = select(KEPT_COLUMNS, "source_rows", f"WHERE gone IS NULL AND {among(column)}")
            yield from map(kept_row, self._all(query, (json.dumps(some),)))

    def by_id(self, row_id: str) -> KeptRow | None:
        """One row by the application's own id."""
        query = select(KEPT_COLUMNS, "source_rows", "WHERE row_id = ?")
        return next(map(kept_row, self._all(query, (row_id,))), None)

    def gone_purchases(self) -> list[KeptRow]:
        """The booked rows that gave credits for a payment and are gone, why ever."""
        return [kept_row(row) for row in self._all(_GONE_PURCHASES)]

    def numbers(self) -> dict[str, int]:
        """The numbers of all rows that another row corrects, by their ids."""
        return dict(self._all(_NUMBERS))

    def contrary_kinds(self) -> frozenset[str]:
        """The kinds of which a few rows have the opposite sign, and are meant so."""
        return frozenset(row[0] for row in self._all(select(("kind",), "source_contrary")))

    def balances(self, after: str | None = None, limit: int | None = None) -> list[tuple[str, int, int]]:
        """User, sum and number of rows, in order of the users."""
        rest = "WHERE user_id > ? GROUP BY user_id ORDER BY user_id LIMIT ?"
        query = select(("user_id", "sum(credits)", "count(*)"), "source_counted", rest)
        return [tuple(row) for row in self._all(query, (after or "", -1 if limit is None else limit))]

    def balance(self, user_id: str) -> tuple[int, int]:
        """Sum and number of one user's rows."""
        query = select(("coalesce(sum(credits), 0)", "count(*)"), "source_counted", "WHERE user_id = ?")
        return next(((row[0], row[1]) for row in self._all(query, (user_id,))), (0, 0))

    def wrong_balances(self) -> list[SourceBalanceRow]:
        """Every user whose cached balance is not the sum of their rows."""
        return [SourceBalanceRow(*row) for row in self._all(_CACHED)]

    def negative_balances(self, limit: int) -> list[Balance]:
        """The users whose rows come to less than nothing. Units: the application's smallest unit of credits."""
        return [Balance(*row) for row in self._all(_NEGATIVE, (limit,))]

    def cached_count(self) -> int:
        """How many cached balances there are."""
        return sum(int(row[0]) for row in self._all(select(("count(*)",), "source_balances")))

    def changes(self) -> list[SourceChange]:
        """The last change of every booked row that says something else now; what was taken back is none."""
        found: dict[int, SourceChange] = {}
        over: set[int] = set()
        for number, noticed, before, *row in self._all(_CHANGES):
            kept, old = kept_row(row), unpacked(before)
            after = None if kept.gone is not None else kept.row
            if after is None or after.contradicts(old):
                found[kept.seq] = SourceChange(number, noticed, old, after, kept.seq)
            else:
                over.add(kept.seq)
        return [change for seq, change in found.items() if seq not in over]

    def _all(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
        with self.file.read_session() as connection:
            return connection.execute(query, values).fetchall() if source_schema.exists(connection) else []


def kept_row(values: Sequence[Any]) -> KeptRow:
    """A row in KEPT_COLUMNS as a value."""
    seq, gone, *fields = values
    row = SourceRow._make(fields)
    livemode = None if row.livemode is None else bool(row.livemode)
    return KeptRow(seq, gone, row._replace(contrary=bool(row.contrary), livemode=livemode))


def packed(row: SourceRow) -> str:
    """A row as a text, beside the one that it became."""
    return json.dumps(list(row))


def unpacked(text: str) -> SourceRow:
    """A row from its text."""
    return SourceRow._make(json.loads(text))


def _condition(wanted: KeptFilter) -> tuple[str, list[object]]:
    terms = [
        ("user_id = ?", wanted.user_id),
        ("kind = ?", wanted.kind),
        ("payment_key = ?", wanted.payment_key),
        ("created >= ?", wanted.since),
        ("created < ?", wanted.until),
    ]
    used = [(term, value) for term, value in terms if value is not None]
    more = ["gone IS NULL"]
    more += [] if wanted.usage else ["kind <> 'usage'"]
    more += [] if wanted.void else ["status <> 'void'"]
    return " AND ".join((*more, *(term for term, _ in used))), [value for _, value in used]
