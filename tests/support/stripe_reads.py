"""Stripe reads of a webhook for tests that need none: every read fails, as a bug of the test or as an outage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from creditctl.core.errors import Unreachable


def never_asked(name: str) -> Exception:
    """The failure where nothing should have been read."""
    return AssertionError(name)


def away(name: str) -> Exception:
    """The failure of a Stripe that does not answer."""
    return Unreachable(f"no Stripe here for {name}", code="stripe.unreachable")


@dataclass(frozen=True)
class NoReads:
    """StripeReads that answer nothing."""

    failure: Callable[[str], Exception] = never_asked

    def line_items(self, session_id: str) -> Sequence[Mapping[str, Any]]:
        self._fail(session_id)

    def refunds(self, charge_id: str) -> Sequence[Mapping[str, Any]]:
        self._fail(charge_id)

    def charges(self, payment_intent_id: str) -> Sequence[Mapping[str, Any]]:
        self._fail(payment_intent_id)

    def product(self, product_id: str) -> Mapping[str, Any] | None:
        self._fail(product_id)

    def price(self, price_id: str) -> Mapping[str, Any] | None:
        self._fail(price_id)

    def prices(self, *, product: str | None = None, lookup_key: str | None = None) -> Sequence[Mapping[str, Any]]:
        self._fail(f"{product} {lookup_key}")

    def _fail(self, name: str) -> NoReturn:
        raise self.failure(name)
