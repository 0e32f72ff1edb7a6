"""Other names of payments: an invoice, a customer, a movement of the balance, a number of the application's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import stripe

from creditctl.core.entitlement.fields import id_of, metadata_of
from creditctl.events.source import RETENTION_SECONDS
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.payments.reading.stripe_reader import BALANCE, INTENTS, SESSIONS, StripeReader
from creditctl.trace.sources import TraceSources

_MOST = 2000
"""How many sessions, and how many payment intents, are looked through."""

_INVOICES = "invoices"
_WITH_PAYMENTS = {"expand": ["payments"]}

Body = Mapping[str, Any]
Named = Callable[[Body], bool]


@dataclass(frozen=True, slots=True)
class OtherNames:
    """Finds payments by names that are not their own. Shape: each answers payment keys, latest first."""

    sources: TraceSources

    def of_invoice(self, invoice_id: str) -> list[str]:
        """The payments of an invoice, by Stripe's list of them, or by the sessions that Checkout made it for.

        Source: Stripe API reference, "The Invoice object", `payments`; before 2025-03-31 `payment_intent`.
        """
        invoice = self.sources.read(
            invoice_id, lambda client: StripeReader(client).one(_INVOICES, invoice_id, _WITH_PAYMENTS), None
        )
        found = [] if invoice is None else list(_paid_by(invoice))
        return found or self.of_objects(f"invoice {invoice_id}", lambda body: id_of(body.get("invoice")) == invoice_id)

    def of_customer(self, customer_id: str) -> list[str]:
        """The payments of a customer, latest first. Source: Stripe API reference, `customer` of both lists."""

        def listed(client: stripe.StripeClient) -> list[str]:
            reader, of_customer = StripeReader(client), {"customer": customer_id}
            bodies = [*self._first(reader, SESSIONS, of_customer), *self._first(reader, INTENTS, of_customer)]
            return _keys(bodies)

        return self.sources.read(f"the payments of {customer_id}", listed, [])

    def of_movement(self, movement_id: str) -> str | None:
        """What a balance transaction is about: a charge, refund or dispute."""
        body = self.sources.read(movement_id, lambda client: StripeReader(client).one(BALANCE, movement_id), None)
        return None if body is None else id_of(body.get("source"))

    def of_reference(self, reference: str) -> list[str]:
        """The payments that an application calls by a number of its own: in its entries, or on Stripe's objects."""
        named = self.sources.named(reference)
        return named or self.of_objects(reference, lambda body: reference in _references(body))

    def of_objects(self, what: str, named: Named) -> list[str]:
        """The payments whose sessions or payment intents carry a name: those that were kept, and of thirty days."""
        kept = [body for body in self._kept() if named(body)]
        since = {"created": {"gte": max(0, self.sources.clock() - RETENTION_SECONDS)}}

        def listed(client: stripe.StripeClient) -> list[Body]:
            reader = StripeReader(client)
            return [*self._first(reader, SESSIONS, since), *self._first(reader, INTENTS, since)]

        nothing: list[Body] = []
        recent = self.sources.read(f"the payments of {what}", listed, nothing)
        return _keys([*(body for body in recent if named(body)), *kept])

    def _first(self, reader: StripeReader, path: str, parameters: Mapping[str, Any]) -> list[Body]:
        bodies = list(islice(reader.list(path, parameters), _MOST))
        if len(bodies) == _MOST:
            self.sources.note(f"only the latest {_MOST:,} of {path} were searched")
        return bodies

    def _kept(self) -> Iterator[Body]:
        """The sessions and payment intents that runs of reconcile kept, newest first."""
        if self.sources.archive is None:
            return
        store = PullStore(self.sources.archive)
        for path in (SESSIONS, INTENTS):
            yield from map(json.loads, store.bodies(path))


def _references(body: Body) -> Iterator[str]:
    """What an application may have written on an object to find it again."""
    reference = body.get("client_reference_id")
    yield from (*([reference] if isinstance(reference, str) else []), *metadata_of(body).values())


def _keys(bodies: Iterable[Body]) -> list[str]:
    """The payments of sessions and payment intents, latest first; a session with an intent is one payment."""
    latest = sorted(bodies, key=lambda body: -int(body.get("created") or 0))
    return list(dict.fromkeys(id_of(body.get("payment_intent")) or str(body["id"]) for body in latest))


def _paid_by(invoice: Body) -> Iterator[str]:
    """The payment intents of an invoice, latest first."""
    payments = invoice.get("payments")
    rows = payments.get("data") if isinstance(payments, Mapping) else None
    for row in rows or ():
        paid = row.get("payment")
        key = (id_of(paid.get("payment_intent")) or id_of(paid.get("charge"))) if isinstance(paid, Mapping) else None
        if key is not None:
            yield key
    older = id_of(invoice.get("payment_intent"))
    if not rows and older is not None:
        yield older
