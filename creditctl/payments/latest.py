"""Latest payments: the newest finished sessions and what was given beside them, read and judged for the checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import starmap

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact, SessionFacts
from creditctl.payments.case import PaymentCase
from creditctl.payments.entries import PaymentEntries
from creditctl.payments.facts import IntentFacts, PaymentFacts, Unreadable
from creditctl.payments.judgement.unexplained import judge_together
from creditctl.payments.keeper import OUR_LEDGER, Keeper
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.verdict import JudgementContext, Verdict

MOST_SESSIONS = 200
"""How many sessions to look at: two pages, so that a run of checks ends in seconds on a busy account, too."""

MOST_ASKED = 10
"""How many payments that no list shows are asked for one by one."""


@dataclass(frozen=True, slots=True)
class JudgedPayment:
    """One payment from both sides, and its verdict."""

    case: PaymentCase
    verdict: Verdict

    @property
    def session(self) -> SessionFacts | None:
        """Its checkout session."""
        return None if self.case.sold is None else self.case.sold.session


@dataclass(frozen=True, slots=True)
class LatestPayments:
    """The latest payments as Stripe shows them, newest first.

    Shape: `sessions` is how many finished sessions were looked at; `unreadable` are objects that could not be
           understood; `unasked` counts payments beside the sessions that were too many to be asked for.
    """

    payments: tuple[PaymentFacts, ...]
    sessions: int
    unreadable: tuple[Unreadable, ...] = ()
    unasked: int = 0


def read_latest(reader: PaymentReader, entries: PaymentEntries) -> LatestPayments:
    """Reads the newest finished sessions, and the payments since then that none of them names.

    Shape:  money that was paid for something of ours without a session, or credits that were given without one. Where
            there are fewer sessions than are looked at, these are all that there ever were.
    Errors: those of the reader; nothing is concluded from a part.
    """
    listed, since = reader.latest(MOST_SESSIONS)
    found = _with_returns(reader, listed, since)
    named = {name for each in listed for name in _names(each)}
    paid = [each.id for each in reader.latest_intents(since, MOST_SESSIONS) if _paid_for_ours(each, named)]
    alone = _each_once([*paid, *_credited_alone(entries.latest_of_payments(since, MOST_SESSIONS), named)])
    found += [reader.payment(key) for key in alone[:MOST_ASKED]]
    found = list({each.key: each for each in found}.values())  # a charge may lead to a payment that is listed
    unreadable = tuple(dict.fromkeys(reader.unreadable))
    not_understood = {each.payment_key for each in unreadable}
    understood = tuple(each for each in found if each.key not in not_understood)
    return LatestPayments(understood, len(listed), unreadable, max(0, len(alone) - MOST_ASKED))


def latest_cases(
    latest: LatestPayments, entries: PaymentEntries, known: Mapping[str, Fact], keeper: Keeper = OUR_LEDGER
) -> tuple[PaymentCase, ...]:
    """The payments with their entries. Shape: `entries` are read after Stripe, so that they are never behind."""
    return tuple(
        PaymentCase.of(facts, entries.of_payment(facts.key, facts.other_names), known, keeper)
        for facts in latest.payments
    )


def judge_latest(cases: Sequence[PaymentCase], context: JudgementContext) -> tuple[JudgedPayment, ...]:
    """The verdict of each payment."""
    return tuple(starmap(JudgedPayment, zip(cases, judge_together(cases, context), strict=True)))


def _with_returns(reader: PaymentReader, listed: Sequence[PaymentFacts], since: int | None) -> list[PaymentFacts]:
    """The payments with their refunds and disputes, which are younger than they are."""
    if not listed:
        return []
    grouped: dict[str, list[Fact]] = defaultdict(list)
    charges = {each.intent.charge_id: each.key for each in listed if each.intent is not None}
    facts = reader.facts({} if since is None else {"created": {"gte": since}})
    for fact in (*facts.values(), *reader.charged.values()):
        key = charges.get(fact.payment_key, fact.payment_key)
        grouped[key].append(replace(fact, payment_key=key))
    return [replace(each, facts=tuple(grouped.get(each.key, ()))) for each in listed]


def _names(payment: PaymentFacts) -> Iterator[str]:
    yield payment.key
    yield from payment.other_names


def _credited_alone(purchases: Sequence[CreditEntry], named: set[str]) -> list[str]:
    """The payments for which credits were given lately and that no list shows, each by the name to ask for it."""
    unseen = (entry for entry in purchases if not {entry.payment_key, entry.session_id} & named)
    return list(filter(None, map(_name_to_ask, unseen)))


def _paid_for_ours(intent: IntentFacts, named: set[str]) -> bool:
    """Whether a payment intent says that it is ours and was paid, though no finished session belongs to it."""
    return intent.managed and intent.status == "succeeded" and intent.id not in named


def _each_once(keys: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(keys))


def _name_to_ask(entry: CreditEntry) -> str | None:
    """Stripe's name of a payment; an application may have another, and then its session has Stripe's."""
    own, session_id = entry.payment_key or "", entry.session_id or ""
    return session_id if session_id.startswith("cs_") and not own.startswith(("pi_", "cs_")) else entry.payment_key
