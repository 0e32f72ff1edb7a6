"""Stripe Checkout for the backend: opens a session for a package at the catalogue's price, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import stripe

from creditctl.backend.dependencies import CheckoutOrder, CreatedSession, SessionView
from creditctl.core.errors import ConfigurationError, StripeRefused
from creditctl.core.money import format_amount
from creditctl.stripe_api.errors import translate

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

    from creditctl.core.catalog import Package

_NOT_FOUND = 404


class NotForSale(ConfigurationError):
    """Stripe holds no price for the package, or another one than the catalogue names."""


class StripeCheckout:
    """The CheckoutGateway that asks Stripe. Its calls block; Errors: CreditctlError whatever the SDK raised."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    def create_session(self, order: CheckoutOrder) -> CreatedSession:
        """Opens a session for one package at its current price, after comparing that with the catalogue."""
        try:
            price = self._current_price(order.package)
            session = self._client.v1.checkout.sessions.create(params=session_params(order, price["id"]))
        except stripe.StripeError as error:
            raise translate(error) or error from error
        if not session.url:
            raise StripeRefused("Stripe opened a session without a page to pay on.", code="backend.no_payment_page")
        return CreatedSession(session.id, session.url)

    def read_session(self, session_id: str) -> SessionView | None:
        """The session as Stripe knows it, or None where Stripe knows none."""
        try:
            session = self._client.v1.checkout.sessions.retrieve(session_id)
        except stripe.StripeError as error:
            if error.http_status == _NOT_FOUND:
                return None
            raise translate(error) or error from error
        return session_view(session.to_dict(recursive=True))

    def _current_price(self, package: Package) -> Mapping[str, Any]:
        # A lookup key is held by one price at most. Source: Stripe API reference, "Prices", lookup_key.
        found = self._client.v1.prices.list(
            params={
                "lookup_keys": [package.lookup_key],
                "active": True,
                "type": "one_time",
                "limit": 1,
                "expand": ["data.currency_options"],
            }
        )
        prices = [price.to_dict(recursive=True) for price in found.data]
        faults = price_faults(package, prices[0]) if prices else ["Stripe has no active price for it"]
        if faults:
            raise _not_for_sale(package, faults)
        return prices[0]


def session_params(order: CheckoutOrder, price_id: str) -> SessionCreateParams:
    """Parameters of a Checkout session for one package.

    Shape: the same metadata stands on the session and, through `payment_intent_data`, on the payment intent.
    Source: Stripe API reference, "Create a Checkout Session".
    """
    metadata = {**order.package.metadata, "user_id": order.user_id}
    return {
        "mode": "payment",
        "line_items": [{"price": price_id, "quantity": 1}],
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "client_reference_id": order.user_id,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
    }


def price_faults(package: Package, price: Mapping[str, Any]) -> list[str]:
    """Compares a price on Stripe with the package that it should sell; faults in words, empty when it may be used."""
    faults = []
    amount, currency = price.get("unit_amount"), str(price.get("currency"))
    if price.get("active") is not True:
        faults.append("its price on Stripe is archived")
    if (amount, currency) != (package.amount, package.currency):
        shown = format_amount(amount, currency) if isinstance(amount, int) else "no fixed amount"
        faults.append(f"Stripe would charge {shown}, the catalogue says {_price_text(package)}")
    if price.get("type", "one_time") != "one_time":
        faults.append("its price on Stripe is a subscription")
    if price.get("transform_quantity") is not None:
        faults.append("the amount of its price on Stripe is for several")
    others = sorted({*(price.get("currency_options") or {})} - {currency})
    if others:
        faults.append(f"its price on Stripe has other amounts in {', '.join(others)}")
    marks = price.get("metadata") or {}
    faults += [
        f"the price on Stripe is marked {key}={marks[key]}, the catalogue says {value}"
        for key, value in package.metadata.items()
        if key in marks and marks[key] != value
    ]
    return faults


def session_view(session: Mapping[str, Any]) -> SessionView:
    """Reduces a session to what the backend shows. Shape: `payment_intent` may be an id or an expanded object."""
    intent = session.get("payment_intent")
    return SessionView(
        id=session["id"],
        status=session.get("status"),
        payment_status=session["payment_status"],
        amount_total=session.get("amount_total"),
        metadata=dict(session.get("metadata") or {}),
        payment_intent=intent["id"] if isinstance(intent, Mapping) else intent,
        client_reference_id=session.get("client_reference_id"),
    )


def _price_text(package: Package) -> str:
    return format_amount(package.amount, package.currency)


def _not_for_sale(package: Package, faults: list[str]) -> NotForSale:
    return NotForSale(
        f"The package {package.slug} is not for sale: {'; '.join(faults)}. "
        "The operator puts it right with `creditctl setup`.",
        code="backend.not_for_sale",
        fix="Run `creditctl setup`, then try again.",
    )
