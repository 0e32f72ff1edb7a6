"""Stripe reader: the objects of payments as plain data, with the SDK's errors translated once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import stripe

from creditctl.stripe_api.errors import translate
from creditctl.stripe_api.pages import Body, Progress, list_all, retrieve

SESSIONS = "checkout/sessions"
INTENTS = "payment_intents"
REFUNDS = "refunds"
DISPUTES = "disputes"
CHARGES = "charges"
BALANCE = "balance_transactions"
EVENTS = "events"
FRAUD_WARNINGS = "radar/early_fraud_warnings"
PRODUCTS = "products"
PRICES = "prices"

Seen = Callable[[str, Body], None]
"""Told every object that a list shows, with the list's path."""


@dataclass(frozen=True)
class StripeReader:
    """Reads lists and single objects through a StripeClient.

    Shape:  `seen` is told every object that a list shows, with the list's path.
    Errors: Unreachable where Stripe does not answer in full, StripeRefused or ConfigurationError where it refuses.
    """

    client: stripe.StripeClient
    progress: Progress | None = None
    seen: Seen | None = None

    def list(self, path: str, parameters: Mapping[str, Any] | None = None) -> Iterator[Body]:
        """Every object of a list, newest first."""
        with _translated():
            for body in list_all(self.client, path, parameters, progress=self.progress):
                if self.seen is not None:
                    self.seen(path, body)
                yield body

    def one(self, path: str, object_id: str, parameters: Mapping[str, Any] | None = None) -> Body | None:
        """One object by its id, or None where Stripe does not know it."""
        with _translated():
            return retrieve(self.client, f"{path}/{quote(object_id, safe='')}", parameters)

    def line_items(self, session_id: str) -> Sequence[Body]:
        """All line items of a checkout session. Source: Stripe API reference, "Retrieve … line items"."""
        return list(self.list(line_items_path(session_id)))

    def refunds(self, charge_id: str) -> Sequence[Body]:
        """All refunds of a charge. Source: Stripe API reference, "List all refunds"."""
        return list(self.list(REFUNDS, {"charge": charge_id}))

    def charges(self, payment_intent_id: str) -> Sequence[Body]:
        """All charges of a payment intent. Source: Stripe API reference, "List all charges", payment_intent."""
        return list(self.list(CHARGES, {"payment_intent": payment_intent_id}))

    def product(self, product_id: str) -> Body | None:
        """One product, or None where Stripe does not know it."""
        return self.one(PRODUCTS, product_id)

    def price(self, price_id: str) -> Body | None:
        """One price as it is now with its product, or None where Stripe does not know it."""
        return self.one(PRICES, price_id, {"expand": ["product"]})

    def prices(self, *, product: str | None = None, lookup_key: str | None = None) -> Sequence[Body]:
        """All prices of a product, or with a lookup key, archived ones too.

        Source: Stripe API reference, "List all prices": active ones where nothing else is said.
        """
        wanted: dict[str, object] = {} if product is None else {"product": product}
        wanted |= {} if lookup_key is None else {"lookup_keys": [lookup_key]}
        return [body for active in (True, False) for body in self.list(PRICES, {**wanted, "active": active})]


def line_items_path(session_id: str) -> str:
    """Where the line items of a session are read."""
    return f"{SESSIONS}/{quote(session_id, safe='')}/line_items"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except stripe.StripeError as error:
        raise translate(error) or error from error


def sells_once(body: Body) -> bool:
    """Whether a session can sell a package; a setup or a subscription cannot."""
    return bool(body.get("mode", "payment") == "payment")


def naming_payment(body: Body, payment: str | None) -> Body:
    """A refund or dispute that names its payment: the one that was asked about, or in its place its charge.

    Source: Stripe API reference, "The Refund object": payment_intent and charge are nullable.
    """
    if body.get("payment_intent"):
        return body
    return {**body, "payment_intent": payment or body.get("charge")}
