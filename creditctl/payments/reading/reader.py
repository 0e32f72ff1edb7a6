"""Payment reader: sessions, payment intents, refunds and disputes as facts; of one payment, of many, or the latest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Protocol, TypeVar

import stripe

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.facts import DisputeFact, Fact, MalformedFact, RefundFact, SessionFacts, id_of
from creditctl.core.entitlement.prices import LineItem
from creditctl.core.errors import ConfigurationError
from creditctl.core.stripe_ids import IdKind, id_kind
from creditctl.core.when import in_step
from creditctl.payments.facts import ChargeFacts, IntentFacts, PaymentFacts, SoldSession, Unreadable
from creditctl.payments.price_origins import PriceOrigins
from creditctl.payments.reading.stripe_reader import (
    BALANCE,
    CHARGES,
    DISPUTES,
    INTENTS,
    REFUNDS,
    SESSIONS,
    Seen,
    StripeReader,
    line_items_path,
    naming_payment,
    sells_once,
)
from creditctl.payments.worth import needs_items
from creditctl.stripe_api.pages import Body, Progress

_MANY = 20
"""From how many undecided sessions on it is quicker to read the list again with its line items."""

_CHARGE = {"expand": ["data.latest_charge"]}
_SOURCE = {"expand": ["data.source"]}
_ONE_CHARGE = {"expand": ["latest_charge"]}
_PAID_INTENT = {"status": "complete", "expand": ["data.payment_intent.latest_charge"]}

Parsed = TypeVar("Parsed")
Read = TypeVar("Read")

_RETURNS = {IdKind.REFUND: REFUNDS, IdKind.DISPUTE: DISPUTES}


class Attempt(Protocol):
    """One read of several: what it reads in words, how, and what stands in where it could not be had."""

    def __call__(self, what: str, read: Callable[[], Read], otherwise: Read) -> Read:
        """What was read, or what stands in for it."""


def strictly(what: str, read: Callable[[], Read], otherwise: Read) -> Read:  # noqa: ARG001 - nothing stands in
    """The attempt that takes no part for the whole: its errors are raised."""
    return read()


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a payment intent. Shape: `answered` is False where the question itself failed."""

    answered: bool
    intent: IntentFacts | None
    asked_for_parts: bool = False


_UNREAD = _Known(False, None, asked_for_parts=True)
"""The intent could not be read; its session, refunds and disputes are asked for all the same."""


