"""Fulfilment's reads, done by the official SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import stripe

from creditctl.core.errors import CreditctlError, StripeRefused, Unreachable

_PAGE_SIZE = 100


class StripeReader:
    """Answers fulfilment's questions through a StripeClient."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    def line_items(self, session_id: str) -> Sequence[Mapping[str, Any]]:
        """All line items of a checkout session. Source: Stripe API reference, "Retrieve … line items"."""
        sessions = self._client.v1.checkout.sessions
        return _all(lambda: sessions.line_items.list(session_id, params={"limit": _PAGE_SIZE}).auto_paging_iter())

    def refunds(self, charge_id: str) -> Sequence[Mapping[str, Any]]:
        """All refunds of a charge. Source: Stripe API reference, "List all refunds"."""
        refunds = self._client.v1.refunds
        return _all(lambda: refunds.list({"charge": charge_id, "limit": _PAGE_SIZE}).auto_paging_iter())


def _all(read: Callable[[], Iterable[stripe.StripeObject]]) -> list[dict[str, Any]]:
    try:
        return [item.to_dict() for item in read()]
    except stripe.StripeError as error:
        raise _translated(error) from error


def _translated(error: stripe.StripeError) -> CreditctlError:
    """The SDK's error as one of ours, without the text of the answer."""
    if error.http_status is None or error.http_status >= 500 or error.http_status in (409, 429):
        return Unreachable(
            "Stripe did not answer in full.",
            code="stripe.unreachable",
            fix="Try again; see status.stripe.com.",
            request_id=error.request_id,
        )
    return StripeRefused(
        f"Stripe refused a read ({error.http_status}, {error.code or type(error).__name__}).",
        code="stripe.refused",
        fix="Check that STRIPE_SECRET_KEY belongs to this account and may read checkout sessions and refunds.",
        request_id=error.request_id,
    )
