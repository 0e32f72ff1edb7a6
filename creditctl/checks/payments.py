"""Paid Checkout sessions that sold one of our packages: the proof that a purchase has really been made."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import stripe

from creditctl.core.metadata import is_managed
from creditctl.ledger.models import Entry
from creditctl.ledger.store import Ledger
from creditctl.stripe_api.pages import list_all

MOST_SESSIONS = 1000
"""How far back to look: ten pages, which is a matter of seconds."""


@dataclass(frozen=True, slots=True)
class PaidSession:
    """One paid session of ours. Units: `amount_total` in minor units, `created` in Unix seconds."""

    id: str
    payment_key: str
    package: str | None
    amount_total: int
    currency: str
    created: int
    livemode: bool
    success_url: str | None


def paid_sessions(client: stripe.StripeClient, ledger: Ledger | None) -> Iterator[PaidSession]:
    """The latest complete and paid sessions of ours, newest first; free ones prove nothing and are left out.

    Shape: a session is ours by its metadata, or because the ledger holds a purchase for it.
    Errors: stripe.StripeError; Unreachable where the list breaks off.
    """
    parameters = {"status": "complete"}
    for body in itertools.islice(list_all(client, "checkout/sessions", parameters), MOST_SESSIONS):
        if body.get("status") == "complete" and body.get("payment_status") == "paid" and body.get("amount_total"):
            session = _ours(body, ledger)
            if session is not None:
                yield session


def _ours(body: Mapping[str, Any], ledger: Ledger | None) -> PaidSession | None:
    metadata = body.get("metadata") or {}
    payment_key = str(body.get("payment_intent") or body["id"])
    package = metadata.get("package")
    if not is_managed(metadata):
        entry = None if ledger is None else _purchase(ledger, payment_key)
        if entry is None:
            return None
        package = entry.package
    return PaidSession(
        id=str(body["id"]),
        payment_key=payment_key,
        package=package,
        amount_total=int(body["amount_total"]),
        currency=str(body["currency"]),
        created=int(body["created"]),
        livemode=bool(body["livemode"]),
        success_url=body.get("success_url"),
    )


def _purchase(ledger: Ledger, payment_key: str) -> Entry | None:
    with ledger.reading() as view:
        return view.purchase_of(payment_key)
