"""Source entries: the PaymentEntries of an application's own rows, as they were last read into the archive."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind
from creditctl.ledger.archive.source_models import KeptRow
from creditctl.ledger.archive.source_queries import KeptFilter, SourceRows
from creditctl.ledger.models import Balance
from creditctl.payments.entries import payments_of
from creditctl.payments.ledger_entries import MOST_NEGATIVE
from creditctl.payments.source.source_entry import RowTerms, SourceEntry, entry_of, own_name, whole_credits

_PAYMENT_KINDS = (EntryKind.PURCHASE, *CLAWBACK_KINDS)


@dataclass(frozen=True)
class SourceEntries:
    """What an application says of payments.

    Shape: rows that are planned or given up come too, as such; where balances are `clamped` none is below zero.
    """

    rows: SourceRows
    livemode: bool
    scale: int = 1
    clamped: bool = False

    def of_payment(self, payment_key: str, other_names: Collection[str] = ()) -> Sequence[SourceEntry]:
        """The entries of one payment, in order, under any of its names, with what corrects them."""
        found = [self._entry(kept) for kept in self.rows.named((payment_key, *other_names))]
        known = {entry.id for entry in found}
        for entry in found:  # it grows: a correction can be corrected
            further = [each for each in self._corrections if each.corrects == entry.id and each.id not in known]
            known |= {each.id for each in further}
            found += further
        return [entry for entry in found if entry.kind is not EntryKind.USAGE]

    def payments_named(self, name: str) -> Sequence[str]:
        """The payments of the rows that carry a name: as their payment's, a refund's, or `row ID` as their own."""
        kept, prefix = self.rows.named((name,)), own_name("")
        own = self.rows.by_id(name.removeprefix(prefix)) if name.startswith(prefix) else None
        kept += [] if own is None or own.gone is not None else [own]
        return payments_of(map(self._entry, kept))

    def all(self) -> Iterator[SourceEntry]:
        """Every entry that may be about a payment, in order: usage is none, and there is by far the most of it."""
        yield from map(self._entry, self.rows.rows(KeptFilter(usage=False, void=True)))

    def with_usage(self) -> Iterator[SourceEntry]:
        """Every entry, usage too, in order: for totals of all that users hold."""
        yield from map(self._entry, self.rows.rows(KeptFilter()))

    def of_user(self, user_id: str) -> Iterator[SourceEntry]:
        """Every entry of a user that counts, in order, usage too."""
        rows = map(self._entry, self.rows.rows(KeptFilter(user_id=user_id)))
        return (entry for entry in rows if entry.status == "done")

    def running(self, user_id: str) -> Iterator[tuple[SourceEntry, int]]:
        """Every entry of a user that counts, with what they had after it where balances end at zero.

        Units: the application's smallest unit of credits.
        """
        held = 0
        for entry in self.of_user(user_id):
            held = max(0, held + entry.units)
            yield entry, held

    def clamped_balance(self, user_id: str) -> int:
        """What a user has where balances end at zero. Units: as `running`."""
        return next((held for _, held in reversed(list(self.running(user_id)))), 0)

    def left_to(self, user_id: str, after: int, moments: Sequence[int]) -> int:
        """The least that a user had: right after an entry, or at some moments, where balances end at zero."""
        held, least = dict.fromkeys(moments, 0), 0
        for entry, balance in self.running(user_id):
            held |= {moment: balance for moment in moments if entry.created <= moment}
            least = balance if entry.id == after else least
        return min(held.values()) if moments else least

    def purchases_of(self, user_id: str) -> Sequence[SourceEntry]:
        """The entries that gave a user credits for payments, in order."""
        wanted = KeptFilter(user_id=user_id, kind=EntryKind.PURCHASE)
        return [entry for entry in map(self._entry, self.rows.rows(wanted)) if entry.status == "done"]

    def numbered(self, numbers: Collection[int]) -> Iterator[SourceEntry]:
        """The entries of these numbers, in no order."""
        yield from map(self._entry, self.rows.having("seq", numbers))

    def called(self, names: Collection[str]) -> Iterator[SourceEntry]:
        """The entries that call their payment by one of these names, in no order; usage is about none."""
        kept = map(self._entry, self.rows.having("payment_key", names))
        return (entry for entry in kept if entry.kind is not EntryKind.USAGE)

    def latest_of_payments(self, since: int | None, limit: int) -> Sequence[SourceEntry]:
        """The newest entries that gave credits for payments, or took them back, since a moment; newest first."""
        wanted = KeptFilter(since=since, usage=False)
        rows = map(self._entry, self.rows.rows(wanted, newest_first=True, limit=limit))
        return [entry for entry in rows if entry.kind in _PAYMENT_KINDS and entry.status == "done"]

    def negative_balances(self) -> Sequence[Balance]:
        """The users whose rows come to less than nothing, in order of their id."""
        found = [] if self.clamped else self.rows.negative_balances(MOST_NEGATIVE)
        whole = [replace(each, credits=whole_credits(each.credits, self.scale)) for each in found]
        return [each for each in whole if each.credits < 0]

    def of_filter(self, wanted: KeptFilter, *, newest_first: bool = False, limit: int) -> list[SourceEntry]:
        """The entries that a filter admits, usage too."""
        return list(map(self._entry, self.rows.rows(wanted, newest_first=newest_first, limit=limit)))

    @cached_property
    def _terms(self) -> RowTerms:
        return RowTerms(self.livemode, self.rows.contrary_kinds(), self.scale)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return self.rows.numbers()

    @cached_property
    def _corrections(self) -> list[SourceEntry]:
        """The adjustments that correct another row; people make them, so that they are few."""
        adjustments = map(self._entry, self.rows.rows(KeptFilter(kind=EntryKind.ADJUSTMENT)))
        return [each for each in adjustments if each.corrects is not None]

    def _entry(self, kept: KeptRow) -> SourceEntry:
        return entry_of(kept, self._terms, self._numbers)
