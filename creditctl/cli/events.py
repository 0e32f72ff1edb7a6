"""`creditctl events`: see events, keep them, play them again, listen for them, make them."""

from __future__ import annotations

import typer

from creditctl.cli import events_listen, events_read, events_replay, events_trigger


def build() -> typer.Typer:
    """The group `creditctl events`."""
    group = typer.Typer(no_args_is_help=True, help="See events, keep them, send them again, forward them, make them.")
    group.command("list")(events_read.list_events)
    group.command("show")(events_read.show)
    group.command("archive")(events_read.archive)
    group.command("replay")(events_replay.replay)
    group.command("listen")(events_listen.listen)
    group.command("trigger")(events_trigger.trigger)
    return group
