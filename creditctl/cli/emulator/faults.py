"""`creditctl emulator fault, faults`: faults of answers and deliveries, ordered, listed and lifted."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from creditctl.cli.command import Answer
from creditctl.cli.emulator.session import EmulatorSession, emulator_command
from creditctl.cli.render.emulator import fault_line


class FaultKind(StrEnum):
    """What can go wrong on purpose: four faults of answers, four of deliveries."""

    STATUS = "status"
    LATENCY = "latency"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    DROP = "drop"
    DUPLICATE = "duplicate"
    DELAY = "delay"
    REORDER = "reorder"


@emulator_command()
def fault(
    at: EmulatorSession,
    kind: Annotated[FaultKind, typer.Argument(help="What goes wrong.")],
    path: Annotated[str, typer.Option("--path", help="Only requests to this path; * is a wildcard.")] = "*",
    method: Annotated[str, typer.Option("--method", help="Only requests of this method.")] = "*",
    event: Annotated[str, typer.Option("--event", help="Only deliveries of this event type; * as above.")] = "*",
    count: Annotated[int | None, typer.Option("--count", min=1, help="How often.", show_default="always")] = None,
    probability: Annotated[
        float, typer.Option("--probability", min=0.0, max=1.0, help="The share of cases, by a seeded chance.")
    ] = 1.0,
    status: Annotated[int, typer.Option("--status", min=400, max=599, help="With `status`: which.")] = 500,
    seconds: Annotated[float, typer.Option("--seconds", min=0.0, help="With `latency`, `delay`, `reorder`.")] = 0.0,
) -> Answer:
    """Order a fault of answers (status, latency, cut) or of deliveries (drop, duplicate, delay, reorder)."""
    wanted: dict[str, Any] = {"kind": kind, "path": path, "method": method.upper(), "event": event, "count": count}
    wanted |= {"probability": probability, "status": status, "seconds": seconds}
    report = at.control.control("POST", "/faults", wanted)
    return Answer.lines(
        report, f"In force: {fault_line(report)}", f"Lift it: creditctl emulator faults --lift {report['id']}"
    )


@emulator_command()
def faults(
    at: EmulatorSession,
    lift: Annotated[int | None, typer.Option("--lift", help="Lift this fault.", metavar="NUMBER")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Lift all faults.")] = False,
) -> Answer:
    """List the faults in force and how often each has struck, or lift them."""
    if clear or lift is not None:
        lifted = at.control.control("DELETE", "/faults" if clear else f"/faults/{lift}")["removed"]
        return Answer.lines({"lifted": lifted}, f"Lifted: {lifted}.")
    rules = at.control.control("GET", "/faults")["data"]
    lines = [fault_line(rule) for rule in rules] or ["No fault is in force."]
    return Answer.lines({"faults": rules}, *lines)
