"""Reads what a trace needs: which payments are meant, then everything about each; what fails is noted, not fatal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import stripe

from creditctl.core.errors import CreditctlError, StripeRefused, Unreachable, UsageError
from creditctl.core.when import iso_time
from creditctl.events.recipes import EVENT_TYPES
from creditctl.events.source import RETENTION_SECONDS, Page, read_event, read_pages
from creditctl.events.trace_facts import Body, PaymentFacts, TraceFacts
from creditctl.ledger.mirror import Mirror
from creditctl.ledger.mirror_models import EventQuery, EventRecord
from creditctl.ledger.models import Delivery, Entry, EntryFilter
from creditctl.ledger.store import Ledger
from creditctl.stripe_api.errors import translate
from creditctl.stripe_api.pages import list_all, retrieve

Seen = TypeVar("Seen")

MOST_PAYMENTS = 50
"""How many payments of one user are traced."""

_MOST_PAGES = 20
_MOST_ROWS = 1000
_DAY_SECONDS = 86_400
_RETURN_TYPES = tuple(name for name in EVENT_TYPES if name.startswith(("refund.", "charge.")))
_MARGIN_SECONDS = 60

_PATHS = {
    "cs": "checkout/sessions",
    "ch": "charges",
    "py": "charges",
    "re": "refunds",
    "pyr": "refunds",
    "dp": "disputes",
    "du": "disputes",
}
"""Where the objects of each prefix are read. Source: ids in Stripe's API reference; `du_` are disputes since 2024."""


