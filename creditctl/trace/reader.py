"""Trace reader: everything about the payments of a trace; a read that fails is noted, not fatal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import stripe

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact
from creditctl.core.errors import CreditctlError
from creditctl.core.when import iso_time
from creditctl.events.source import RETENTION_SECONDS, Page, read_pages
from creditctl.events.target import read_endpoints
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.models import Delivery, StoredFinding
from creditctl.payments.case import PaymentCase
from creditctl.payments.event_types import ENDPOINT_EVENTS, RETURN_TYPES
from creditctl.payments.facts import ChargeFacts, PaymentFacts
from creditctl.payments.judgement import unexplained
from creditctl.payments.judgement.judge import judge
from creditctl.payments.keeper import reading_entries
from creditctl.payments.ledger_entries import known_facts, settled_findings
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.verdict import JudgementContext
from creditctl.trace.facts import TracedPayment, TraceFacts
from creditctl.trace.sources import MOST_ROWS, TraceSources
from creditctl.trace.subject import SubjectFinder, nobody_knows

MOST_PAYMENTS = 50
"""How many payments of one user are traced."""

_MOST_PAGES = 20
_DAY_SECONDS = 86_400
_MARGIN_SECONDS = 60
_CLOSE_SECONDS = 600


def read_trace(sources: TraceSources, subject: str, catalog: Catalog) -> TraceFacts:
    """Everything about what an id or `user:ID` names.

    Errors: UsageError where it is no such id, or nobody knows it; Unreachable where nobody could be asked.
    """
    keys = SubjectFinder(sources, catalog.user).payments_of(subject)
    reader = TraceReader(sources, catalog, sources.clock())
    read = [reader.payment(key) for key in reversed(keys[:MOST_PAYMENTS])]
    payments = tuple({payment.key: payment for payment in read}.values())  # a charge and its intent are one payment
    if not any(payment.known for payment in payments):
        raise nobody_knows(sources, subject)
    if len(keys) > MOST_PAYMENTS:
        sources.note(f"only the latest {MOST_PAYMENTS} of {len(keys)} payments are shown")
    if sources.ledger is None:
        sources.note("there is no ledger here: what the application did cannot be seen")
    if sources.archive is None:
        sources.note("there is no archive: events older than 30 days cannot be seen (`creditctl events archive`)")
    return TraceFacts(
        subject, payments, tuple(sources.unseen), reader.started, settled=reader.settled(), away=sources.away
    )


def with_unexplained(
    sources: TraceSources, catalog: Catalog, facts: TraceFacts, context: JudgementContext
) -> JudgementContext:
    """The terms of a trace, with like credits of the same users that nothing on Stripe explains."""
    if sources.ledger is None:
        return context
    ledger, reader = sources.ledger, TraceReader(sources, catalog, facts.started)
    cases = [each.case for each in facts.payments]
    found = unexplained.with_unexplained(context, cases, lambda: reading_entries(ledger, sources.keeper), reader.stripe)
    return context if sources.away else found


def with_rivals(sources: TraceSources, facts: TraceFacts, context: JudgementContext) -> TraceFacts:
    """The facts, with rows under an application's own numbers that may be the credits which a payment lacks."""
    lacking = unexplained.missing_purchases(judge(each.case, context) for each in facts.payments)
    if sources.ledger is None or not lacking:
        return facts
    sold = [each.case.sold.session.created for each in facts.payments if each.case.sold is not None]
    since = min(sold, default=facts.started) - _DAY_SECONDS
    with reading_entries(sources.ledger, sources.keeper) as entries:
        rivals = unexplained.under_own_numbers({credits for _, credits in lacking}, entries, since, context)
    return replace(facts, payments=tuple(replace(each, rivals=rivals) for each in facts.payments))


