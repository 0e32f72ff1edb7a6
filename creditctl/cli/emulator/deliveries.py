"""`creditctl emulator deliveries`: the log of webhook deliveries of a running emulator."""

from __future__ import annotations

from typing import Annotated

import typer

from creditctl.cli.command import Answer
from creditctl.cli.emulator.session import EmulatorSession, emulator_command


@emulator_command()
def deliveries(
    at: EmulatorSession,
    event: Annotated[str | None, typer.Option("--event", help="Only of this event, evt_…", metavar="ID")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
    flush: Annotated[bool, typer.Option("--flush", help="First make everything that waits due now.")] = False,
    retry: Annotated[int | None, typer.Option("--retry", help="First send this one again.", metavar="NUMBER")] = None,
) -> Answer:
    """Show the delivery log, newest first: which event went where, and what came of each attempt."""
    from creditctl.cli.render.emulator import deliveries_answer

    due = 0
    if flush:
        due += at.control.control("POST", "/deliveries/flush")["due"]
    if retry is not None:
        due += at.control.control("POST", f"/deliveries/{retry}/retry")["due"]
    rows = at.control.control("GET", "/deliveries", {"limit": limit, "event": event})["data"]
    return deliveries_answer(rows, due if flush or retry is not None else None)
