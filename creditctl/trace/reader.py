"""Reads everything about the payments of a trace; what fails is noted, not fatal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

import stripe

from creditctl.core.when import iso_time
from creditctl.events.source import RETENTION_SECONDS, Page, read_pages
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.models import Delivery, Entry, EntryFilter, StoredFinding
from creditctl.payments.event_types import ENDPOINT_EVENTS, RETURN_TYPES
from creditctl.stripe_api.pages import list_all, retrieve
from creditctl.trace.facts import Body, PaymentFacts, TraceFacts
from creditctl.trace.sources import MOST_ROWS, TraceSources
from creditctl.trace.subject import SubjectFinder, nobody_knows

MOST_PAYMENTS = 50
"""How many payments of one user are traced."""

_MOST_PAGES = 20
_DAY_SECONDS = 86_400
_MARGIN_SECONDS = 60
_CLOSE_SECONDS = 600


def read_trace(eyes: TraceSources, subject: str) -> TraceFacts:
    """Everything about what an id or `user:ID` names.

    Errors: UsageError where it is no such id, or nobody knows it; Unreachable where nobody could be asked.
    """
    keys = SubjectFinder(eyes).payments_of(subject)
    reader = PaymentReader(eyes)
    payments = tuple(reader.payment(key) for key in reversed(keys[:MOST_PAYMENTS]))
    if not any(_known(payment) for payment in payments):
        raise nobody_knows(eyes, subject)
    if len(keys) > MOST_PAYMENTS:
        eyes.note(f"only the latest {MOST_PAYMENTS} of {len(keys)} payments are shown")
    if eyes.ledger is None:
        eyes.note("there is no ledger here: what the application did cannot be seen")
    if eyes.archive is None:
        eyes.note("there is no archive: events older than 30 days cannot be seen (`creditctl events archive`)")
    return TraceFacts(subject, payments, tuple(eyes.unseen), eyes.away)


@dataclass(frozen=True, slots=True)
class PaymentReader:
    """Reads one payment after the other."""

    eyes: TraceSources

    def payment(self, key: str) -> PaymentFacts:
        """Everything about one payment."""
        session = self._session(key)
        intent = None
        if key.startswith("pi_"):
            intent = self.eyes.see(
                key,
                lambda client: retrieve(
                    client, f"payment_intents/{quote(key, safe='')}", {"expand": ["latest_charge"]}
                ),
                None,
            )
        refunds = self._related("refunds", key)
        disputes = self._related("disputes", key)
        events = self._events(key, session, intent, (*refunds, *disputes))
        entries = tuple(self.eyes.entries(EntryFilter(payment_key=key)))
        return PaymentFacts(
            key=key,
            session=session,
            items=self._items(session),
            intent=intent,
            refunds=refunds,
            disputes=disputes,
            events=events,
            deliveries=tuple(self._deliveries(events)),
            entries=entries,
            findings=tuple(each for each in self._findings() if each.payment_key == key or each.finding.subject == key),
            balances=self._balances(entries),
            rejected=self._rejected(events),
            has_ledger=self.eyes.ledger is not None,
            stripe_seen=not self.eyes.away and self.eyes.client is not None,
        )

    def _session(self, key: str) -> Body | None:
        if not key.startswith("pi_"):
            return self.eyes.see(key, lambda client: retrieve(client, f"checkout/sessions/{quote(key, safe='')}"), None)
        return self.eyes.see(
            f"the session of {key}",
            lambda client: _first(list_all(client, "checkout/sessions", {"payment_intent": key})),
            None,
        )

    def _items(self, session: Body | None) -> tuple[Body, ...] | None:
        """The line items, which decide where the session's own words do not."""
        if session is None:
            return None
        path = f"checkout/sessions/{session['id']}/line_items"
        return self.eyes.see("the line items", lambda client: tuple(list_all(client, path)), None)

    def _related(self, path: str, key: str) -> tuple[Body, ...]:
        if not key.startswith("pi_"):
            return ()
        return self.eyes.see(path, lambda client: tuple(list_all(client, path, {"payment_intent": key})), ())

    def _events(
        self, key: str, session: Body | None, intent: Body | None, returns: Sequence[Body]
    ) -> tuple[EventRecord, ...]:
        """The payment's events: those that are kept, and those that Stripe lists in the time of its objects."""
        found = {record.id: record for record in self.eyes.kept(key)}
        if session is not None and session["id"] != key:
            found |= {record.id: record for record in self.eyes.kept(str(session["id"]))}
        paid = [int(body["created"]) for body in (session, intent) if body is not None]
        for query in _queries(key, paid, intent, returns):
            found |= {record.id: record for record in self._listed(query)}
        self._note_forgotten(paid, found)
        return tuple(sorted(found.values(), key=lambda record: record.created))

    def _listed(self, query: EventQuery) -> list[EventRecord]:
        """What Stripe lists, oldest first; bounded, because a busy account's day has many events."""

        def read(client: stripe.StripeClient) -> list[Page]:
            return list(islice(read_pages(client, query), _MOST_PAGES))

        nothing: list[Page] = []
        pages = self.eyes.see("events", read, nothing)
        if len(pages) == _MOST_PAGES and not pages[-1].last:
            self.eyes.note(
                f"of the events since {iso_time(query.since or 0)} only the newest were looked at; they are many"
            )
        return [record for page in reversed(pages) for record in reversed(page.records)]

    def _note_forgotten(self, times: Sequence[int], found: dict[str, EventRecord]) -> None:
        horizon = self.eyes.clock() - RETENTION_SECONDS
        if times and times[0] < horizon and not any(record.created < horizon for record in found.values()):
            self.eyes.note(f"events before {iso_time(horizon)} are no longer listed by Stripe, and were not archived")

    def _balances(self, entries: Iterable[Entry]) -> dict[int, int]:
        """What each user had after each entry."""
        balances: dict[int, int] = {}
        for user_id in {entry.user_id for entry in entries}:
            total = 0
            for entry in self.eyes.entries(EntryFilter(user_id=user_id)):
                total += entry.credits
                balances[entry.id] = total
        return balances

    def _deliveries(self, events: Iterable[EventRecord]) -> list[Delivery]:
        if self.eyes.ledger is None:
            return []
        with self.eyes.ledger.reading() as view:
            return [each for event in events for each in view.deliveries(event_id=event.id, limit=MOST_ROWS)]

    def _findings(self) -> list[StoredFinding]:
        if self.eyes.ledger is None:
            return []
        with self.eyes.ledger.reading() as view:
            return view.findings(None)

    def _rejected(self, events: Sequence[EventRecord]) -> int:
        """Deliveries that nobody vouched for, within a day of the payment's events."""
        if self.eyes.ledger is None or not events:
            return 0
        since, until = events[0].created - _MARGIN_SECONDS, events[-1].created + _DAY_SECONDS
        with self.eyes.ledger.reading() as view:
            rejected = view.deliveries(outcome="bad_signature", limit=MOST_ROWS)
        return sum(since <= each.received <= until for each in rejected)