@dataclass(frozen=True, slots=True)
class TraceReader:
    """Reads one payment after the other. Units: `started` in Unix seconds."""

    sources: TraceSources
    catalog: Catalog
    started: int

    def payment(self, key: str) -> TracedPayment:
        """Everything about one payment."""
        failures = self.sources.failures
        stripe_facts = self.stripe(key)
        stripe_seen = self.sources.failures == failures
        case, entries = self._case(stripe_facts)
        events = self._events(case)
        deliveries = tuple(self._deliveries(events))
        return TracedPayment(
            case=case,
            events=events,
            deliveries=deliveries,
            entries=entries,
            findings=tuple(self._findings(case)),
            balances=self._balances(entries),
            rejected=self._rejected(events),
            unproven=self._unproven() if events and not deliveries and not entries else (),
            has_ledger=self.sources.ledger is not None,
            stripe_seen=stripe_seen,
        )

    def settled(self) -> Mapping[tuple[str, str], StoredFinding]:
        """How findings stand in the ledger."""
        if self.sources.ledger is None:
            return {}
        with self.sources.ledger.reading() as view:
            return settled_findings(view)

    def stripe(self, key: str) -> PaymentFacts:
        """What Stripe says of one payment; without it, nothing."""
        client = self.sources.read(key, lambda client: client, None)
        if client is None:
            return PaymentFacts(key)
        reader = PaymentReader(client, self.catalog, self.started, ahead_seconds=self.sources.ahead_seconds)
        return reader.payment(key, self.sources.attempt)

    def _case(self, facts: PaymentFacts) -> tuple[PaymentCase, tuple[CreditEntry, ...]]:
        """The payment from both sides; where there is no ledger, without entries."""
        if self.sources.ledger is None:
            return PaymentCase.of(facts, (), {}), ()
        keeper = self.sources.keeper
        with self.sources.ledger.reading() as view:
            entries = keeper.entries(view).of_payment(facts.key, facts.other_names)
            case = PaymentCase.of(facts, entries, known_facts(view, facts.key), keeper)
            return case, (*case.entries, *case.planned)

    def _events(self, case: PaymentCase) -> tuple[EventRecord, ...]:
        """The payment's events: those that are kept, and those that Stripe lists in the time of its objects."""
        found = {record.id: record for record in self.sources.archived(case.key)}
        if case.session_id is not None and case.session_id != case.key:
            found |= {record.id: record for record in self.sources.archived(case.session_id)}
        begun = [] if case.sold is None else [case.sold.session.created]
        begun += [] if case.intent is None else [case.intent.created]
        charge = None if case.intent is None else case.intent.charge
        for query in _queries(case.key, begun, charge, case.facts):
            found |= {record.id: record for record in self._listed(query)}
        self._note_forgotten(begun, found)
        return tuple(sorted(found.values(), key=lambda record: record.created))

    def _listed(self, query: EventQuery) -> list[EventRecord]:
        """What Stripe lists, oldest first; bounded, because a busy account's day has many events."""

        def read(client: stripe.StripeClient) -> list[Page]:
            return list(islice(read_pages(client, query), _MOST_PAGES))

        nothing: list[Page] = []
        pages = self.sources.read("events", read, nothing)
        if len(pages) == _MOST_PAGES and not pages[-1].last:
            self.sources.note(
                f"of the events since {iso_time(query.since or 0)} only the newest were looked at; they are many"
            )
        return [record for page in reversed(pages) for record in reversed(page.records)]

    def _note_forgotten(self, times: Sequence[int], found: dict[str, EventRecord]) -> None:
        horizon = self.sources.clock() - RETENTION_SECONDS
        if times and times[0] < horizon and not any(record.created < horizon for record in found.values()):
            self.sources.note(
                f"events before {iso_time(horizon)} are no longer listed by Stripe, and were not archived"
            )

    def _balances(self, entries: Iterable[CreditEntry]) -> dict[int, int]:
        """What each user had after each entry."""
        balances: dict[int, int] = {}
        for user_id in {entry.user_id for entry in entries}:
            total = 0
            for entry in self.sources.entries_of_user(user_id):
                total += entry.credits
                balances[entry.id] = total
        return balances

    def _deliveries(self, events: Iterable[EventRecord]) -> list[Delivery]:
        if self.sources.ledger is None:
            return []
        with self.sources.ledger.reading() as view:
            return [each for event in events for each in view.deliveries(event_id=event.id, limit=MOST_ROWS)]

    def _findings(self, case: PaymentCase) -> Iterator[StoredFinding]:
        """The findings in the ledger about a payment, by either of its names."""
        if self.sources.ledger is None:
            return
        names = {case.key, case.session_id}
        with self.sources.ledger.reading() as view:
            stored = view.findings(None)
        yield from (each for each in stored if each.payment_key in names or each.finding.subject in names)

    def _unproven(self) -> tuple[str, ...]:
        """Endpoints whose signing secret is unproven; a key that may not list them says nothing about the payment."""
        if self.sources.client is None or self.sources.away or self.sources.ledger is None:
            return ()
        try:
            endpoints = read_endpoints(self.sources.client(), self.catalog.deployment.name)
        except (stripe.StripeError, CreditctlError):
            return ()
        return tuple(each.id for each in endpoints if each.enabled and each.unproven)

    def _rejected(self, events: Sequence[EventRecord]) -> int:
        """Deliveries that nobody vouched for, within a day of the payment's events."""
        if self.sources.ledger is None or not events:
            return 0
        since, until = events[0].created - _MARGIN_SECONDS, events[-1].created + _DAY_SECONDS
        with self.sources.ledger.reading() as view:
            rejected = view.deliveries(outcome="bad_signature", limit=MOST_ROWS)
        return sum(since <= each.received <= until for each in rejected)


def _queries(key: str, begun: Sequence[int], charge: ChargeFacts | None, facts: Sequence[Fact]) -> Iterator[EventQuery]:
    """When to look for a payment's events: close to its charge first, because of a wide time only a part is read."""
    if charge is not None:
        since, until = charge.created - _MARGIN_SECONDS, charge.created + _CLOSE_SECONDS
        yield EventQuery(ENDPOINT_EVENTS, since, until, object_id=key)
    if begun:
        since, until = min(begun) - _MARGIN_SECONDS, max(begun) + _reach_seconds(charge)
        yield EventQuery(ENDPOINT_EVENTS, since, until, object_id=key)
    if facts:
        yield EventQuery(RETURN_TYPES, min(fact.created for fact in facts) - _MARGIN_SECONDS, object_id=key)


def _reach_seconds(charge: ChargeFacts | None) -> int:
    """How long after its beginning the events of a payment come: a bank needs days, a card does not.

    Source: Stripe documentation, "ACH Direct Debit" and "SEPA Direct Debit": up to some business days.
    """
    by_card = charge is None or charge.method in (None, "card")
    return (2 if by_card else 15) * _DAY_SECONDS
