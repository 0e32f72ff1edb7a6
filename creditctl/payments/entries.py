"""Payment entries: the interface that says what users were given for payments, and what was taken back.

Today a ledger answers it; an application's own table can. Judgements know this interface and its values only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.ledger.models import Balance


class PaymentEntries(Protocol):
    """What users were given for payments, and what was taken back of it, corrections included."""

    def of_payment(self, payment_key: str, other_names: Collection[str] = ()) -> Sequence[CreditEntry]:
        """The entries of one payment, in order, under its key or another name of it: its session, its charges."""

    def payments_named(self, name: str) -> Sequence[str]:
        """The payments of the entries that carry a name, such as an order number of the application's; latest first."""

    def purchases_of(self, user_id: str) -> Sequence[CreditEntry]:
        """The entries that gave a user credits for payments, in order."""

    def of_user(self, user_id: str) -> Iterable[CreditEntry]:
        """Every entry of a user that counts, in order, usage too."""

    def all(self) -> Iterable[CreditEntry]:
        """Every entry, in order."""

    def numbered(self, numbers: Collection[int]) -> Iterable[CreditEntry]:
        """The entries of these numbers, in no order."""

    def called(self, names: Collection[str]) -> Iterable[CreditEntry]:
        """The entries that call their payment by one of these names, in no order; usage is about none."""

    def latest_of_payments(self, since: int | None, limit: int) -> Sequence[CreditEntry]:
        """The newest entries that gave credits for payments, or took them back, since a moment; newest first."""

    def negative_balances(self) -> Sequence[Balance]:
        """The users who have less than nothing, in order of their id; the first of them where there are very many."""


class NoEntries:
    """The entries where nobody keeps any: no user was given anything."""

    def of_payment(self, payment_key: str, other_names: Collection[str] = ()) -> Sequence[CreditEntry]:  # noqa: ARG002
        """None."""
        return ()

    def payments_named(self, name: str) -> Sequence[str]:  # noqa: ARG002
        """None."""
        return ()

    def purchases_of(self, user_id: str) -> Sequence[CreditEntry]:  # noqa: ARG002
        """None."""
        return ()

    def of_user(self, user_id: str) -> Iterable[CreditEntry]:  # noqa: ARG002
        """None."""
        return ()

    def all(self) -> Iterable[CreditEntry]:
        """None."""
        return ()

    def numbered(self, numbers: Collection[int]) -> Iterable[CreditEntry]:  # noqa: ARG002
        """None."""
        return ()

    def called(self, names: Collection[str]) -> Iterable[CreditEntry]:  # noqa: ARG002
        """None."""
        return ()

    def latest_of_payments(self, since: int | None, limit: int) -> Sequence[CreditEntry]:  # noqa: ARG002
        """None."""
        return ()

    def negative_balances(self) -> Sequence[Balance]:
        """None."""
        return ()


def payments_of(entries: Iterable[CreditEntry]) -> list[str]:
    """The payments that entries name, latest first, each once."""
    named = [entry.payment_key for entry in entries if entry.payment_key and entry.kind is not EntryKind.USAGE]
    return list(dict.fromkeys(reversed(named)))


def payment_of(entry: CreditEntry, names: Mapping[str, str]) -> str | None:
    """The payment that an entry belongs to by itself; None for what is about no payment.

    Shape: `names` gives the payment of a session's or a charge's id: an application may use any of its names.
    """
    if entry.kind is EntryKind.USAGE:
        return None
    by_session = names.get(entry.session_id) if entry.session_id else None
    return names.get(entry.payment_key or "") or by_session or entry.payment_key
