"""`checklist --with-session`: one Checkout session made through the backend, looked at, and expired again."""

from __future__ import annotations

import re
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

from creditctl.core.errors import CreditctlError, UsageError

if TYPE_CHECKING:
    import httpx
    import stripe

    from creditctl.checks.redirects import MadeSession
    from creditctl.cli.session import Session

BUYER = "creditctl-checklist"
"""The user in whose name the session is made; nobody pays, so nobody gets credits."""

_PURCHASE = "/api/credits/purchase"
_SECONDS = 4.0
_SESSION = re.compile(r"cs_(?:test|live)_[A-Za-z0-9]+")


def make_session(session: Session, number: int) -> MadeSession:
    """Makes a session as a buyer would, looks at it, and expires it; what goes wrong is said, not raised.

    Shape:  `number` is the package's. In live mode the guard asks first, for Stripe is written to.
    Errors: GuardRefused; UsageError without a URL of the backend.
    """
    from creditctl.checks.redirects import MadeSession
    from creditctl.provisioning.probing.side_by_side import run_side_by_side

    base = session.settings.text("CREDITS_API_URL")
    if base is None:
        raise UsageError(
            "--with-session needs CREDITS_API_URL.", code="checklist.no_backend", fix="Set it to the backend's URL."
        )
    session.guard_stripe()
    url = base.rstrip("/") + _PURCHASE
    session.say(f"Making one Checkout session through {url} as user {BUYER}; it is expired at once, nobody pays.")
    try:
        with session.wiring.http_client(url, timeout_seconds=_SECONDS) as client:
            (said,) = run_side_by_side([partial(_purchased, client, url, number)], _SECONDS + 1)
            found = f"{url} gave no whole answer in time." if isinstance(said, Thread) else said
    except CreditctlError as error:
        return MadeSession(problem=error.message)
    return MadeSession(problem=found) if not found.startswith("cs_") else _looked_at(session.stripe.client, found)


def _purchased(client: httpx.Client, url: str, number: int) -> str:
    """The id of the session that the backend made, or what it did instead."""
    import httpx

    try:
        wish = {"package_id": number, "payment_method": "stripe"}
        answer = client.post(url, json=wish, headers={"X-User-Id": BUYER})
    except httpx.HTTPError as error:
        return f"{url} gave no answer: {str(error) or type(error).__name__}."
    named = _SESSION.search(answer.text)
    if answer.status_code >= 400 or named is None:
        return f"{url} made no Checkout session: it answered {answer.status_code}."
    return named[0]


def _looked_at(client: stripe.StripeClient, session_id: str) -> MadeSession:
    """Reads the session, and expires it. Source: Stripe API reference, "Expire a Checkout Session"."""
    import stripe

    from creditctl.checks.redirects import MadeSession, Redirects

    try:
        made = client.v1.checkout.sessions.retrieve(session_id)
        found = Redirects(made.id, made.created, made.success_url, made.cancel_url)
        expired = client.v1.checkout.sessions.expire(session_id).status == "expired"
    except stripe.StripeError as error:
        return MadeSession(problem=f"{session_id} was made, and could not be looked at or expired: {error}")
    return MadeSession(found, problem="" if expired else f"{session_id} could not be expired.")
