"""`creditctl emulator status, seed, snapshot, restore, reset`: the state of a running emulator as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from creditctl.cli.emulator.session import EmulatorSession, KeyNameOption, UrlOption, steering
from creditctl.cli.options import EnvFileOption, JsonOption, SinceOption, UntilOption, YesOption
from creditctl.core.errors import ConfigurationError, GuardRefused
from creditctl.core.when import iso_time, parse_window

SHARES = ("refunded", "partial", "disputed", "declined", "expired")


def status(
    ctx: typer.Context,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a running emulator is and holds."""
    from creditctl.emulator_client import actions as act

    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        report = act.status(at.control)
        mode = "live mode is rehearsed" if report["livemode"] else "test mode"
        at.finish(
            report,
            f"{report['url']} is creditctl's emulator, {report['api_version']}, {mode}.",
            f"Its time is {iso_time(report['now'])}, {report['offset_seconds']:+,} s from this machine's.",
            f"It holds {report['objects']:,} objects; {report['pending_deliveries']:,} deliveries wait; "
            f"{report['faults']} faults are in force.",
        )


def seed(
    ctx: typer.Context,
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
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make many past payments with sessions, charges, refunds and disputes, the same ones from the same number."""
    from creditctl.emulator_client import actions as act

    shares = act.read_shares(share or [], SHARES)
    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        window = parse_window(since, until, at.control.control("GET", "/clock")["now"])
        wanted: dict[str, Any] = {"payments": payments, "seed": number, "prices": prices, "users": users, **shares}
        wanted |= {"since": window.since, "until": window.until}
        wanted["manifest"] = None if manifest is None else str(_new_file(at, manifest, "--manifest"))
        report = act.seed(at.control, wanted)
        fates = ", ".join(f"{count:,} {fate}" for fate, count in report["fates"].items() if count)
        place = f" What is true of each: {manifest}" if manifest else " (--manifest FILE keeps what is true of each.)"
        at.finish(report, f"{report['payments']:,} payments made: {fates}.{place}", "Next: creditctl reconcile")


def snapshot(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file.")],
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the whole state, all accounts, into a new file."""
    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        place = _new_file(at, file, "FILE")
        report = at.control.control("POST", "/snapshot", {"path": str(place)})
        at.finish(report, f"The state is in {file}.", f"Back to it: creditctl emulator restore {file} --yes")


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `snapshot` made.")],
    yes: YesOption = False,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replace the whole state, all accounts, by a snapshot."""
    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        _agreed(at, yes, "restore replaces what the emulator holds")
        report = at.control.control("POST", "/restore", {"path": str(at.run.wiring.folder.resolve() / file)})
        at.finish(report, f"The emulator holds what {file} holds.", "Next: creditctl emulator status")


def reset(
    ctx: typer.Context,
    yes: YesOption = False,
    url: UrlOption = None,
    key_name: KeyNameOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget everything: all accounts, objects, faults, deliveries, the clock."""
    with steering(ctx, as_json=as_json, env_file=env_file, url=url, key_name=key_name) as at:
        _agreed(at, yes, "reset empties the emulator")
        report = at.control.control("POST", "/reset")
        at.finish(report, "The emulator is empty.", "Next: creditctl setup")


def _agreed(at: EmulatorSession, yes: bool, what: str) -> None:
    """Asks where a person can answer. Errors: GuardRefused without an agreement."""
    stdin = at.run.wiring.stdin
    if yes:
        return
    if not at.run.as_json and stdin.isatty():
        at.run.say(f"{what[0].upper()}{what[1:]} at {at.control.url}, for all accounts. Go on? [y/N]")
        if stdin.readline().strip().lower() in ("y", "yes"):
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
    place = at.run.wiring.folder.resolve() / path
    if place.exists() or not place.parent.is_dir():
        why = "is there already" if place.exists() else "lies in a folder that does not exist"
        raise ConfigurationError(
            f"{path} {why}: nothing was written.", code="emulator.file", fix=f"Name a new file as {name}."
        )
    return place
