"""`creditctl emulator status, seed, snapshot, restore, reset`: the state of a running emulator as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from creditctl.cli.command import Answer
from creditctl.cli.emulator.session import EmulatorSession, emulator_command
from creditctl.cli.options import SinceOption, UntilOption
from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.core.when import iso_time, parse_window

SHARES = ("refunded", "partial", "disputed", "declined", "expired")


@emulator_command()
def status(at: EmulatorSession) -> Answer:
    """Show what a running emulator is and holds."""
    from creditctl.emulator_client import actions as act

    report = act.status(at.control)
    mode = "live mode is rehearsed" if report["livemode"] else "test mode"
    return Answer.lines(
        report,
        f"{report['url']} is creditctl's emulator, {report['api_version']}, {mode}.",
        f"Its time is {iso_time(report['now'])}, {report['offset_seconds']:+,} s from this machine's.",
        f"It holds {report['objects']:,} objects; {report['pending_deliveries']:,} deliveries wait; "
        f"{report['faults']} faults are in force.",
    )


@emulator_command()
def seed(
    at: EmulatorSession,
    payments: Annotated[int, typer.Option("--payments", min=1, help="How many.")] = 1000,
    number: Annotated[int, typer.Option("--seed", help="The same number makes the same payments.")] = 1,
    prices: Annotated[
        list[str] | None,
        typer.Option("--price", help="Sell this price; several times.", metavar="price_…", show_default="all active"),
    ] = None,
    users: Annotated[
        int | None, typer.Option("--users", min=1, help="How many buyers.", show_default="a quarter of the payments")
    ] = None,
    share: Annotated[
        list[str] | None,
        typer.Option("--share", help=f"A share of a fate ({', '.join(SHARES)}), such as refunded=0.1; several times."),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", help="Write what is true of each payment as JSON lines.", metavar="FILE"),
    ] = None,
) -> Answer:
    """Make many past payments with sessions, charges, refunds and disputes, the same ones from the same number."""
    from creditctl.emulator_client import actions as act

    shares = act.read_shares(share or [], SHARES)
    window = parse_window(since, until, at.control.control("GET", "/clock")["now"])
    wanted: dict[str, Any] = {"payments": payments, "seed": number, "prices": prices, "users": users, **shares}
    wanted |= {"since": window.since, "until": window.until}
    wanted["manifest"] = None if manifest is None else str(_new_file(at, manifest, "--manifest"))
    report = act.seed(at.control, wanted)
    fates = ", ".join(f"{count:,} {fate}" for fate, count in report["fates"].items() if count)
    place = f" What is true of each: {manifest}" if manifest else " (--manifest FILE keeps what is true of each.)"
    return Answer.lines(report, f"{report['payments']:,} payments made: {fates}.{place}", "Next: creditctl reconcile")


@emulator_command()
def snapshot(at: EmulatorSession, file: Annotated[Path, typer.Argument(help="A new file.")]) -> Answer:
    """Copy the whole state, all accounts, into a new file."""
    place = _new_file(at, file, "FILE")
    report = at.control.control("POST", "/snapshot", {"path": str(place)})
    return Answer.lines(report, f"The state is in {file}.", f"Back to it: creditctl emulator restore {file} --yes")


@emulator_command(asks=True)
def restore(at: EmulatorSession, file: Annotated[Path, typer.Argument(help="A file that `snapshot` made.")]) -> Answer:
    """Replace the whole state, all accounts, by a snapshot."""
    _require_agreement(at, "restore replaces what the emulator holds")
    report = at.control.control("POST", "/restore", {"path": str(at.session.wiring.folder.resolve() / file)})
    return Answer.lines(report, f"The emulator holds what {file} holds.", "Next: creditctl emulator status")


@emulator_command(asks=True)
def reset(at: EmulatorSession) -> Answer:
    """Forget everything: all accounts, objects, faults, deliveries, the clock."""
    _require_agreement(at, "reset empties the emulator")
    report = at.control.control("POST", "/reset")
    return Answer.lines(report, "The emulator is empty.", "Next: creditctl setup")


def _require_agreement(at: EmulatorSession, what: str) -> None:
    """Asks where a person can answer. Errors: GuardRefused without an agreement."""
    if at.session.agreed(f"{what[0].upper()}{what[1:]} at {at.control.url}, for all accounts. Go on? [y/N] "):
        return
    raise GuardRefused(
        f"Nothing was done: {what} and was not confirmed.",
        code="guard.yes",
        fix="Add --yes. `creditctl emulator snapshot FILE` keeps a copy first.",
    )


def _new_file(at: EmulatorSession, path: Path, name: str) -> Path:
    """The absolute path of a file that is not there yet: the emulator writes it, in another folder than ours.

    Errors: ConfigurationError where it would write over something.
    """
    place = at.session.wiring.folder.resolve() / path
    if place.exists() or not place.parent.is_dir():
        why = "is there already" if place.exists() else "lies in a folder that does not exist"
        raise ConfigurationError(
            f"{path} {why}: nothing was written.", code="emulator.file", fix=f"Name a new file as {name}."
        )
    return place
