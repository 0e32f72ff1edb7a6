"""Payment case: one payment from both sides, what Stripe says of it and what users were given. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from creditctl.core.entitlement.corrections import CorrectedEntries, credits_by_user
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import DisputeFact, Fact, RefundFact
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind
from creditctl.payments.books import LEDGER, Books
from creditctl.payments.facts import ChargeFacts, IntentFacts, PaymentFacts, SoldSession, Unreadable
from creditctl.payments.keeper import OUR_LEDGER, Keeper

MOST_EVIDENCE = 20
"""How many entries of one payment a finding names."""


@dataclass(frozen=True)
class PaymentCase:
    """One payment from both sides; either may be empty.

    Shape: `key` is the payment's key by Stripe's account of it; the entries may use the session's id instead.
           `entries` are in their order. `absent` means that Stripe was asked and does not know it; of what is
           `unreadable` nothing can be said. `names` are what entries may call it instead of its key; `charge` is one
           that belongs to no payment intent. Of an application's own rows `planned` are those that wait for the
           money, and `given_up` says that there is one that does not count any more. Of what only entries name, and
           nobody asked Stripe for (`unasked`), nothing can be said.
    """

    key: str
    sold: SoldSession | None
    intent: IntentFacts | None
    facts: tuple[Fact, ...]
    entries: tuple[CreditEntry, ...]
    absent: bool = False
    unreadable: tuple[Unreadable, ...] = ()
    names: frozenset[str] = frozenset()
    charge: ChargeFacts | None = None
    books: Books = LEDGER
    planned: tuple[CreditEntry, ...] = ()
    given_up: bool = False
    unasked: bool = False

    @classmethod
    def of(
        cls,
        stripe: PaymentFacts,
        entries: Iterable[CreditEntry],
        known: Mapping[str, Fact],
        keeper: Keeper = OUR_LEDGER,
    ) -> PaymentCase:
        """The case of a payment as Stripe tells it, its entries, and the refunds and disputes known by their ids."""
        stripe = keeper.told(stripe)
        found = keeper.fitted(stripe, tuple(entries))
        facts = tuple(merged(fact, known.get(fact.object_id)) for fact in in_time(stripe.facts))
        return cls(
            stripe.key,
            stripe.sold,
            stripe.intent,
            facts,
            tuple(entry for entry in found if entry.status == "done"),
            stripe.absent,
            stripe.unreadable,
            stripe.other_names,
            stripe.charge,
            keeper.books,
            tuple(entry for entry in found if entry.status == "pending"),
            any(entry.status == "void" for entry in found),
            stripe.unasked,
        )

    @property
    def session_id(self) -> str | None:
        """The checkout session of the payment, where one belongs to it."""
        return None if self.sold is None else self.sold.session.id

    @property
    def paid_in_all(self) -> int | None:
        """What the session came to, fees included; None where there is none. Units: minor units of its currency."""
        return None if self.sold is None else self.sold.session.amount_total

    @cached_property
    def purchases(self) -> tuple[CreditEntry, ...]:
        """The entries that gave credits."""
        return tuple(entry for entry in self.entries if entry.kind is EntryKind.PURCHASE)

    @property
    def main(self) -> CreditEntry:
        """The purchase that refunds are reckoned against: the first one under the payment's own key, as posting has it.

        Errors: IndexError where there is none.
        """
        own = [entry for entry in self.purchases if entry.payment_key == self.key]
        return (*own, *self.purchases)[0]

    @cached_property
    def clawbacks(self) -> tuple[CreditEntry, ...]:
        """The entries that took credits back, or returned them."""
        return tuple(entry for entry in self.entries if entry.kind in CLAWBACK_KINDS)

    @cached_property
    def corrected(self) -> CorrectedEntries:
        """The entries beside what they correct."""
        return CorrectedEntries.of(self.entries)

    @property
    def granted(self) -> dict[str, int]:
        """Who holds how many credits of this payment, corrections included and what was taken back not."""
        return self.corrected.held({})

    @property
    def balance(self) -> dict[str, int]:
        """What all entries of this payment come to for each user; none of it is due where nothing was paid for."""
        totals = credits_by_user(self.entries)
        return {user: credits for user, credits in sorted(totals.items()) if credits}

    @property
    def evidence(self) -> tuple[str, ...]:
        """The names of everything that says something of this payment: Stripe's objects first, then the entries."""
        charge = self.charge if self.intent is None else self.intent.charge
        charge_id = None if charge is None else charge.id
        objects = (self.key, self.session_id, charge_id, *(fact.object_id for fact in self.facts))
        entries = tuple(self.books.named(entry) for entry in (*self.entries, *self.planned))
        return tuple(dict.fromkeys(filter(None, (*objects, *entries[:MOST_EVIDENCE]))))


def in_time(facts: Iterable[Fact]) -> list[Fact]:
    """Refunds and disputes in the order in which they were made."""
    return sorted(facts, key=lambda fact: (fact.created, fact.object_id))


def merged(read: Fact, known: Fact | None) -> Fact:
    """What was read of a refund or dispute, with what was known: it saw movements that a list may no longer show."""
    if isinstance(read, RefundFact) and isinstance(known, RefundFact):
        return read.merge(known)
    if isinstance(read, DisputeFact) and isinstance(known, DisputeFact):
        return read.merge(known)
    return read
