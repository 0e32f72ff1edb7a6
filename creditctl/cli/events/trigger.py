"""`creditctl events trigger`: a real event, by doing the real thing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from creditctl.cli.options import CatalogOption, EnvFileOption, JsonOption, ModeOption
from creditctl.cli.output import Run, start
from creditctl.core.errors import GuardRefused, UsageError

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.settings import Settings
    from creditctl.events.trigger import Order

_FALLBACK_RETURN_URL = "http://localhost:3000"


def trigger(
    ctx: typer.Context,
    event_type: Annotated[
        str | None, typer.Argument(help="The type of event; without one, the types are listed.", metavar="TYPE")
    ] = None,
    user: Annotated[str, typer.Option("--user", help="Who buys.", metavar="ID")] = "creditctl-trigger",
    package: Annotated[str | None, typer.Option("--package", help="What is bought.  [default: the first]")] = None,
    session: Annotated[
        str | None, typer.Option("--session", help="Finish this Checkout session instead.", metavar="cs_…")
    ] = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a real event by doing the real thing: a purchase, its refund, its dispute. Never in live mode."""
    from creditctl.events.trigger import Trigger, as_dict

    run = start(ctx, as_json=as_json)
    if event_type is None:
        _list_types(run)
    settings = run.wiring.settings(env_file, mode)
    if settings.api_key.livemode:
        raise GuardRefused(
            "trigger never runs with a live key.", code="guard.live", fix="Use a test key, or the emulator."
        )
    order = None if session else _order(run, settings, user, package, catalog)
    with run.wiring.stripe(settings) as door:
        made = Trigger(door.client, run.wiring.sleep, run.say).make(event_type, order, session)
    report = as_dict(made)

    def human(console: Console) -> None:
        console.print(f"{report['type']} {report['event']}")
        console.print(f"Next: `creditctl trace {report['payment_key']}`")

    run.finish(report, human=human)


def _list_types(run: Run) -> NoReturn:
    from creditctl.events.recipes import EVENT_TYPES

    run.finish({"types": list(EVENT_TYPES)}, human=lambda console: console.print("\n".join(EVENT_TYPES)))


def _order(run: Run, settings: Settings, user: str, slug: str | None, catalog: Path | None) -> Order:
    """What is bought by whom. Errors: UsageError for a package that there is not."""
    from creditctl.events.trigger import Order

    packages = run.wiring.catalog(catalog or settings.catalog_path)
    chosen = next(iter(packages)) if slug is None else packages.by_slug(slug)
    if chosen is None:
        raise UsageError(
            f"There is no package {slug}.",
            code="events.no_package",
            fix=f"There are: {', '.join(each.slug for each in packages)}.",
        )
    return_url = settings.text("FRONTEND_URL") or _FALLBACK_RETURN_URL
    return Order(user, chosen, return_url.rstrip("/"))
