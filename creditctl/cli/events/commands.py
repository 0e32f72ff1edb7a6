"""`creditctl events`: see events, keep them, play them again, listen for them, make them."""

from __future__ import annotations

import typer

from creditctl.cli.events import listen, read, replay, trigger


def build() -> typer.Typer:
    """The group `creditctl events`."""
    group = typer.Typer(no_args_is_help=True, help="See events, keep them, send them again, forward them, make them.")
    group.command("list")(read.list_events)
    group.command("show")(read.show)
    group.command("archive")(read.archive)
    group.command("replay")(replay.replay)
    group.command("listen")(listen.listen)
    group.command("trigger")(trigger.trigger)
    return group
