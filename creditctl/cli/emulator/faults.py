"""`creditctl emulator fault, faults`: faults of answers, deliveries and events, ordered, listed and lifted."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from creditctl.cli.command import Answer
from creditctl.cli.emulator.session import (
    EmulatorSession,
    ObjectOption,
    UserKeyOption,
    UserOption,
    emulator_command,
)
from creditctl.cli.render.emulator import fault_line
from creditctl.core.errors import UsageError


class FaultKind(StrEnum):
    """What can go wrong on purpose: four faults of answers, five of deliveries, and an event that is never made."""

    STATUS = "status"
    LATENCY = "latency"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    DROP = "drop"
    DUPLICATE = "duplicate"
    DELAY = "delay"
    REORDER = "reorder"
    REFUSE = "refuse"
    OMIT = "omit"


@emulator_command()
def fault(
    at: EmulatorSession,
    kind: Annotated[FaultKind, typer.Argument(help="What goes wrong.")],
    path: Annotated[str, typer.Option("--path", help="Only requests to this path; * is a wildcard.")] = "*",
    method: Annotated[str, typer.Option("--method", help="Only requests of this method.")] = "*",
    event: Annotated[str, typer.Option("--event", help="Only events of this type; * as above.")] = "*",
    count: Annotated[int | None, typer.Option("--count", min=1, help="How often.", show_default="always")] = None,
    probability: Annotated[
        float, typer.Option("--probability", min=0.0, max=1.0, help="The share of cases, by a seeded chance.")
    ] = 1.0,
    status: Annotated[int, typer.Option("--status", min=400, max=599, help="With `status`, `refuse`: which.")] = 500,
    seconds: Annotated[float, typer.Option("--seconds", min=0.0, help="With `latency`, `delay`, `reorder`.")] = 0.0,
    object_id: ObjectOption = None,
    user: UserOption = None,
    user_key: UserKeyOption = None,
) -> Answer:
    """Order a fault of answers (status, latency, cut), deliveries (drop, duplicate, delay, …) or events (omit).

    `refuse` fails an attempt before your endpoint hears of it; with `omit` an event is neither delivered nor listed.
    """
    wanted: dict[str, Any] = {"kind": kind, "path": path, "method": method.upper(), "event": event, "count": count}
    wanted |= {"probability": probability, "status": status, "seconds": seconds}
    wanted |= {"object": object_id, "user": user, "user_key": user_key}
    report = at.control.control("POST", "/faults", wanted)
    return Answer.lines(
        report, f"In force: {fault_line(report)}", f"Lift it: creditctl emulator faults --lift {report['id']}"
    )


@emulator_command()
def faults(
    at: EmulatorSession,
    lift: Annotated[int | None, typer.Option("--lift", help="Lift this fault.", metavar="NUMBER")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Lift all faults, or those of --object or --user.")] = False,
    object_id: ObjectOption = None,
    user: UserOption = None,
    user_key: UserKeyOption = None,
) -> Answer:
    """List the faults in force and how often each has struck, or lift them."""
    bound = {"object": object_id, "user": user, "user_key": user_key}
    if not clear and any(bound.values()):
        raise UsageError(
            "--object and --user choose which faults to lift.",
            code="usage.faults",
            fix="Add --clear, or list all faults with `creditctl emulator faults`.",
        )
    if clear or lift is not None:
        place, params = ("/faults", bound) if clear else (f"/faults/{lift}", {})
        lifted = at.control.control("DELETE", place, params)["removed"]
        return Answer.lines({"lifted": lifted}, f"Lifted: {lifted}.")
    rules = at.control.control("GET", "/faults")["data"]
    lines = [fault_line(rule) for rule in rules] or ["No fault is in force."]
    return Answer.lines({"faults": rules}, *lines)
