"""Event trigger: makes a real event by a real purchase of a package, its refund or dispute. Never in live mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

import stripe

from creditctl.core.catalog import Package
from creditctl.core.errors import ConfigurationError, StripeRefused, Unreachable, UsageError
from creditctl.emulator_client import checkout_payer
from creditctl.events.recipes import Recipe, Then, bank_account, recipe_for
from creditctl.events.source import read_pages
from creditctl.ledger.archive.models import EventQuery, EventRecord

if TYPE_CHECKING:
    from stripe.params import PaymentMethodCreateParams
    from stripe.params.checkout import SessionCreateParams

Found = TypeVar("Found")

POLL_SECONDS = 0.5
WINNING_EVIDENCE = "winning_evidence"
"""Test evidence that the bank accepts at once. Source: Stripe documentation, "Testing", disputes."""


@dataclass(frozen=True, slots=True)
class Order:
    """Purchase to trigger: user, package, return pages. Shape: `return_url` is the storefront's, without a path."""

    user_id: str
    package: Package
    return_url: str


@dataclass(frozen=True, slots=True)
class Triggered:
    """Triggered event, and what it is about."""

    record: EventRecord
    session_id: str
    payment_key: str


@dataclass
class Trigger:
    """Triggers events on the Stripe behind a client.

    Shape: `tell` hears of every step. Units: `patience_seconds` bounds the wait for the event.
    """

    client: stripe.StripeClient
    sleep: Callable[[float], None]
    tell: Callable[[str], None]
    patience_seconds: float = 60.0

    def make(self, event_type: str, order: Order | None, session_id: str | None = None) -> Triggered:
        """Triggers one event of a type, with a new session or on one that exists.

        Errors: UsageError for a type without a recipe, or a session on which it cannot happen; GuardRefused in live
                mode; ConfigurationError without a price to sell; Unreachable where the event does not come in time.
        """
        recipe = recipe_for(event_type)
        session = self._session(order, session_id)
        checkout_payer.refuse_live(session.livemode)
        before = self._known(event_type, session) if session_id is not None else frozenset()
        payment_key = self._carry_out(recipe, session, event_type)
        record = self._await(event_type, session.created, payment_key, before)
        return Triggered(record, session.id, payment_key)

    def _session(self, order: Order | None, session_id: str | None) -> stripe.checkout.Session:
        if session_id is not None:
            return self.client.v1.checkout.sessions.retrieve(session_id)
        if order is None:
            raise UsageError("Neither a session nor a package is named.", code="events.nothing_to_buy")
        return self.open(order)

    def open(self, order: Order) -> stripe.checkout.Session:
        """Opens the session of a purchase, unpaid. Errors: ConfigurationError without a price to sell."""
        session = self.client.v1.checkout.sessions.create(params=self._session_params(order))
        self.tell(f"opened {session.id}: {order.package.name} for user {order.user_id}")
        return session

    def _session_params(self, order: Order) -> SessionCreateParams:
        """The same session that the application opens. Source: Stripe API reference, "Create a Checkout Session"."""
        package = order.package
        metadata = {**package.metadata, "user_id": order.user_id}
        return {
            "mode": "payment",
            "line_items": [{"price": self._price(package), "quantity": 1}],
            "success_url": f"{order.return_url}/credits/success?session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{order.return_url}/credits/cancel",
            "client_reference_id": order.user_id,
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
        }

    def _price(self, package: Package) -> str:
        found = self.client.v1.prices.list(params={"lookup_keys": [package.lookup_key], "active": True, "limit": 1})
        if not found.data:
            raise ConfigurationError(
                f"Stripe holds no price {package.lookup_key}.",
                code="events.no_price",
                fix="Run `creditctl setup` first.",
            )
        return found.data[0].id

    def _carry_out(self, recipe: Recipe, session: stripe.checkout.Session, event_type: str) -> str:
        """Does what the recipe says; returns the payment, or the session where none came of it."""
        if recipe.expires:
            self.client.v1.checkout.sessions.expire(session.id)
            self.tell("expired it")
            return session.id
        attempted = None
        if session.status == "open":
            attempted = self._pay(recipe, session).payment_intent
        elif recipe.then in (Then.NOTHING, Then.DISPUTE_CHANGE, Then.DISPUTE_LOSE, Then.DISPUTE_WIN):
            raise UsageError(
                f"The session {session.id} is {session.status}: no {event_type} can come of it any more.",
                code="events.session_over",
                fix=f"`creditctl trace {session.id}` shows its events; without --session a new one is opened.",
            )
        payment_key = attempted or self._payment_key(session.id)
        self._afterwards(recipe.then, payment_key)
        return payment_key

    def _pay(self, recipe: Recipe, session: stripe.checkout.Session) -> checkout_payer.Payment:
        if recipe.bank is not None:
            method, account = bank_account(str(session.currency), recipe.bank)
            billing = {"email": "buyer@example.com", "name": "Example Buyer"}
            method_params = {"type": method, method: account, "billing_details": billing}
            payment = checkout_payer.pay_by(self.client, session.id, cast("PaymentMethodCreateParams", method_params))
        else:
            payment = checkout_payer.pay(self.client, session.id, recipe.token or "tok_visa")
        if payment.paid is recipe.declines:
            ended = payment.decline_code or payment.status
            raise StripeRefused(
                f"Paying {session.id} with the test method ended in {ended}, which is not what was wanted.",
                code="events.payment_went_otherwise",
                fix="Look at the payment in the Dashboard; another test card may be blocked by a rule of the account.",
            )
        self.tell(f"the card was declined ({payment.decline_code})" if recipe.declines else "paid it")
        return payment

    def _payment_key(self, session_id: str) -> str:
        """The payment intent of a session, or the session where it has none."""
        session = self.client.v1.checkout.sessions.retrieve(session_id)
        found = session.payment_intent
        if found is None:
            return session_id
        return found if isinstance(found, str) else found.id

    def _afterwards(self, then: Then, payment_key: str) -> None:
        if then in (Then.REFUND, Then.REFUND_CHANGE):
            refund = self.client.v1.refunds.create(params={"payment_intent": payment_key})
            self.tell(f"refunded it: {refund.id}")
            if then is Then.REFUND_CHANGE:
                self.client.v1.refunds.update(refund.id, params={"metadata": {"changed_by": "creditctl"}})
        elif then is not Then.NOTHING:
            dispute_id = self._dispute(payment_key)
            self.tell(f"the bank disputed it: {dispute_id}")
            self._answer_dispute(then, dispute_id)

    def _answer_dispute(self, then: Then, dispute_id: str) -> None:
        disputes = self.client.v1.disputes
        if then is Then.DISPUTE_LOSE:
            disputes.close(dispute_id)
        elif then is Then.DISPUTE_WIN:
            disputes.update(dispute_id, params={"evidence": {"uncategorized_text": WINNING_EVIDENCE}, "submit": True})
        else:
            disputes.update(dispute_id, params={"metadata": {"changed_by": "creditctl"}})

    def _dispute(self, payment_key: str) -> str:
        found = self._until(lambda: self.client.v1.disputes.list(params={"payment_intent": payment_key}).data)
        if not found:
            raise self._late("a dispute", payment_key)
        return str(found[0].id)

    def _known(self, event_type: str, session: stripe.checkout.Session) -> frozenset[str]:
        subject = self._payment_key(session.id)
        return frozenset(record.id for record in self._events(event_type, session.created, subject))

    def _await(self, event_type: str, since: int, subject: str, before: frozenset[str]) -> EventRecord:
        def look() -> list[EventRecord]:
            return [each for each in self._events(event_type, since, subject) if each.id not in before]

        found = self._until(look)
        if not found:
            raise self._late(event_type, subject)
        return found[0]

    def _events(self, event_type: str, since: int, subject: str) -> list[EventRecord]:
        query = EventQuery(types=(event_type,), since=since, object_id=subject)
        return [record for page in read_pages(self.client, query) for record in page.records]

    def _until(self, look: Callable[[], list[Found]]) -> list[Found]:
        """What a look finds, tried again until patience ends."""
        for _ in range(max(1, round(self.patience_seconds / POLL_SECONDS))):
            found = look()
            if found:
                return found
            self.sleep(POLL_SECONDS)
        return []

    def _late(self, what: str, subject: str) -> Unreachable:
        return Unreachable(
            f"No {what} for {subject} has come within {self.patience_seconds:.0f} seconds.",
            code="events.late",
            fix=f"It may still come: `creditctl events list --object {subject}`.",
        )


def as_dict(made: Triggered) -> Mapping[str, object]:
    """Converts a triggered event to the row of a JSON document."""
    return {
        "event": made.record.id,
        "type": made.record.type,
        "session": made.session_id,
        "payment_key": made.payment_key,
        "user_id": made.record.user_id,
    }
