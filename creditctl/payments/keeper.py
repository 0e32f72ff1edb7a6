"""Keeper of entries: our ledger, or an application whose rows are judged in its place (interface, and the ledger's)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.ledger.store import Ledger
from creditctl.ledger.view import LedgerView
from creditctl.payments.books import LEDGER, Books
from creditctl.payments.entries import PaymentEntries
from creditctl.payments.facts import PaymentFacts
from creditctl.payments.ledger_entries import LedgerEntries


class Keeper(Protocol):
    """Who keeps the entries that payments are judged by."""

    @property
    def books(self) -> Books:
        """How findings speak of it."""

    @property
    def read_at(self) -> int | None:
        """When the entries were read; None where they are as they stand now. Units: Unix seconds."""

    def entries(self, view: LedgerView) -> PaymentEntries:
        """The entries. Shape: those of a ledger are of this view of it."""

    def told(self, stripe: PaymentFacts) -> PaymentFacts:
        """What Stripe says of a payment, as far as this keeper takes credits for it."""

    def fitted(self, stripe: PaymentFacts, entries: Sequence[CreditEntry]) -> Sequence[CreditEntry]:
        """The entries of one payment, completed by what Stripe says of it."""

    @property
    def clamped(self) -> bool | None:
        """Whether balances end at zero, whatever is taken back; None where nobody said it."""

    def nothing_left(self, entry: CreditEntry, moments: Sequence[int]) -> bool:
        """Whether a user had nothing left to take, where balances end at zero.

        Shape: after an entry that took; or, at one of some moments, of the purchase that `entry` is then.
        """


@dataclass(frozen=True, slots=True)
class LedgerKeeper:
    """Our own ledger: its entries say everything themselves."""

    @property
    def books(self) -> Books:
        """As Keeper says."""
        return LEDGER

    @property
    def read_at(self) -> int | None:
        """As Keeper says."""
        return None

    def entries(self, view: LedgerView) -> LedgerEntries:
        """As Keeper says."""
        return LedgerEntries(view)

    def told(self, stripe: PaymentFacts) -> PaymentFacts:
        """As Stripe says."""
        return stripe

    def fitted(self, stripe: PaymentFacts, entries: Sequence[CreditEntry]) -> Sequence[CreditEntry]:  # noqa: ARG002
        """As they are."""
        return entries

    @property
    def clamped(self) -> bool | None:
        """Its balances may go below zero."""
        return False

    def nothing_left(self, entry: CreditEntry, moments: Sequence[int]) -> bool:  # noqa: ARG002
        """Nobody asks: all of it is taken."""
        return False


OUR_LEDGER = LedgerKeeper()


@contextmanager
def reading_entries(ledger: Ledger, keeper: Keeper = OUR_LEDGER) -> Iterator[PaymentEntries]:
    """Opens the entries for reading. Shape: beside an application's own the ledger holds findings only."""
    with ledger.reading() as view:
        yield keeper.entries(view)
