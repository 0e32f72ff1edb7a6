"""Ledger entries: the PaymentEntries of a ledger, and what else of it a judgement rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.ledger.models import Entry, EntryFilter, FindingStatus
from creditctl.ledger.view import LedgerView
from creditctl.payments.entries import payment_of

_A_PAGE = 5000


@dataclass(frozen=True)
class LedgerEntries:
    """What a ledger says of payments, from one view of it."""

    view: LedgerView

    def of_payment(self, payment_key: str, session_id: str | None = None) -> Sequence[Entry]:
        """The entries of one payment, in order, with what corrects them."""
        found = {entry.id: entry for entry in self._about(payment_key)}
        if session_id is not None:
            found |= {entry.id: entry for entry in (*self._about(session_id), *self._by_session(session_id))}
        names = {} if session_id is None else {session_id: payment_key}
        own = [entry for entry in found.values() if payment_of(entry, names) == payment_key]
        return sorted(self._with_corrections(own), key=lambda entry: entry.id)

    def all(self) -> Iterator[Entry]:
        """Every entry, in order."""
        yield from self._pages(EntryFilter())

    def latest_purchases(self, since: int | None, limit: int) -> Sequence[Entry]:
        """The newest entries that gave credits for payments since a moment, newest first."""
        return self.view.entries(EntryFilter(kind=EntryKind.PURCHASE, since=since), limit=limit, newest_first=True)

    def _about(self, payment_key: str) -> Iterator[Entry]:
        return self._pages(EntryFilter(payment_key=payment_key))

    def _by_session(self, session_id: str) -> Iterator[Entry]:
        """The entries of a session whose payment an application calls by a name of its own."""
        keys = {entry.payment_key for entry in self.view.purchases_of_session(session_id) if entry.payment_key}
        for key in sorted(keys):
            yield from self._about(key)

    def _with_corrections(self, entries: Sequence[Entry]) -> list[Entry]:
        """Entries, and the adjustments that correct them, or correct such an adjustment."""
        found = list(entries)
        for entry in found:  # it grows: a correction can be corrected
            found += self._corrections.get(entry.id, ())
        return found

    @cached_property
    def _corrections(self) -> Mapping[int, Sequence[Entry]]:
        """The adjustments by what they correct; people make them, so that they are few."""
        found: dict[int, list[Entry]] = defaultdict(list)
        for entry in self._pages(EntryFilter(kind=EntryKind.ADJUSTMENT)):
            if entry.corrects is not None:
                found[entry.corrects].append(entry)
        return found

    def _pages(self, wanted: EntryFilter) -> Iterator[Entry]:
        after = 0
        while page := self.view.entries(wanted, after_id=after, limit=_A_PAGE):
            yield from page
            after = page[-1].id


def known_facts(view: LedgerView, payment_key: str | None = None) -> dict[str, Fact]:
    """The refunds and disputes that a ledger knows, by id: of one payment, or all."""
    return {stored.fact.object_id: stored.fact for stored in view.facts(payment_key)}


def settled_findings(view: LedgerView) -> dict[tuple[str, str], FindingStatus]:
    """How findings stand in a ledger, by code and subject: open, credited or dismissed."""
    return {(each.finding.code, each.finding.subject): each.status for each in view.findings(None)}