@dataclass
class PaymentReader:
    """Reads lists and single objects as facts, and remembers what could not be understood.

    Shape:  `catalog` decides which sessions need their line items read; `seen` is told what every list shows; `plain`
            makes the reader of plain data: what was kept of Stripe can stand in for it. `charged` are the refunds and
            disputes of lists that name their charge alone, as their payment. `ahead_seconds` says how far Stripe's
            clock is ahead of this machine's: what is read is seen at its time.
    Units:  `started` in Unix seconds, by this machine's clock.
    Errors: every method raises Unreachable, StripeRefused or ConfigurationError where Stripe does not answer.
    """

    client: stripe.StripeClient
    catalog: Catalog
    started: int
    progress: Progress | None = None
    unreadable: list[Unreadable] = field(default_factory=list)
    charged: dict[str, Fact] = field(default_factory=dict)
    seen: Seen | None = None
    plain: Callable[[stripe.StripeClient, Progress | None, Seen | None], StripeReader] = StripeReader
    ahead_seconds: Callable[[], int] = in_step

    def __post_init__(self) -> None:
        self._origins = PriceOrigins(self.stripe, self.catalog)

    @property
    def stripe(self) -> StripeReader:
        """The reader of plain data."""
        return self.plain(self.client, self.progress, self.seen)

    def sessions(self, parameters: Mapping[str, Any]) -> dict[str, SoldSession]:
        """The sessions of a list that sell something once; a setup or a subscription sells no package."""
        return self._sold(filter(sells_once, self.stripe.list(SESSIONS, parameters)), parameters)

    def latest(self, most: int) -> tuple[list[PaymentFacts], int | None]:
        """The latest finished sessions with their payment intents, newest first; without refunds and disputes.

        Shape: with the time of the oldest, where there may be older ones that were not read.
        """
        bodies = list(islice(self.stripe.list(SESSIONS, _PAID_INTENT), most))
        sold = self._sold(filter(sells_once, bodies), {"status": "complete"}, most)
        found = []
        for body in bodies:
            each = sold.get(str(body.get("id")))
            if each is not None:
                intent = next(iter(self._expanded(body.get("payment_intent"))), None)
                found.append(PaymentFacts(each.session.payment_key, each, intent))
        return found, int(bodies[-1]["created"]) if len(bodies) == most else None

    def latest_intents(self, since: int | None, most: int) -> list[IntentFacts]:
        """The latest payment intents since a moment, newest first, without their charges."""
        parameters = {} if since is None else {"created": {"gte": since}}
        bodies = islice(self.stripe.list(INTENTS, parameters), most)
        return [each for body in bodies for each in self._parsed(INTENTS, body, IntentFacts.from_stripe)]

    def intents(self, parameters: Mapping[str, Any]) -> dict[str, IntentFacts]:
        """The payment intents of a list."""
        found = self.stripe.list(INTENTS, {**parameters, **_CHARGE})
        return {i.id: i for body in found for i in self._parsed(INTENTS, body, IntentFacts.from_stripe)}

    def facts(self, parameters: Mapping[str, Any]) -> dict[str, Fact]:
        """The refunds and disputes of two lists; those of bare charges belong to no session."""
        return {**self.refunds(parameters), **self.disputes(parameters)}

    def refunds(self, parameters: Mapping[str, Any]) -> dict[str, Fact]:
        """The refunds of a list."""
        return self._facts_of(REFUNDS, parameters, self._refund)

    def disputes(self, parameters: Mapping[str, Any]) -> dict[str, Fact]:
        """The disputes of a list."""
        return self._facts_of(DISPUTES, parameters, self._dispute)

    def movements(self, parameters: Mapping[str, Any]) -> bool:
        """Reads the balance transactions of a list for whoever `seen` tells; False where the key may not read them.

        Source: Stripe API reference, "List all balance transactions", expandable `source`; a restricted key may lack
        the permission for some sources, so it is tried without them too.
        """
        for expanded in (_SOURCE, {}):
            try:
                deque(self.stripe.list(BALANCE, {**parameters, **expanded}), maxlen=0)
            except ConfigurationError as error:
                if error.code != "stripe.permission":
                    raise
            else:
                return True
        return False

    def intent(self, intent_id: str) -> IntentFacts | None:
        """One payment intent, or None where Stripe does not know it."""
        body = self.stripe.one(INTENTS, intent_id, _ONE_CHARGE)
        found = () if body is None else self._parsed(INTENTS, body, IntentFacts.from_stripe)
        return next(iter(found), None)

    def session(self, session_id: str) -> SoldSession | None:
        """One session, or None where Stripe does not know it."""
        body = self.stripe.one(SESSIONS, session_id)
        return None if body is None else next(iter(self._sold([body], {}).values()), None)

    def payment(self, payment_key: str, attempt: Attempt = strictly) -> PaymentFacts:
        """Everything about one payment, asked for by its key; `absent` where Stripe does not know it.

        Source: Stripe API reference, "payment_intent" of the lists of sessions, refunds and disputes.
        """
        seen = len(self.unreadable)
        if id_kind(payment_key) is IdKind.CHARGE:
            return self._of_charge(payment_key, attempt)
        if id_kind(payment_key) in _RETURNS:
            return self._of_return(payment_key, attempt)
        sold = attempt(payment_key, lambda: self.session(payment_key), None) if payment_key.startswith("cs_") else None
        key = payment_key if sold is None else sold.session.payment_key
        known = _Known(True, None) if not key.startswith("pi_") else attempt(key, lambda: self._known(key), _UNREAD)
        found = PaymentFacts(key, sold, known.intent)
        if known.asked_for_parts:
            found = self._parts(found, attempt)
        unreadable = tuple(self.unreadable[seen:])
        absent = known.answered and not (found.sold or found.intent or unreadable)
        return replace(found, absent=absent, unreadable=unreadable)

    def _of_charge(self, charge_id: str, attempt: Attempt) -> PaymentFacts:
        """The payment of a charge, which is one attempt to pay a payment intent; or the charge alone without one."""
        unread: Body | None = {}
        body = attempt(charge_id, lambda: self.stripe.one(CHARGES, charge_id), unread)
        if not body:
            return PaymentFacts(charge_id, absent=body is None)
        intent_id = id_of(body.get("payment_intent"))
        if intent_id is not None:
            return replace(self.payment(intent_id, attempt), asked=charge_id)
        seen = len(self.unreadable)
        charge = next(iter(self._parsed(CHARGES, body, ChargeFacts.from_stripe)), None)
        return PaymentFacts(charge_id, charge=charge, unreadable=tuple(self.unreadable[seen:]))

    def _of_return(self, object_id: str, attempt: Attempt) -> PaymentFacts:
        """The payment of a refund or dispute, by which an application may call it; `absent` where there is none."""
        path = _RETURNS[id_kind(object_id)]
        unread: Body | None = {}
        body = attempt(object_id, lambda: self.stripe.one(path, object_id), unread)
        if not body:
            return PaymentFacts(object_id, absent=body is None)
        key = id_of(body.get("payment_intent")) or id_of(body.get("charge"))
        if key is None:
            return PaymentFacts(object_id, absent=True)
        return replace(self.payment(key, attempt), asked=object_id)

    def _known(self, intent_id: str) -> _Known:
        before = len(self.unreadable)
        intent = self.intent(intent_id)
        return _Known(True, intent, asked_for_parts=intent is not None or len(self.unreadable) > before)

    def _parts(self, found: PaymentFacts, attempt: Attempt) -> PaymentFacts:
        """A payment with what Stripe lists by its payment intent: its session, refunds and disputes."""
        key, of_intent, nothing = found.key, {"payment_intent": found.key}, dict[str, Fact]()
        sold = found.sold or attempt(f"the session of {key}", lambda: self._first_session(of_intent), None)
        refunds = attempt(REFUNDS, lambda: self.refunds(of_intent), nothing)
        disputes = attempt(DISPUTES, lambda: self.disputes(of_intent), nothing)
        return replace(found, sold=sold, facts=(*refunds.values(), *disputes.values()))

    def _first_session(self, parameters: Mapping[str, Any]) -> SoldSession | None:
        return next(iter(self.sessions(parameters).values()), None)

    def _sold(
        self, bodies: Iterable[Body], parameters: Mapping[str, Any], most: int | None = None
    ) -> dict[str, SoldSession]:
        """Sessions with their line items, where only those decide: each by itself, or all of the list once more."""
        # Of a body no more is held than its URL: a list has as many as there are payments.
        sold = ((body, each) for body in bodies for each in self._parsed(SESSIONS, body, SessionFacts.from_stripe))
        found = [(each, body.get("success_url"), needs_items(each, self.catalog)) for body, each in sold]
        shown = self._shown_items(parameters, most) if sum(needs for *_, needs in found) > _MANY else {}
        return {each.id: self._with_items(each, url, shown.get(each.id), needs) for each, url, needs in found}

    def _with_items(
        self, session: SessionFacts, url: object, shown: tuple[LineItem, ...] | None, needs: bool
    ) -> SoldSession:
        items = shown
        if shown is None and needs:
            items = self._items(line_items_path(session.id), self.stripe.line_items(session.id))
        items = None if items is None else self._origins.completed(items)
        return SoldSession(session, items, url if isinstance(url, str) else None)

    def _shown_items(self, parameters: Mapping[str, Any], most: int | None) -> dict[str, tuple[LineItem, ...]]:
        """The line items of a whole list of sessions, a hundred a request; those that a page cuts short are left out.

        Source: Stripe API reference, "Expanding responses": `data.` expands in each object of a list.
        """
        shown = {}
        for body in islice(self.stripe.list(SESSIONS, {**parameters, "expand": ["data.line_items"]}), most):
            items = body.get("line_items")
            if isinstance(items, Mapping) and items.get("has_more") is False:
                shown[str(body.get("id"))] = self._items(SESSIONS, items.get("data") or ())
        return shown

    def _items(self, path: str, bodies: Iterable[Body]) -> tuple[LineItem, ...]:
        return tuple(item for body in bodies for item in self._parsed(path, body, LineItem.from_stripe))

    def _expanded(self, intent: object) -> Iterable[IntentFacts]:
        return self._parsed(INTENTS, intent, IntentFacts.from_stripe) if isinstance(intent, Mapping) else ()

    def _facts_of(
        self, path: str, parameters: Mapping[str, Any], make: Callable[[Body], Fact | None]
    ) -> dict[str, Fact]:
        of, found = parameters.get("payment_intent"), dict[str, Fact]()
        for body in self.stripe.list(path, parameters):
            for fact in [each for each in self._parsed(path, naming_payment(body, of), make) if each is not None]:
                (self.charged if fact.payment_key == fact.charge_id else found)[fact.object_id] = fact
        return found

    def _refund(self, body: Body) -> RefundFact | None:
        """A refund that stands was last observed when it was made, one that fell through only now."""
        fact = RefundFact.from_stripe(body, self.started + self.ahead_seconds())
        return RefundFact.from_stripe(body, fact.created) if fact is not None and fact.counted else fact

    def _dispute(self, body: Body) -> DisputeFact | None:
        return DisputeFact.from_stripe(body, self.started + self.ahead_seconds())

    def _parsed(self, path: str, body: Body, make: Callable[[Body], Parsed]) -> Iterable[Parsed]:
        try:
            return (make(body),)
        except MalformedFact as error:
            object_id, payment = str(body.get("id", "?")), id_of(body.get("payment_intent"))
            self.unreadable.append(Unreadable(path, object_id, str(error), payment or object_id))
            return ()
