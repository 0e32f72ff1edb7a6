"""`creditctl emulator clock, advance`: the time of a running emulator, shown and moved forward."""

from __future__ import annotations

from typing import Annotated

import typer

from creditctl.cli.command import Answer
from creditctl.cli.emulator.session import (
    EmulatorSession,
    ObjectOption,
    UserKeyOption,
    UserOption,
    emulator_command,
)
from creditctl.cli.render.emulator import clock_line
from creditctl.core.errors import UsageError
from creditctl.core.when import parse_duration, parse_when


@emulator_command()
def clock(at: EmulatorSession) -> Answer:
    """Show the emulator's time."""
    report = at.control.control("GET", "/clock")
    return Answer.lines(report, clock_line(report), "Next: creditctl emulator advance 3d")


@emulator_command()
def advance(
    at: EmulatorSession,
    duration: Annotated[
        str | None, typer.Argument(help="How far: 90s, 45m, 2h, 3d, 1d12h.", metavar="DURATION", show_default=False)
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="To this time: 2026-12-01 or 2026-12-01T08:30:00Z.", metavar="WHEN")
    ] = None,
    object_id: ObjectOption = None,
    user: UserOption = None,
    user_key: UserKeyOption = None,
) -> Answer:
    """Move the emulator's clock forward: what falls due on the way (expiry, payouts, retries) happens.

    With --object or --user the clock stays: only what that time holds for it (a bank's result, an expiry) happens now.
    """
    if (duration is None) == (to is None):
        raise UsageError(
            "Say how far, or --to which time: one of the two.",
            code="usage.advance",
            fix="For example `creditctl emulator advance 3d`, or `creditctl emulator advance --to 2026-12-01`.",
        )
    before = at.control.control("GET", "/clock")["now"]
    step = parse_duration(duration) if duration is not None else parse_when(str(to), before) - before
    bound = {"object": object_id, "user": user, "user_key": user_key}
    after = at.control.control("POST", "/clock", {"advance": step, **bound})
    early = [f"Happened early for {object_id or user}: {after['jobs']}."] if "jobs" in after else []
    said = [*early, clock_line(after), "Next: creditctl emulator deliveries"]
    return Answer.lines({"advanced_seconds": step, **after}, *said)
