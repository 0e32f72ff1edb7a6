"""Rows of an application in memory, and imports of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from creditctl.ledger.store import Ledger
from creditctl.sources.importer import Import, Spool
from creditctl.sources.report import ImportReport
from creditctl.sources.row import RowReader
from creditctl.sources.source import FIELDS, RawRow
from creditctl.sources.values.bad_value import BadRow
from tests.support.clock import NOW


def row(n: int, **changes: Any) -> dict[str, Any]:
    usual = {
        "id": n,
        "created": NOW + n,
        "user_id": f"user{n % 3}",
        "kind": "purchase",
        "credits": 1000,
        "amount": 1000,
        "currency": "usd",
        "payment_key": f"pi_{n}",
        "package": "starter",
        "livemode": False,
    }
    return usual | changes


@dataclass
class Rows:
    """Rows in memory, numbered as those of a table."""

    held: Sequence[dict[str, Any] | BadRow]
    name: str = "app"
    row_field: str | None = "id"
    ignored: tuple[str, ...] = ()
    numbered: bool = True
    corrects: bool = True
    asked: list[int | None] = field(default_factory=list)

    def rows(self, after: int | None = None) -> Iterator[RawRow]:
        self.asked.append(after)
        for line, held in enumerate(self.held, 2):
            if isinstance(held, BadRow):
                yield line, held
            elif after is None or held["id"] > after:
                yield line, [held.get(name) for name in FIELDS]


def job(ledger: Ledger, source: Rows, **options: Any) -> Import:
    reader = RowReader(source.name, source.row_field, ledger.account, ledger.livemode, {})
    return Import(ledger, source, reader, **options)


def run(ledger: Ledger, source: Rows, **options: Any) -> ImportReport:
    work = job(ledger, source, **options)
    with Spool(ledger.path.parent) as spool:
        return work.load(spool, work.check(spool))
