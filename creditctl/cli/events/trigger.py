"""`creditctl events trigger`: a real event, by doing the real thing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, Session, StripeUse, Writes, command
from creditctl.cli.options import CatalogOption
from creditctl.core.errors import GuardRefused, UsageError

if TYPE_CHECKING:
    from creditctl.events.trigger import Order

_FALLBACK_RETURN_URL = "http://localhost:3000"


@command(stripe=StripeUse.REQUIRED, writes=Writes.STRIPE_IN_TEST)
def trigger(
    session: Session,
    event_type: Annotated[
        str | None, typer.Argument(help="The type of event; without one, the types are listed.", metavar="TYPE")
    ] = None,
    user: Annotated[str, typer.Option("--user", help="Who buys.", metavar="ID")] = "creditctl-trigger",
    package: Annotated[str | None, typer.Option("--package", help="What is bought.  [default: the first]")] = None,
    checkout_session: Annotated[
        str | None, typer.Option("--session", help="Finish this Checkout session instead.", metavar="cs_…")
    ] = None,
    catalog: CatalogOption = None,
) -> Answer:
    """Make a real event by doing the real thing: a purchase, its refund, its dispute. Never in live mode."""
    from creditctl.events.trigger import Trigger, as_dict

    if event_type is None:
        return _types_answer()
    _require_test_key(session)
    order = None if checkout_session else _order(session, user, package, catalog)
    steps = Trigger(session.stripe.client, session.wiring.sleep, session.say)
    report = as_dict(steps.make(event_type, order, checkout_session))
    return Answer.lines(
        report, f"{report['type']} {report['event']}", f"Next: `creditctl trace {report['payment_key']}`"
    )


def _types_answer() -> Answer:
    from creditctl.events.recipes import EVENT_TYPES

    return Answer.lines({"types": list(EVENT_TYPES)}, *EVENT_TYPES)


def _require_test_key(session: Session) -> None:
    """Refuses a live key, whatever is confirmed: a purchase in live mode is money. Errors: GuardRefused."""
    if session.settings.api_key.livemode:
        raise GuardRefused(
            "trigger never runs with a live key.", code="guard.live", fix="Use a test key, or the emulator."
        )


def _order(session: Session, user: str, slug: str | None, catalog: Path | None) -> Order:
    """What is bought by whom. Errors: UsageError for a package that there is not."""
    from creditctl.events.trigger import Order

    packages = session.catalog(catalog)
    chosen = next(iter(packages)) if slug is None else packages.by_slug(slug)
    if chosen is None:
        raise UsageError(
            f"There is no package {slug}.",
            code="events.no_package",
            fix=f"There are: {', '.join(each.slug for each in packages)}.",
        )
    return_url = session.settings.text("FRONTEND_URL") or _FALLBACK_RETURN_URL
    return Order(user, chosen, return_url.rstrip("/"))