def _queries(key: str, paid: Sequence[int], intent: Body | None, returns: Sequence[Body]) -> Iterator[EventQuery]:
    """When to look for a payment's events: close to its charge first, because of a wide time only a part is read."""
    charge = _charge(intent)
    if charge is not None:
        charged = int(charge["created"])
        yield EventQuery(ENDPOINT_EVENTS, charged - _MARGIN_SECONDS, charged + _CLOSE_SECONDS, object_id=key)
    if paid:
        yield EventQuery(
            ENDPOINT_EVENTS, min(paid) - _MARGIN_SECONDS, max(paid) + _reach_seconds(charge), object_id=key
        )
    if returns:
        since = min(int(body["created"]) for body in returns) - _MARGIN_SECONDS
        yield EventQuery(RETURN_TYPES, since, object_id=key)


def _charge(intent: Body | None) -> Body | None:
    charge = None if intent is None else intent.get("latest_charge")
    return charge if isinstance(charge, dict) else None


def _reach_seconds(charge: Body | None) -> int:
    """How long after its beginning the events of a payment come: a bank needs days, a card does not.

    Source: Stripe documentation, "ACH Direct Debit" and "SEPA Direct Debit": up to some business days.
    """
    details = None if charge is None else charge.get("payment_method_details")
    by_card = not isinstance(details, dict) or details.get("type") == "card"
    return (2 if by_card else 15) * _DAY_SECONDS


def _first(bodies: Iterable[Body]) -> Body | None:
    return next(iter(bodies), None)


def _known(payment: PaymentFacts) -> bool:
    return bool(payment.session or payment.intent or payment.events or payment.entries)