@dataclass
class TraceReader:
    """Looks at all three sides.

    Shape: `client` is called at the first read, because that may already fail; None where Stripe is not to be asked.
    """

    client: Callable[[], stripe.StripeClient] | None
    mirror: Mirror | None
    ledger: Ledger | None
    clock: Callable[[], int]
    progress: Callable[[str], None] | None = None
    unseen: list[str] = field(default_factory=list)
    away: bool = False

    def trace(self, subject: str) -> TraceFacts:
        """Everything about what an id or `user:ID` names.

        Errors: UsageError where it is no such id, or nobody knows it; StripeRefused for a key that Stripe refuses.
        """
        keys = self._payments_of(subject)
        payments = tuple(self._payment(key) for key in reversed(keys[:MOST_PAYMENTS]))
        if len(keys) > MOST_PAYMENTS:
            self._note(f"only the latest {MOST_PAYMENTS} of {len(keys)} payments are shown")
        if not any(_known(payment) for payment in payments):
            raise self._nobody_knows(subject)
        self._note_what_is_missing()
        return TraceFacts(subject, payments, tuple(self.unseen), self.away)

    def _nobody_knows(self, subject: str) -> CreditctlError:
        if self.away:
            return Unreachable(
                f"Stripe did not answer, and neither the archive nor the ledger knows {subject}.",
                code="trace.unreachable",
                fix="Run the same command again when Stripe can be reached.",
            )
        return UsageError(
            f"Nothing is known about {subject}.",
            code="trace.unknown",
            fix="Check the id and the mode (--mode): test and live objects are separate.",
        )

    def _note_what_is_missing(self) -> None:
        if self.ledger is None:
            self._note("there is no ledger here: what the application did cannot be seen")
        if self.mirror is None:
            self._note("there is no archive: events older than 30 days cannot be seen (`creditctl events archive`)")

    def _note(self, sentence: str) -> None:
        if sentence not in self.unseen:
            self.unseen.append(sentence)

    def _see(self, what: str, read: Callable[[stripe.StripeClient], Seen], otherwise: Seen) -> Seen:
        """One read from Stripe; a failure is noted, and where Stripe is away nothing more is asked."""
        if self.client is None or self.away:
            return otherwise
        if self.progress is not None:
            self.progress(what)
        try:
            return read(self.client())
        except (stripe.StripeError, CreditctlError) as error:
            known = translate(error) or error
            if not isinstance(known, CreditctlError) or getattr(known, "code", "") == "stripe.authentication":
                raise
            self.away = isinstance(known, Unreachable)
            refused = isinstance(known, StripeRefused) and known.code == "stripe.resource_missing"
            if not refused:
                self._note(f"{what} could not be read from Stripe: {known.message}")
            return otherwise

    def _payments_of(self, subject: str) -> list[str]:
        if subject.startswith("user:"):
            return self._payments_of_user(subject.removeprefix("user:"))
        prefix = subject.split("_", 1)[0]
        if prefix == "pi":
            return [subject]
        if prefix == "evt":
            return self._payment_of_event(subject)
        if prefix not in _PATHS or "_" not in subject:
            raise UsageError(
                f"{subject} is nothing that can be traced.",
                code="trace.subject",
                fix="Give an id cs_…, pi_…, ch_…, re_…, dp_… or evt_…, or user:ID.",
            )
        return self._payment_of_object(subject, _PATHS[prefix])

    def _payment_of_object(self, subject: str, path: str) -> list[str]:
        body = self._see(subject, lambda client: retrieve(client, f"{path}/{subject}"), None)
        found = None if body is None else _id(body.get("payment_intent"))
        if found is not None:
            return [found]
        remembered = [record.payment_key for record in self._kept(subject) if record.payment_key]
        if remembered:
            return remembered[-1:]
        entries = self._entries(EntryFilter(object_id=subject))
        known = [entry.payment_key for entry in entries if entry.payment_key]
        return known[:1] or [subject]

    def _payment_of_event(self, event_id: str) -> list[str]:
        record = self._see(event_id, lambda client: read_event(client, event_id), None)
        if record is None and self.mirror is not None:
            record = self.mirror.event(event_id)
        if record is None:
            raise self._nobody_knows(event_id)
        if record.payment_key is not None:
            return [record.payment_key]
        if record.charge_id is not None:
            return self._payment_of_object(record.charge_id, "charges")
        raise UsageError(
            f"{event_id} ({record.type}) is about no payment.",
            code="trace.no_payment",
            fix=f"`creditctl events show {event_id}` shows it.",
        )

    def _payments_of_user(self, user_id: str) -> list[str]:
        """A user's payments, latest first: of the ledger, of kept events, and of Stripe's sessions of thirty days."""
        keys = [entry.payment_key for entry in self._entries(EntryFilter(user_id=user_id)) if entry.payment_key]
        if self.mirror is not None:
            keys += [each.payment_key for each in self.mirror.events(EventQuery(user_id=user_id)) if each.payment_key]
        keys += self._see("the user's checkout sessions", lambda client: self._sessions_of(client, user_id), [])
        named = set(keys)
        # A session that was seen before it was paid, and its payment intent, are one payment.
        paid = {record.object_id for key in named for record in self._kept(key) if key.startswith("pi_")}
        return [key for key in dict.fromkeys(reversed(keys)) if key not in paid or key.startswith("pi_")]

    def _sessions_of(self, client: stripe.StripeClient, user_id: str) -> list[str]:
        since = max(0, self.clock() - RETENTION_SECONDS)
        listed = list_all(client, "checkout/sessions", {"created": {"gte": since}})
        bodies = list(islice(listed, _MOST_PAGES * 100))
        if len(bodies) == _MOST_PAGES * 100:
            self._note(f"only the latest {len(bodies):,} checkout sessions were searched for the user")
        mine = [each for each in bodies if each.get("client_reference_id") == user_id]
        return [_id(each.get("payment_intent")) or str(each["id"]) for each in reversed(mine)]

    def _payment(self, key: str) -> PaymentFacts:
        session = self._session(key)
        intent = None
        if key.startswith("pi_"):
            intent = self._see(
                key, lambda client: retrieve(client, f"payment_intents/{key}", {"expand": ["latest_charge"]}), None
            )
        refunds = self._related("refunds", key)
        disputes = self._related("disputes", key)
        events = self._events(key, session, intent, (*refunds, *disputes))
        entries = tuple(self._entries(EntryFilter(payment_key=key)))
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
            has_ledger=self.ledger is not None,
            stripe_seen=not self.away and self.client is not None,
        )

    def _session(self, key: str) -> Body | None:
        if not key.startswith("pi_"):
            return self._see(key, lambda client: retrieve(client, f"checkout/sessions/{key}"), None)
        return self._see(
            f"the session of {key}",
            lambda client: _first(list_all(client, "checkout/sessions", {"payment_intent": key})),
            None,
        )

    def _items(self, session: Body | None) -> tuple[Body, ...] | None:
        """The line items, which decide where the session's own words do not."""
        if session is None:
            return None
        path = f"checkout/sessions/{session['id']}/line_items"
        return self._see("the line items", lambda client: tuple(list_all(client, path)), None)

    def _related(self, path: str, key: str) -> tuple[Body, ...]:
        if not key.startswith("pi_"):
            return ()
        return self._see(path, lambda client: tuple(list_all(client, path, {"payment_intent": key})), ())

    def _events(
        self, key: str, session: Body | None, intent: Body | None, returns: Sequence[Body]
    ) -> tuple[EventRecord, ...]:
        """The payment's events: those that are kept, and those that Stripe lists in the time of its objects."""
        found = {record.id: record for record in self._kept(key)}
        if session is not None and session["id"] != key:
            found |= {record.id: record for record in self._kept(str(session["id"]))}
        paid = [int(body["created"]) for body in (session, intent) if body is not None]
        queries = []
        if paid:
            until = max(paid) + _reach_seconds(intent)
            queries.append(EventQuery(EVENT_TYPES, min(paid) - _MARGIN_SECONDS, until, object_id=key))
        if returns:
            since = min(int(body["created"]) for body in returns) - _MARGIN_SECONDS
            queries.append(EventQuery(_RETURN_TYPES, since, object_id=key))
        for query in queries:
            found |= {record.id: record for record in self._listed(query)}
        self._note_forgotten(paid, found)
        return tuple(sorted(found.values(), key=lambda record: record.created))

    def _listed(self, query: EventQuery) -> list[EventRecord]:
        """What Stripe lists, oldest first; bounded, because a busy account's day has many events."""

        def read(client: stripe.StripeClient) -> list[Page]:
            return list(islice(read_pages(client, query), _MOST_PAGES))

        nothing: list[Page] = []
        pages = self._see("events", read, nothing)
        if len(pages) == _MOST_PAGES and not pages[-1].last:
            self._note(
                f"of the events since {iso_time(query.since or 0)} only the newest were looked at; they are many"
            )
        return [record for page in reversed(pages) for record in reversed(page.records)]

    def _note_forgotten(self, times: Sequence[int], found: dict[str, EventRecord]) -> None:
        horizon = self.clock() - RETENTION_SECONDS
        if times and times[0] < horizon and not any(record.created < horizon for record in found.values()):
            self._note(f"events before {iso_time(horizon)} are no longer listed by Stripe, and were not archived")

    def _kept(self, object_id: str) -> list[EventRecord]:
        if self.mirror is None:
            return []
        return list(self.mirror.events(EventQuery(object_id=object_id), limit=_MOST_ROWS))

    def _entries(self, wanted: EntryFilter) -> list[Entry]:
        found: list[Entry] = []
        while self.ledger is not None:
            page = self.ledger.entries(wanted, after_id=found[-1].id if found else 0, limit=_MOST_ROWS)
            found += page
            if len(page) < _MOST_ROWS:
                break
        return found

    def _balances(self, entries: Iterable[Entry]) -> dict[int, int]:
        """What each user had after each entry."""
        balances: dict[int, int] = {}
        for user_id in {entry.user_id for entry in entries}:
            total = 0
            for entry in self._entries(EntryFilter(user_id=user_id)):
                total += entry.credits
                balances[entry.id] = total
        return balances

    def _deliveries(self, events: Iterable[EventRecord]) -> list[Delivery]:
        if self.ledger is None:
            return []
        return [each for event in events for each in self.ledger.deliveries(event_id=event.id, limit=_MOST_ROWS)]

    def _findings(self) -> list[Any]:
        return [] if self.ledger is None else self.ledger.findings(None)

    def _rejected(self, events: Sequence[EventRecord]) -> int:
        """Deliveries that nobody vouched for, within a day of the payment's events."""
        if self.ledger is None or not events:
            return 0
        since, until = events[0].created - _MARGIN_SECONDS, events[-1].created + _DAY_SECONDS
        rejected = self.ledger.deliveries(outcome="bad_signature", limit=_MOST_ROWS)
        return sum(since <= each.received <= until for each in rejected)


def _reach_seconds(intent: Body | None) -> int:
    """How long after its beginning the events of a payment come: a bank needs days, a card does not.

    Source: Stripe documentation, "ACH Direct Debit" and "SEPA Direct Debit": up to some business days.
    """
    charge = None if intent is None else intent.get("latest_charge")
    details = charge.get("payment_method_details") if isinstance(charge, dict) else None
    by_card = not isinstance(details, dict) or details.get("type") == "card"
    return (2 if by_card else 15) * _DAY_SECONDS


def _first(bodies: Iterable[Body]) -> Body | None:
    return next(iter(bodies), None)


def _known(payment: PaymentFacts) -> bool:
    return bool(payment.session or payment.intent or payment.events or payment.entries)


def _id(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) and value else None
