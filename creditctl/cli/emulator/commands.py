"""`creditctl emulator`: the local Stripe on a port, for any SDK or the official Stripe CLI."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.options import HostOption, JsonOption, PortOption
from creditctl.cli.output import Run, start
from creditctl.core.errors import ConfigurationError
from creditctl.core.modes import Mode

DEFAULT_PORT = 12111
EXAMPLE_KEY = "sk_test_emulator0000000000"


def emulator(
    ctx: typer.Context,
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    state: Annotated[
        Path | None, typer.Option("--state", help="Keep the state in this SQLite file.", show_default="memory")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Make ids repeatable.", show_default="random")] = None,
    livemode: Annotated[bool, typer.Option("--livemode", help="Rehearse live mode: accept live keys.")] = False,
    strict_urls: Annotated[
        bool, typer.Option("--strict-urls", help="Refuse local webhook URLs, as Stripe does.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a local Stripe: no account, no network. Ctrl-C stops it. The commands below steer one that runs."""
    if ctx.invoked_subcommand is not None:
        return
    run = start(ctx, as_json=as_json)
    run.wiring.mode = Mode.EMULATOR
    place = None if state is None else run.wiring.folder / state
    _serve(run, place, host, port, seed=seed, livemode=livemode, strict_urls=strict_urls)


def _serve(
    run: Run, state: Path | None, host: str, port: int, *, seed: int | None, livemode: bool, strict_urls: bool
) -> None:
    import sqlite3

    from creditctl.emulator.app import Emulator
    from creditctl.emulator.transports.server import serve

    try:
        built = Emulator(state=state, seed=seed, livemode=livemode, strict_urls=strict_urls)
    except sqlite3.Error as error:
        raise ConfigurationError(
            f"Cannot keep the emulator's state in {state}: {error}.",
            code="emulator.state",
            fix="Name a file in a folder that can be written with --state, or leave it out to keep it in memory.",
        ) from error
    try:
        serve(built, host, port, on_ready=lambda url: _ready(run, url))
    except OSError as error:
        raise port_trouble(error, host, port) from error
    finally:
        built.close()


def _ready(run: Run, url: str) -> None:
    """Says where it listens: as the one JSON document, or as a sentence with what to do next."""
    if run.as_json:
        from creditctl.cli.output import document, write_json

        report = {"url": url, "example_key": EXAMPLE_KEY}
        write_json(run.wiring.stdout, document(run.command, mode=Mode.EMULATOR, exit_code=0, report=report))
        return
    run.out.print(f"Stripe emulator ready at {url}")
    run.out.file.flush()
    run.say("It takes any key of sk_test_ and twelve or more letters and digits. In another terminal:")
    run.say(f"  export STRIPE_API_BASE={url} STRIPE_SECRET_KEY=sk_test_$(openssl rand -hex 12)")
    run.say("  creditctl setup")
    run.say("Ctrl-C stops it.")


def port_trouble(error: OSError, host: str, port: int) -> ConfigurationError:
    """A server that could not listen, as a sentence with what to do next."""
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"Port {port} on {host} is in use.",
            code="server.port_in_use",
            fix="Stop what uses it, or choose another with --port (0 takes any free one).",
        )
    return ConfigurationError(
        f"Cannot listen on {host}:{port}: {error.strerror or error}.",
        code="server.cannot_listen",
        fix="Choose another --host or --port.",
    )
