"""Look at Stripe for `creditctl init` and `ledger import --guess`: what was sold, and what it says of the application's
rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditctl.core.errors import CreditctlError
from creditctl.core.modes import require_mode
from creditctl.core.text import plural

if TYPE_CHECKING:
    from creditctl.cli.project.source import SourceLook
    from creditctl.cli.session import Session
    from creditctl.core.settings import Settings
    from creditctl.provisioning.scaffold.deployments import DeploymentGuess
    from creditctl.provisioning.scaffold.sales import SalesLook
    from creditctl.provisioning.state import EndpointState

MOST_SESSIONS = 500
"""How many finished sessions are looked at: enough to see what is sold, few enough to wait for."""


@dataclass(frozen=True, slots=True)
class StripeLook:
    """What Stripe showed.

    Shape: `sales` are this deployment's, `place` is where its sessions carry the buyer; `unseen` says
           that Stripe could not be asked what was sold.
    """

    sales: SalesLook
    endpoints: tuple[EndpointState, ...]
    source: SourceLook
    mark: DeploymentGuess | None
    place: str | None
    notes: list[str]
    unseen: bool = False


def look_at_stripe(session: Session, settings: Settings, source: SourceLook, *, offline: bool = False) -> StripeLook:
    """What was sold on Stripe, and the source as it completes it; nothing, and why, where it cannot be asked."""
    from creditctl.cli.project.source import as_stripe_says, with_buyers
    from creditctl.provisioning.scaffold.deployments import guess_deployment, ours_only
    from creditctl.provisioning.scaffold.sales import SalesLook

    shown, endpoints, notes = _seen(session, settings, offline=offline)
    seen = shown or SalesLook()
    mark = guess_deployment(seen.sessions, source.bookings)
    sales = ours_only(seen, mark)
    if sales.sessions:
        source = as_stripe_says(source, sales.sessions, settings.api_key.livemode)
    source, place = with_buyers(source, sales.sessions)
    return StripeLook(sales, endpoints, source, mark, place, notes, unseen=shown is None and not offline)


def _seen(
    session: Session, settings: Settings, *, offline: bool
) -> tuple[SalesLook | None, tuple[EndpointState, ...], list[str]]:
    """What Stripe shows; None, and why, where it cannot be asked what was sold."""
    from creditctl.payments.reading.stripe_reader import StripeReader
    from creditctl.provisioning.observe import observe_endpoints
    from creditctl.provisioning.scaffold.sales import read_sales
    from creditctl.stripe_api.retry import RetryPolicy

    if offline or settings.text("STRIPE_SECRET_KEY") is None:
        why = "--offline" if offline else "there is no STRIPE_SECRET_KEY yet"
        return None, (), [f"Stripe was not looked at: {why}."]
    notes: list[str] = []
    policy = RetryPolicy(busy_tries=3, broken_tries=2, answer_seconds=30.0)
    with _noted("Stripe", notes):
        require_mode(session.options.mode, settings.mode)
        stripe = session.stack.enter_context(session.wiring.stripe(settings, audited=False, policy=policy))
        _ = stripe.client  # holds the account against the one that is pinned
    if notes:
        return None, (), notes
    look: SalesLook | None = None
    endpoints: tuple[EndpointState, ...] = ()
    with _noted("What was sold on Stripe", notes):
        look = read_sales(StripeReader(stripe.client), MOST_SESSIONS)
    with _noted("The webhook endpoints", notes):
        endpoints = observe_endpoints(stripe)
    return look, endpoints, notes if look is None else [_count(look), *notes]


@contextmanager
def _noted(what: str, notes: list[str]) -> Iterator[None]:
    """Notes why something could not be looked at, and goes on: a key may read one thing and not another."""
    import stripe

    from creditctl.stripe_api.errors import translate

    try:
        yield
    except CreditctlError as error:
        notes.append(f"{what} could not be looked at: {error.message}")
    except stripe.StripeError as error:
        translated = translate(error)
        notes.append(f"{what} could not be looked at: {error if translated is None else translated.message}")


def _count(look: SalesLook) -> str:
    more = " (there are older ones)" if look.more else ""
    return f"Stripe shows {plural(len(look.sessions), 'finished session')}{more}."
