"""`creditctl emulator hold, holds, release`: deliveries of one object or user kept back, and let go in an order."""

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
from creditctl.cli.render.emulator import DELIVERIES_NEXT, held_line, hold_lines
from creditctl.core.errors import UsageError


@emulator_command()
def hold(
    at: EmulatorSession,
    object_id: ObjectOption = None,
    user: UserOption = None,
    user_key: UserKeyOption = None,
    event: Annotated[str, typer.Option("--event", help="Only events of this type; * is a wildcard.")] = "*",
) -> Answer:
    """Keep back the deliveries about one object or user until `release` lets them go."""
    if object_id is None and user is None:
        raise UsageError(
            "A hold needs an object or a user.",
            code="usage.hold",
            fix="Name one: --object cs_test_…, or --user with what the application calls its buyer.",
        )
    wanted = {"object": object_id, "user": user, "user_key": user_key, "event": event}
    made = at.control.control("POST", "/holds", wanted)
    number = made["id"]
    return Answer.lines(made, *hold_lines(made), f"Let them go: creditctl emulator release {number}")


@emulator_command()
def holds(at: EmulatorSession) -> Answer:
    """List the holds and the deliveries that each keeps."""
    rules = at.control.control("GET", "/holds")["data"]
    lines = [line for rule in rules for line in hold_lines(rule)] or ["No delivery is kept back."]
    return Answer.lines({"holds": rules}, *lines)


@emulator_command()
def release(
    at: EmulatorSession,
    number: Annotated[int, typer.Argument(help="The number of the hold.", metavar="HOLD")],
    order: Annotated[
        list[str] | None,
        typer.Option(
            "--next",
            help="An event type, event id or delivery number; several times, in the order in which they go.",
            metavar="NAME",
            show_default="all, as they happened",
        ),
    ] = None,
    rest: Annotated[bool, typer.Option("--rest", help="After those of --next all others, and end the hold.")] = False,
) -> Answer:
    """Let kept deliveries go, each after the first attempt of the one before has ended."""
    report = at.control.control("POST", f"/holds/{number}/release", {"order": order or None, "rest": rest})
    state = "The hold has ended." if report["ended"] else f"The hold keeps {report['held']} more."
    return Answer.lines(report, *map(held_line, report["released"]), state, DELIVERIES_NEXT)
