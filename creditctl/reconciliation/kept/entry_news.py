"""Entry news: the entries that a night has to look at, because they are new or nothing explains them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.payments.entries import PaymentEntries
from creditctl.reconciliation.pulled import EntryNews, Pulled


def with_corrected(entries: PaymentEntries, numbers: Collection[int]) -> dict[int, CreditEntry]:
    """The entries of these numbers, and those that they correct, which say what payment they are about."""
    found = {entry.id: entry for entry in entries.numbered(numbers)}
    further = _corrected(found)
    while further:
        more = {entry.id: entry for entry in entries.numbered(further)}
        if not more:
            break
        found |= more
        further = _corrected(found)
    return found


def _corrected(found: Mapping[int, CreditEntry]) -> set[int]:
    return {entry.corrects for entry in found.values() if entry.corrects is not None} - found.keys()


def spoken_names(entries: Iterable[CreditEntry]) -> set[str]:
    """Every name of a payment that entries carry: that of the payment, and of its session."""
    return {name for entry in entries for name in (entry.payment_key, entry.session_id) if name}


def entries_of_part(entries: PaymentEntries, listed: Pulled, news: EntryNews) -> Collection[CreditEntry]:
    """The entries that say something of a part of the payments, under whatever name."""
    found = with_corrected(entries, news.numbers)
    keys = {sold.session.payment_key for sold in listed.sessions.values()}
    called = entries.called({*keys, *listed.intents, *listed.names, *news.names, *listed.rest_names})
    return {**found, **{entry.id: entry for entry in called}}.values()
