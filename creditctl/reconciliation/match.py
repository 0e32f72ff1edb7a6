"""Match: groups the objects that were pulled and the entries into payment cases. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind
from creditctl.payments.case import PaymentCase
from creditctl.payments.entries import payment_of
from creditctl.payments.facts import PaymentFacts
from creditctl.payments.keeper import OUR_LEDGER, Keeper
from creditctl.reconciliation.pulled import Pulled


def match(
    pulled: Pulled, entries: Iterable[CreditEntry], known: Mapping[str, Fact], keeper: Keeper = OUR_LEDGER
) -> list[PaymentCase]:
    """Every payment of the window that either side knows, in the order of their keys.

    Shape: `known` are the refunds and disputes that the ledger knows, by id: what they saw of a movement of
           funds, the lists may no longer show.
    """
    sessions = {sold.session.payment_key: sold for sold in pulled.sessions.values()}
    facts = _facts_by_payment(pulled)
    lines = _entries_by_payment(entries, pulled.names)
    not_understood = {each.payment_key for each in pulled.unreadable}
    cases = (
        PaymentCase.of(
            PaymentFacts(
                key,
                sessions.get(key),
                pulled.intents.get(key),
                tuple(facts.get(key, ())),
                key in pulled.absent,
                charge=pulled.charges.get(key),
            ),
            lines.get(key, ()),
            known,
            keeper,
        )
        for key in sorted({*sessions, *pulled.intents, *pulled.charges, *pulled.absent} - not_understood)
    )
    return [case for case in cases if _in_scope(case, pulled)]


def unknown_payments(pulled: Pulled, entries: Iterable[CreditEntry]) -> list[str]:
    """The payments that the window touches and of which the lists said nothing: to be asked for one by one.

    Shape: an older payment whose refund falls into the window, an entry for what Stripe may not know at all, or the
           session that an entry names of a payment to which no listed one belongs.
    """
    wanted: set[str] = set()
    sold = {session.intent for session in pulled.contents.sessions.values()}
    alone = {intent for intent in pulled.contents.intents if intent not in sold}
    for entry in entries:
        if (
            entry.kind in (EntryKind.PURCHASE, *CLAWBACK_KINDS)
            and entry.payment_key
            and pulled.window.holds(entry.created)
        ):
            wanted.add(entry.payment_key)
            if entry.payment_key in alone and (entry.session_id or "").startswith("cs_"):
                wanted.add(entry.session_id or "")
    wanted |= {fact.payment_key for fact in pulled.facts.values() if pulled.window.holds(fact.created)}
    return sorted(wanted - pulled.settled_keys)


def _facts_by_payment(pulled: Pulled) -> dict[str, list[Fact]]:
    grouped: dict[str, list[Fact]] = defaultdict(list)
    for fact in pulled.facts.values():
        grouped[fact.payment_key].append(fact)
    return grouped


def _entries_by_payment(entries: Iterable[CreditEntry], names: Mapping[str, str]) -> dict[str, list[CreditEntry]]:
    """The entries of each payment; an adjustment belongs to that of the entry that it corrects, else to its own."""
    grouped: dict[str, list[CreditEntry]] = defaultdict(list)
    payments: dict[int, str] = {}
    for entry in entries:
        corrects = entry.corrects if entry.kind is EntryKind.ADJUSTMENT else None
        key = (payments.get(corrects) if corrects else None) or payment_of(entry, names)
        if key is not None:
            payments[entry.id] = key
            grouped[key].append(entry)
    return grouped


def _in_scope(case: PaymentCase, pulled: Pulled) -> bool:
    """Whether anything about a payment falls into the window."""
    moments = [fact.created for fact in case.facts] + [entry.created for entry in case.entries]
    if case.sold is not None:
        moments.append(case.sold.session.created)
    elif case.intent is not None:
        moments.append(case.intent.created)
    return any(map(pulled.window.holds, moments))
