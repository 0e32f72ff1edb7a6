"""`creditctl emulator clock, advance, fault, faults, deliveries`: time, trouble and webhooks of a running emulator."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.emulator.session import KeyNameOption, UrlOption, steering
from creditctl.cli.options import EnvFileOption, JsonOption
from creditctl.cli.render.table import Table, show_table
from creditctl.core.errors import UsageError
from creditctl.core.when import iso_time, parse_duration, parse_when

if TYPE_CHECKING:
    from creditctl.cli.console import Console


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


def clock(
    ctx: typer.Context,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the emulator's time."""
    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = at.control.control("GET", "/clock")
        at.finish(report, _clock_line(report), "Next: creditctl emulator advance 3d")


def advance(
    ctx: typer.Context,
    duration: Annotated[
        str | None, typer.Argument(help="How far: 90s, 45m, 2h, 3d, 1d12h.", metavar="DURATION", show_default=False)
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="To this time: 2026-12-01 or 2026-12-01T08:30:00Z.", metavar="WHEN")
    ] = None,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move the emulator's clock forward: what falls due on the way (expiry, payouts, retries) happens."""
    if (duration is None) == (to is None):
        raise UsageError(
            "Say how far, or --to which time: one of the two.",
            code="usage.advance",
            fix="For example `creditctl emulator advance 3d`, or `creditctl emulator advance --to 2026-12-01`.",
        )
    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        before = at.control.control("GET", "/clock")["now"]
        step = parse_duration(duration) if duration is not None else parse_when(str(to), before) - before
        after = at.control.control("POST", "/clock", {"advance": step})
        at.finish({"advanced_seconds": step, **after}, _clock_line(after), "Next: creditctl emulator deliveries")


def fault(
    ctx: typer.Context,
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
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Order a fault of answers (status, latency, cut) or of deliveries (drop, duplicate, delay, reorder)."""
    wanted: dict[str, Any] = {"kind": kind, "path": path, "method": method.upper(), "event": event, "count": count}
    wanted |= {"probability": probability, "status": status, "seconds": seconds}
    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = at.control.control("POST", "/faults", wanted)
        at.finish(
            report, f"In force: {_fault_line(report)}", f"Lift it: creditctl emulator faults --lift {report['id']}"
        )


def faults(
    ctx: typer.Context,
    lift: Annotated[int | None, typer.Option("--lift", help="Lift this fault.", metavar="NUMBER")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Lift all faults.")] = False,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the faults in force and how often each has struck, or lift them."""
    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        if clear or lift is not None:
            lifted = at.control.control("DELETE", "/faults" if clear else f"/faults/{lift}")["removed"]
            at.finish({"lifted": lifted}, f"Lifted: {lifted}.")
        rules = at.control.control("GET", "/faults")["data"]
        lines = [_fault_line(rule) for rule in rules] or ["No fault is in force."]
        at.finish({"faults": rules}, *lines)


def deliveries(
    ctx: typer.Context,
    event: Annotated[str | None, typer.Option("--event", help="Only of this event, evt_…", metavar="ID")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
    flush: Annotated[bool, typer.Option("--flush", help="First make everything that waits due now.")] = False,
    retry: Annotated[int | None, typer.Option("--retry", help="First send this one again.", metavar="NUMBER")] = None,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the delivery log, newest first: which event went where, and what came of each attempt."""
    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        due = 0
        if flush:
            due += at.control.control("POST", "/deliveries/flush")["due"]
        if retry is not None:
            due += at.control.control("POST", f"/deliveries/{retry}/retry")["due"]
        rows = at.control.control("GET", "/deliveries", {"limit": limit, "event": event})["data"]

        def human(console: Console) -> None:
            if flush or retry is not None:
                console.print(f"Made due now: {due}.")
            if rows:
                show_table(console, _delivery_table(rows))
            else:
                console.print("No delivery yet: is an endpoint registered?")
            console.print("Send one again: creditctl emulator deliveries --retry NUMBER")

        at.run.finish({"made_due": due, "deliveries": rows}, human=human)


def _clock_line(report: dict[str, Any]) -> str:
    return f"The emulator's time is {iso_time(report['now'])}, {report['offset_seconds']:+,} s from this machine's."


def _fault_line(rule: dict[str, Any]) -> str:
    """One fault for people: only what narrows it down is said."""
    said = [f"{name} {rule[name]}" for name in ("method", "path", "event") if rule[name] != "*"]
    said += [f"status {rule['status']}"] if rule["kind"] == "status" else []
    said += [f"{rule['seconds']:g} s"] if rule["seconds"] else []
    said += [f"at most {rule['count']} times"] if rule["count"] is not None else []
    said += [f"probability {rule['probability']:g}"] if rule["probability"] < 1 else []
    return f"#{rule['id']} {rule['kind']}" + "".join(f", {part}" for part in said) + f" (struck {rule['hits']} times)"


def _delivery_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(("#", "Event", "Type", "To", "State", "Attempts"), right=frozenset({"#"}))
    for row in rows:
        answers = [str(attempt["status"] or attempt["error"]) for attempt in row["attempts"]]
        waits = f" until {iso_time(row['due'])}" if row["state"] == "pending" else ""
        cells = (str(row["id"]), row["event"], row["type"] or "", row["endpoint"], row["state"] + waits)
        table.add(*cells, ", ".join(answers) or "none yet")
    return table
