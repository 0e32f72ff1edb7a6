"""Match: groups the objects that were pulled and the entries into payment cases. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from creditctl.core.entitlement.corrections import corrected_numbers, links_of
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import CLAWBACK_KINDS, EntryKind
from creditctl.ledger.view import LedgerView
from creditctl.payments.case import PaymentCase
from creditctl.payments.entries import payment_of
from creditctl.payments.facts import PaymentFacts
from creditctl.payments.keeper import OUR_LEDGER, Keeper
from creditctl.payments.ledger_entries import known_facts
from creditctl.payments.proven import NOTHING_PROVEN, Proven
from creditctl.payments.verdict import JudgementContext
from creditctl.reconciliation.pulled import Pulled


@dataclass(frozen=True, slots=True)
class Matched:
    """What a run has to judge: the cases, and how many payments and entries were compared for that.

    Shape: `proven` are payments that stand as they should without being judged; `pulled` is what was read of Stripe in
           the end, where more was read for it.
    """

    cases: list[PaymentCase]
    payments: int
    entries: int
    proven: Proven = NOTHING_PROVEN
    pulled: Pulled | None = None


class Matcher(Protocol):
    """How the payments of a run are matched with entries."""

    def __call__(self, pulled: Pulled, context: JudgementContext, view: LedgerView) -> Matched:
        """What has to be judged. Errors: LedgerError."""


def match_all(pulled: Pulled, context: JudgementContext, view: LedgerView) -> Matched:
    """Every payment and every entry, in memory: what any quicker way has to agree with."""
    keeper = context.keeper
    cases = match(pulled, keeper.entries(view).all(), known_facts(view), keeper)
    return Matched(cases, sum(not case.unasked for case in cases), sum(len(case.entries) for case in cases))


def match(
    pulled: Pulled, entries: Iterable[CreditEntry], known: Mapping[str, Fact], keeper: Keeper = OUR_LEDGER
) -> list[PaymentCase]:
    """Every payment of the window that either side knows, in the order of their keys.

    Shape: `known` are the refunds and disputes that the ledger knows, by id: what they saw of a movement of
           funds, the lists may no longer show.
    """
    lines = entries_by_payment(entries, pulled.names)
    payments = payments_of(pulled, payment_keys(pulled))
    cases = (PaymentCase.of(each, lines.get(each.key, ()), known, keeper) for each in payments)
    return [case for case in cases if in_scope(case, pulled)]


def payment_keys(pulled: Pulled) -> set[str]:
    """The payments of which Stripe was read, without those that could not be understood."""
    sessions = (sold.session.payment_key for sold in pulled.sessions.values())
    not_understood = {each.payment_key for each in pulled.unreadable}
    return {*sessions, *pulled.intents, *pulled.charges, *pulled.absent, *pulled.unasked} - not_understood


def payments_of(pulled: Pulled, wanted: Collection[str]) -> Iterator[PaymentFacts]:
    """What Stripe says of each of these payments, in the order of their keys."""
    sessions = {sold.session.payment_key: sold for sold in pulled.sessions.values()}
    facts = _facts_by_payment(pulled)
    for key in sorted(wanted):
        yield PaymentFacts(
            key,
            sessions.get(key),
            pulled.intents.get(key),
            tuple(facts.get(key, ())),
            key in pulled.absent,
            charge=pulled.charges.get(key),
            unasked=key in pulled.unasked,
        )


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


def entries_by_payment(entries: Iterable[CreditEntry], names: Mapping[str, str]) -> dict[str, list[CreditEntry]]:
    """The entries of each payment; an adjustment belongs to that of the entry that it corrects, else to its own."""
    about = [entry for entry in entries if entry.kind is not EntryKind.USAGE]
    own = {entry.id: payment_of(entry, names) for entry in about}
    links = links_of(about)
    grouped: dict[str, list[CreditEntry]] = defaultdict(list)
    for entry in about:
        numbers = corrected_numbers(entry.id, links) if entry.id in links else (entry.id,)
        key = next((key for number in reversed(numbers) if (key := own.get(number)) is not None), None)
        if key is not None:
            grouped[key].append(entry)
    return grouped


def in_scope(case: PaymentCase, pulled: Pulled) -> bool:
    """Whether anything about a payment falls into the window."""
    moments = [fact.created for fact in case.facts] + [entry.created for entry in case.entries]
    if case.sold is not None:
        moments.append(case.sold.session.created)
    elif case.intent is not None:
        moments.append(case.intent.created)
    return any(map(pulled.window.holds, moments))
