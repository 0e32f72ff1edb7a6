"""Ledger entries: the PaymentEntries of a ledger, and what else of it a judgement rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind
from creditctl.ledger.models import Balance, Entry, EntryFilter, StoredFinding
from creditctl.ledger.view import LedgerView
from creditctl.payments.entries import payment_of, payments_of

_A_PAGE = 5000
MOST_NEGATIVE = 100
"""How many balances below zero are named."""


@dataclass(frozen=True)
class LedgerEntries:
    """What a ledger says of payments, from one view of it."""

    view: LedgerView

    def of_payment(self, payment_key: str, other_names: Collection[str] = ()) -> Sequence[Entry]:
        """The entries of one payment, in order, under any of its names, with what corrects them."""
        found = {entry.id: entry for entry in self._about(payment_key)}
        for name in other_names:
            found |= {entry.id: entry for entry in (*self._about(name), *self._by_session(name))}
        names = dict.fromkeys(other_names, payment_key)
        own = [entry for entry in found.values() if self._payment_of(entry, names) == payment_key]
        return sorted(self._with_corrections(own), key=lambda entry: entry.id)

    def payments_named(self, name: str) -> Sequence[str]:
        """The payments of the entries that carry a name as their payment's, or as that of a refund or dispute."""
        return payments_of((*self._about(name), *self._pages(EntryFilter(object_id=name))))

    def all(self) -> Iterator[Entry]:
        """Every entry, in order."""
        yield from self._pages(EntryFilter())

    def of_user(self, user_id: str) -> Iterator[Entry]:
        """Every entry of a user, in order."""
        yield from self._pages(EntryFilter(user_id=user_id))

    def purchases_of(self, user_id: str) -> Sequence[Entry]:
        """The entries that gave a user credits for payments, in order."""
        return list(self._pages(EntryFilter(user_id=user_id, kind=EntryKind.PURCHASE)))

    def numbered(self, numbers: Collection[int]) -> Iterator[Entry]:
        """The entries of these numbers, in no order."""
        return self.view.entries_of("id", numbers)

    def called(self, names: Collection[str]) -> Iterator[Entry]:
        """The entries that call their payment by one of these names, in no order; usage is about none."""
        found = self.view.entries_of("payment_key", names)
        return (entry for entry in found if entry.kind is not EntryKind.USAGE)

    def latest_of_payments(self, since: int | None, limit: int) -> Sequence[Entry]:
        """The newest entries that gave credits for payments, or took them back, since a moment; newest first."""
        found: list[Entry] = []
        for kind in (EntryKind.PURCHASE, *CLAWBACK_KINDS):
            found += self.view.entries(EntryFilter(kind=kind, since=since), limit=limit, newest_first=True)
        return sorted(found, key=lambda entry: -entry.id)[:limit]

    def negative_balances(self) -> Sequence[Balance]:
        """The users who have less than nothing, in order of their id."""
        return self.view.negative_balances(MOST_NEGATIVE)

    def _about(self, payment_key: str) -> Iterator[Entry]:
        return self._pages(EntryFilter(payment_key=payment_key))

    def _by_session(self, session_id: str) -> Iterator[Entry]:
        """The entries of a session whose payment an application calls by a name of its own."""
        keys = {entry.payment_key for entry in self.view.purchases_of_session(session_id) if entry.payment_key}
        for key in sorted(keys):
            yield from self._about(key)

    def _payment_of(self, entry: Entry, names: Mapping[str, str]) -> str | None:
        """The payment of an entry; an adjustment's is that of the entry that it corrects, where that has one."""
        if entry.kind is EntryKind.ADJUSTMENT and entry.corrects is not None:
            corrected = self.view.entry(entry.corrects)
            return (corrected and payment_of(corrected, names)) or payment_of(entry, names)
        return payment_of(entry, names)

    def _with_corrections(self, entries: Sequence[Entry]) -> list[Entry]:
        """Entries, and the adjustments that correct them, or correct such an adjustment."""
        found, known = list(entries), {entry.id for entry in entries}
        for entry in found:  # it grows: a correction can be corrected
            further = [each for each in self._corrections.get(entry.id, ()) if each.id not in known]
            known |= {each.id for each in further}
            found += further
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


def settled_findings(view: LedgerView) -> dict[tuple[str, str], StoredFinding]:
    """How findings stand in a ledger, by code and subject: open, credited or dismissed."""
    return {each.identity: each for each in view.findings(None)}
