"""Inquiry: asks Stripe by name where a list does not show what another names, once for each name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from creditctl.core.entitlement.fields import id_of
from creditctl.core.errors import ConfigurationError
from creditctl.payments.event_types import PAID_TYPES
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.reading.stripe_reader import CHARGES, EVENTS, INTENTS, SESSIONS
from creditctl.reconciliation.pulled import Pulled
from creditctl.reconciliation.reach import Reach
from creditctl.reconciliation.tie_out import Lack, OpenQuestion, Untied

ENOUGH_LACKS = 20
"""So many proven lacks say that a list is cut: the others need not be asked for."""

_ANNOUNCED_SECONDS = 3600
"""How long after a payment its session's event is looked for."""


class SessionlessPayments(Protocol):
    """Payment intents that belong to no checkout session, as Stripe answered once: a session cannot be added later."""

    def known(self) -> frozenset[str]:
        """Those that are known by now."""

    def keep(self, intents: Iterable[str]) -> None:
        """Keeps some more."""


class KnownForNow:
    """Sessionless payments of one run, kept nowhere."""

    def known(self) -> frozenset[str]:
        """None yet."""
        return frozenset()

    def keep(self, intents: Iterable[str]) -> None:
        """Forgets them."""


@dataclass
class Inquiry:
    """Answers open questions of a tie-out; whatever was answered is not asked again in this run.

    Shape: `beside` are payments whose session lies outside what the lists were asked for.
    """

    reader: PaymentReader
    reach: Reach
    sessionless: SessionlessPayments
    answers: dict[tuple[str, str], Lack | None] = field(default_factory=dict)
    beside: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.answers |= {(SESSIONS, intent): None for intent in self.sessionless.known()}

    def proven(self, untied: Iterable[Untied], found: Pulled) -> list[Lack]:
        """What is really lacking: each lack once, and the questions to which Stripe's answer is one.

        Errors: those of the reader.
        """
        lacks: dict[tuple[str, str], Lack] = {}
        learned: list[str] = []
        for each in untied:
            if len(lacks) >= ENOUGH_LACKS and isinstance(each, OpenQuestion):
                continue
            lack = each if isinstance(each, Lack) else self._asked(each, found, learned)
            if lack is not None:
                lacks[lack.path, lack.id] = lack
        self.sessionless.keep(learned)
        return list(lacks.values())

    def _asked(self, question: OpenQuestion, found: Pulled, learned: list[str]) -> Lack | None:
        key = (question.path, question.id)
        if key not in self.answers:
            self.answers[key] = self._ask(question, found)
            if question.path == SESSIONS and self.answers[key] is None and question.id not in self.beside:
                learned.append(question.id)
        lack = self.answers[key]
        return None if lack is None or _shown(lack, found) else lack

    def _ask(self, question: OpenQuestion, found: Pulled) -> Lack | None:
        if question.path == SESSIONS:
            return self._session(question) or self._announced(question, found)
        body = self.reader.stripe.one(question.path, question.id)
        if body is None:
            return Lack(question.path, question.id, question.kind, question.since)
        if question.path == CHARGES:
            intent = id_of(body.get("payment_intent"))
            behind = None if intent is None else OpenQuestion(INTENTS, intent, question.kind, question.since)
            return None if behind is None or intent in found.contents.intents else self._ask(behind, found)
        created = body.get("created")
        if not isinstance(created, int) or not self.reach.holds(question.path, created):
            return None
        return Lack(question.path, question.id, question.kind, created)

    def _session(self, question: OpenQuestion) -> Lack | None:
        """Source: Stripe API reference, "List all Checkout Sessions", payment_intent."""
        for body in self.reader.stripe.list(SESSIONS, {"payment_intent": question.id}):
            name, created = body.get("id"), body.get("created")
            if isinstance(name, str) and isinstance(created, int) and self.reach.holds(SESSIONS, created):
                return Lack(SESSIONS, name, question.kind, created)
            self.beside.add(question.id)
        return None

    def _announced(self, question: OpenQuestion, found: Pulled) -> Lack | None:
        """The session of which an event speaks, where the payment says itself that it is ours and no list shows one.

        Source: Stripe API reference, "List all events": of the last 30 days; the key may not be allowed to read them.
        """
        intent = found.intents.get(question.id)
        if intent is None or not intent.managed or question.id in self.beside:
            return None
        bounds = {"gte": intent.created, "lt": intent.paid + _ANNOUNCED_SECONDS}
        try:
            events = list(self.reader.stripe.list(EVENTS, {"types": sorted(PAID_TYPES), "created": bounds}))
        except ConfigurationError:
            return None
        sessions = (event.get("data", {}).get("object", {}) for event in events)
        named = (body.get("id") for body in sessions if id_of(body.get("payment_intent")) == question.id)
        return next((Lack(SESSIONS, str(name), question.kind, intent.created) for name in named), None)


def _shown(lack: Lack, found: Pulled) -> bool:
    """Whether the list shows it by now."""
    listed = found.contents.sessions if lack.path == SESSIONS else found.contents.intents
    return lack.path in (SESSIONS, INTENTS) and lack.id in listed
