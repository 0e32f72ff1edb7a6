"""Reads from Stripe what the ledger is compared with: sessions, payment intents, refunds and disputes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import stripe

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import NeedsLineItems, decide
from creditctl.core.entitlement.facts import DisputeFact, Fact, LineItem, MalformedFact, RefundFact, SessionFacts, id_of
from creditctl.core.when import Window
from creditctl.payments.facts import IntentFacts, Pulled, SoldSession, Unreadable
from creditctl.stripe_api.pages import Body, Progress, list_all, retrieve

SESSIONS = "checkout/sessions"
INTENTS = "payment_intents"
REFUNDS = "refunds"
DISPUTES = "disputes"

_SESSION_LIFE_SECONDS = 86_400
"""A payment intent is made while its session is open. Source: Stripe API reference, "Create a Checkout Session",
expires_at: at most 24 hours after creation."""

_MANY = 20
"""From how many undecided sessions on it is quicker to read the list again with its line items."""

_CHARGE = {"expand": ["data.latest_charge"]}

Parsed = TypeVar("Parsed")


@dataclass
class Reader:
    """Reads lists and single objects, and remembers what could not be understood.

    Shape: `catalog` decides which sessions need their line items read.
    """

    client: stripe.StripeClient
    catalog: Catalog
    started: int
    progress: Progress | None = None
    unreadable: list[Unreadable] = field(default_factory=list)

    def sessions(self, parameters: Mapping[str, Any]) -> dict[str, SoldSession]:
        """The sessions of a list that sell something once; a setup or a subscription sells no package."""
        bodies = (body for body in self._list(SESSIONS, parameters) if body.get("mode") == "payment")
        found = [session for body in bodies for session in self._parsed(SESSIONS, body, SessionFacts.from_stripe)]
        undecided = [session for session in found if self._needs_items(session)]
        shown = self._shown_items(parameters) if len(undecided) > _MANY else {}
        return {session.id: self.with_items(session, shown.get(session.id)) for session in found}

    def with_items(self, session: SessionFacts, shown: tuple[LineItem, ...] | None = None) -> SoldSession:
        """The session, with its line items where its own words do not decide."""
        if shown is not None or not self._needs_items(session):
            return SoldSession(session, shown)
        path = f"{SESSIONS}/{session.id}/line_items"
        return SoldSession(session, self._items(path, list_all(self.client, path)))

    def _needs_items(self, session: SessionFacts) -> bool:
        return isinstance(decide(session, self.catalog), NeedsLineItems)

    def _shown_items(self, parameters: Mapping[str, Any]) -> dict[str, tuple[LineItem, ...]]:
        """The line items of a whole list of sessions, a hundred a request; those that a page cuts short are left out.

        Source: Stripe API reference, "Expanding responses": `data.` expands in each object of a list.
        """
        shown = {}
        for body in self._list(SESSIONS, {**parameters, "expand": ["data.line_items"]}):
            items = body.get("line_items")
            if isinstance(items, Mapping) and items.get("has_more") is False:
                shown[str(body.get("id"))] = self._items(SESSIONS, items.get("data") or ())
        return shown

    def _items(self, path: str, bodies: Iterable[Body]) -> tuple[LineItem, ...]:
        return tuple(item for body in bodies for item in self._parsed(path, body, LineItem.from_stripe))

    def intents(self, parameters: Mapping[str, Any]) -> dict[str, IntentFacts]:
        """The payment intents of a list."""
        found = self._list(INTENTS, {**parameters, **_CHARGE})
        return {i.id: i for body in found for i in self._parsed(INTENTS, body, IntentFacts.from_stripe)}

    def facts(self, parameters: Mapping[str, Any]) -> dict[str, Fact]:
        """The refunds and disputes of two lists; those of bare charges belong to no session."""
        refunds = self._facts_of(REFUNDS, parameters, self._refund)
        return {**refunds, **self._facts_of(DISPUTES, parameters, self._dispute)}

    def intent(self, payment_key: str) -> IntentFacts | None:
        """One payment intent, or None where Stripe does not know it."""
        body = retrieve(self.client, f"{INTENTS}/{payment_key}", {"expand": ["latest_charge"]})
        found = () if body is None else self._parsed(INTENTS, body, IntentFacts.from_stripe)
        return next(iter(found), None)

    def session(self, session_id: str) -> SoldSession | None:
        """One session, or None where Stripe does not know it."""
        body = retrieve(self.client, f"{SESSIONS}/{session_id}")
        found = () if body is None else self._parsed(SESSIONS, body, SessionFacts.from_stripe)
        return next((self.with_items(session) for session in found), None)

    def _facts_of(
        self, path: str, parameters: Mapping[str, Any], make: Callable[[Body], Fact | None]
    ) -> dict[str, Fact]:
        found = (fact for body in self._list(path, parameters) for fact in self._parsed(path, body, make))
        return {fact.object_id: fact for fact in found if fact is not None}

    def _refund(self, body: Body) -> RefundFact | None:
        """A refund that stands was last heard of when it was made, one that fell through only now."""
        fact = RefundFact.from_stripe(body, self.started)
        return RefundFact.from_stripe(body, fact.created) if fact is not None and fact.counted else fact

    def _dispute(self, body: Body) -> DisputeFact | None:
        return DisputeFact.from_stripe(body, self.started)

    def _list(self, path: str, parameters: Mapping[str, Any]) -> Iterator[Body]:
        return list_all(self.client, path, parameters, progress=self.progress)

    def _parsed(self, path: str, body: Body, make: Callable[[Body], Parsed]) -> Iterable[Parsed]:
        try:
            return (make(body),)
        except MalformedFact as error:
            object_id, payment = str(body.get("id", "?")), id_of(body.get("payment_intent"))
            self.unreadable.append(Unreadable(path, object_id, str(error), payment or object_id))
            return ()


def pull(reader: Reader, window: Window) -> Pulled:
    """Everything about the payments of a window, and what surrounds it as far as that is needed to judge them.

    Shape:  sessions and intents reach a session's life beyond the window, because one is older than the other; refunds
            and disputes reach to now, because they are younger than their payment.
    Errors: Unreachable or stripe.StripeError; nothing is concluded from a part.
    """
    early = None if window.since is None else window.since - _SESSION_LIFE_SECONDS
    late = None if window.until is None else window.until + _SESSION_LIFE_SECONDS
    # Sessions first, then intents, then what takes back: each names only what existed before it was read.
    sessions = reader.sessions(_created(early, window.until))
    intents = reader.intents(_created(early, late))
    facts = reader.facts(_created(early, None))
    found = Pulled(
        window=window,
        started=reader.started,
        sessions=sessions,
        intents=intents,
        facts=facts,
        unreadable=tuple(reader.unreadable),
        counts=_counts(sessions, intents, facts),
    )
    return found.joined([Pulled(window, reader.started, gaps=tuple(_gaps(found)))])


def follow(reader: Reader, payment_key: str, window: Window) -> Pulled:
    """Everything about one payment, asked for by its key; `absent` where Stripe does not know it.

    Source: Stripe API reference, "payment_intent" of the lists of sessions, refunds and disputes.
    """
    seen = len(reader.unreadable)
    sold = reader.session(payment_key) if payment_key.startswith("cs_") else None
    intent_id = payment_key if sold is None else sold.session.payment_key
    has_intent = intent_id.startswith("pi_")
    intent = reader.intent(intent_id) if has_intent else None
    sessions = {} if sold is None else {sold.session.id: sold}
    if intent is not None and sold is None:
        sessions = reader.sessions({"payment_intent": intent_id})
    unreadable = tuple(reader.unreadable[seen:])
    return Pulled(
        window,
        reader.started,
        sessions=sessions,
        intents={} if intent is None else {intent.id: intent},
        facts=reader.facts({"payment_intent": intent_id}) if intent is not None else {},
        asked=frozenset((payment_key,)),
        absent=frozenset(() if sold or intent or unreadable else (payment_key,)),
        unreadable=unreadable,
    )


def _created(since: int | None, until: int | None) -> dict[str, Any]:
    """The filter of a list. Source: Stripe API reference, "created" of any list: gte, lt."""
    bounds = {"gte": since, "lt": until}
    chosen = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"created": chosen} if chosen else {}


def _gaps(found: Pulled) -> Iterator[str]:
    """What one list names and another, read later or just as old, lacks: a page was lost on the way."""
    # An intent that could not be understood was read all the same.
    read = {*found.intents, *(unreadable.id for unreadable in found.unreadable)}
    by_session = {sold.session.payment_intent for sold in found.sessions.values()} - {None}
    yield from _lacking("checkout sessions name", sorted(filter(None, by_session - read)))
    if found.window.unbounded:
        old = {fact.payment_key for fact in found.facts.values() if fact.created < found.started}
        yield from _lacking("refunds or disputes name", sorted(old - read))


def gaps_by_following(listed: Pulled, followed: Pulled) -> Iterator[str]:
    """What Stripe has when asked by name, though a list of everything did not show it."""
    if not listed.window.unbounded:
        return
    ages = {intent.id: intent.created for intent in followed.intents.values()}
    ages |= {sold.session.id: sold.session.created for sold in followed.sessions.values()}
    known = {*listed.intents, *listed.sessions}
    missed = sorted(name for name, created in ages.items() if name not in known and created < listed.started)
    yield from _lacking("the ledger names", missed)


def _lacking(who: str, missing: Sequence[str]) -> Iterator[str]:
    if missing:
        yield f"{len(missing)} payments that {who} are not in Stripe's list, {missing[0]} among them"


def _counts(
    sessions: Mapping[str, SoldSession], intents: Mapping[str, IntentFacts], facts: Mapping[str, Fact]
) -> dict[str, int]:
    kinds = [fact.kind for fact in facts.values()]
    return {
        "checkout_sessions": len(sessions),
        "payment_intents": len(intents),
        "refunds": kinds.count("refund"),
        "disputes": kinds.count("dispute"),
    }
