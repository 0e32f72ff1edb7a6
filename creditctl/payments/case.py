"""Brings together, payment by payment, what Stripe says and what the ledger holds. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from creditctl.core.entitlement.facts import DisputeFact, Fact, RefundFact
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind
from creditctl.ledger.models import Entry
from creditctl.payments.facts import IntentFacts, Pulled, SoldSession


@dataclass(frozen=True)
class Case:
    """One payment from both sides; either may be empty.

    Shape: `key` is the payment's key by Stripe's account of it; the ledger may have used the session's id instead.
           `entries` are in the order of the ledger. `absent` means that Stripe was asked and does not know it.
    """

    key: str
    sold: SoldSession | None
    intent: IntentFacts | None
    facts: tuple[Fact, ...]
    entries: tuple[Entry, ...]
    absent: bool = False

    @cached_property
    def purchases(self) -> tuple[Entry, ...]:
        """The entries that gave credits."""
        return tuple(entry for entry in self.entries if entry.kind is EntryKind.PURCHASE)

    @property
    def main(self) -> Entry:
        """The purchase that refunds are reckoned against: the first one under the payment's own key, as posting has it.

        Errors: IndexError where there is none.
        """
        own = [entry for entry in self.purchases if entry.payment_key == self.key]
        return (*own, *self.purchases)[0]

    @cached_property
    def clawbacks(self) -> tuple[Entry, ...]:
        """The entries that took credits back, or returned them."""
        return tuple(entry for entry in self.entries if entry.kind in CLAWBACK_KINDS)

    @property
    def granted(self) -> dict[str, int]:
        """Who holds how many credits of this payment, corrections included and what was taken back not."""
        totals: Counter[str] = Counter()
        for entry in (*self.purchases, *self._corrections(self.purchases)):
            totals[entry.user_id] += entry.credits
        return {user: credits for user, credits in totals.items() if credits}

    @property
    def taken(self) -> int:
        """How many credits were taken back, corrections of that included."""
        return -sum(entry.credits for entry in (*self.clawbacks, *self._corrections(self.clawbacks)))

    def recorded_after(self, moment: int) -> bool:
        """Whether the ledger wrote about this payment after a moment."""
        return any(entry.recorded > moment for entry in self.entries)

    def _corrections(self, corrected: Sequence[Entry]) -> tuple[Entry, ...]:
        if len(self.entries) == len(corrected):
            return ()
        ids = {entry.id for entry in corrected}
        return tuple(entry for entry in self.entries if entry.kind is EntryKind.ADJUSTMENT and entry.corrects in ids)


def match(pulled: Pulled, entries: Iterable[Entry], known: Mapping[str, Fact]) -> list[Case]:
    """Every payment of the window that either side knows, in the order of their keys.

    Shape: `known` are the refunds and disputes that the ledger has heard of, by id: what they saw of a movement of
           funds, the lists may no longer show.
    """
    names = {sold.session.id: sold.session.payment_key for sold in pulled.sessions.values()}
    sessions = {sold.session.payment_key: sold for sold in pulled.sessions.values()}
    facts = _facts_by_payment(pulled, known)
    lines = _entries_by_payment(entries, names)
    not_understood = {each.payment_key for each in pulled.unreadable}
    cases = (
        Case(
            key,
            sessions.get(key),
            pulled.intents.get(key),
            tuple(facts.get(key, ())),
            tuple(lines.get(key, ())),
            key in pulled.absent,
        )
        for key in sorted({*sessions, *pulled.intents, *pulled.absent} - not_understood)
    )
    return [case for case in cases if _in_scope(case, pulled)]


def unknown_payments(pulled: Pulled, entries: Iterable[Entry]) -> list[str]:
    """The payments that the window touches and of which the lists said nothing: to be asked for one by one.

    Shape: an older payment whose refund falls into the window, or an entry for what Stripe may not know at all.
    """
    wanted: set[str] = set()
    for entry in entries:
        if (
            entry.kind in (EntryKind.PURCHASE, *CLAWBACK_KINDS)
            and entry.payment_key
            and pulled.window.holds(entry.created)
        ):
            wanted.add(entry.payment_key)
    wanted |= {fact.payment_key for fact in pulled.facts.values() if pulled.window.holds(fact.created)}
    return sorted(wanted - pulled.settled_keys)


def _facts_by_payment(pulled: Pulled, known: Mapping[str, Fact]) -> dict[str, list[Fact]]:
    grouped: dict[str, list[Fact]] = defaultdict(list)
    for fact in sorted(pulled.facts.values(), key=lambda fact: (fact.created, fact.object_id)):
        grouped[fact.payment_key].append(_merged(fact, known.get(fact.object_id)))
    return grouped


def _merged(read: Fact, heard: Fact | None) -> Fact:
    if isinstance(read, RefundFact) and isinstance(heard, RefundFact):
        return read.merge(heard)
    if isinstance(read, DisputeFact) and isinstance(heard, DisputeFact):
        return read.merge(heard)
    return read


def _entries_by_payment(entries: Iterable[Entry], names: Mapping[str, str]) -> dict[str, list[Entry]]:
    """The entries of each payment; an adjustment belongs to the payment of the entry that it corrects."""
    grouped: dict[str, list[Entry]] = defaultdict(list)
    payments: dict[int, str] = {}
    for entry in entries:
        key = (
            payments.get(entry.corrects)
            if entry.kind is EntryKind.ADJUSTMENT and entry.corrects
            else _key(entry, names)
        )
        if key is not None:
            payments[entry.id] = key
            grouped[key].append(entry)
    return grouped


def _key(entry: Entry, names: Mapping[str, str]) -> str | None:
    if entry.kind is EntryKind.ADJUSTMENT or entry.kind is EntryKind.USAGE:
        return None
    by_session = names.get(entry.session_id) if entry.session_id else None
    return names.get(entry.payment_key or "") or by_session or entry.payment_key


def _in_scope(case: Case, pulled: Pulled) -> bool:
    """Whether anything about a payment falls into the window."""
    moments = [fact.created for fact in case.facts] + [entry.created for entry in case.entries]
    if case.sold is not None:
        moments.append(case.sold.session.created)
    elif case.intent is not None:
        moments.append(case.intent.created)
    return any(map(pulled.window.holds, moments))
