"""Mapped source: the rows that `[source]` describes, as rows to import into our ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.project_file.source import SourceSection
from creditctl.core.stripe_ids import IdKind, id_kind
from creditctl.ledger.archive.source_models import DONE, SourceRow
from creditctl.sources.mapping.row_mapper import RowMapper
from creditctl.sources.mapping.users import UserNames
from creditctl.sources.reading.opening import zone_of
from creditctl.sources.reading.raw_rows import OpenRows, RawRows
from creditctl.sources.source import RawRow
from creditctl.sources.values.bad_value import BadRow

_NEEDS_AMOUNT = (EntryKind.PURCHASE, EntryKind.REFUND, EntryKind.DISPUTE)


@dataclass
class MappedSource:
    """Rows of an application for an import; those that are planned or given up are left out.

    Shape:  `currency` is that of rows that name none.

    Errors: those of opening the rows; ConfigurationError for settings that do not fit them.
    """

    raw: RawRows
    section: SourceSection
    name: str
    livemode: bool
    users: UserNames = field(default_factory=UserNames)
    currency: str | None = None
    row_field: str | None = "id"
    ignored: tuple[str, ...] = ()
    numbered: bool = False
    corrects: bool = True

    def rows(self, after: int | None = None) -> Iterator[RawRow]:  # noqa: ARG002 - it is always read whole
        """Every row that counts, in the order of FIELDS."""
        with self.raw.reading() as opened:
            mapper = self._mapper(opened)
            for raw in opened.rows(mapper.columns):
                place = mapper.name_of(raw.columns) if raw.line is None else raw.line
                try:
                    found = mapper(raw.columns, raw.line)
                except BadRow as error:
                    yield place, error
                    continue
                if isinstance(found, SourceRow) and found.status == DONE:
                    yield place, self._values(found)

    def _mapper(self, opened: OpenRows) -> RowMapper:
        return RowMapper(
            self.section, opened.columns, zone=zone_of(self.section), users=self.users, habits=opened.habits
        )

    def _values(self, row: SourceRow) -> Sequence[object] | BadRow:
        """The values of a row. Shape: a ledger of ours keeps credits in whole numbers, and what money they cost."""
        scale = 10 ** (self.section.credit_decimals or 0)
        if row.credits % scale:
            return BadRow("its credits are no whole number, and a ledger of ours keeps whole ones")
        if row.amount is None and row.kind in _NEEDS_AMOUNT:
            return BadRow(f"a {row.kind} needs an amount: name its column under [source.columns]")
        session = row.payment_key if id_kind(row.payment_key or "") is IdKind.SESSION else None
        livemode = self.livemode if row.livemode is None else row.livemode
        return (
            row.row_id, row.created, row.user_id, row.kind, row.credits // scale, row.amount or 0,
            row.currency or self.currency if row.amount else None,
            row.payment_key, None, livemode, None, None, None, session, row.object_id, row.corrects,
        )  # fmt: skip
