"""`creditctl emulator`: the local Stripe on a port, for any SDK or the official Stripe CLI."""

from __future__ import annotations

import errno
import re
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.command import Answer, Session, command
from creditctl.cli.options import HostOption, PortOption
from creditctl.cli.output import document, write_json
from creditctl.core.errors import ConfigurationError, ExitCode, UsageError
from creditctl.core.keys import EXAMPLE_KEY
from creditctl.core.modes import Mode, is_loopback_host

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator

DEFAULT_PORT = 12111


class RadarRules(StrEnum):
    """Which of Radar's rules are switched on: those of a new account, or also those about failed checks."""

    DEFAULT = "default"
    STRICT = "strict"


RawCardsOption = Annotated[
    bool, typer.Option("--raw-cards", help="Take card numbers by API, as Stripe lets some accounts.")
]
RadarOption = Annotated[
    RadarRules, typer.Option("--radar", help="strict: block payments whose CVC or postal code check fails.")
]


AllowHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host", help="Also answer requests to this host name; several times.", show_default="this machine's"
    ),
]
PublicUrlOption = Annotated[
    str | None,
    typer.Option(
        "--public-url",
        help="Where a browser reaches it, for the URLs of Checkout pages; in a container http://localhost:PORT.",
        show_default="where a request came to",
        metavar="URL",
    ),
]


@command(settings=False)
def emulator(
    session: Session,
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
    raw_cards: RawCardsOption = False,
    radar: RadarOption = RadarRules.DEFAULT,
    allow_host: AllowHostOption = None,
    public_url: PublicUrlOption = None,
    files: Annotated[
        Path | None,
        typer.Option("--files", help="Read and write snapshots and manifests below this folder.", show_default="here"),
    ] = None,
) -> Answer:
    """Run a local Stripe: no account, no network. Ctrl-C stops it. The commands below steer one that runs."""
    from creditctl.emulator.transports.server import serve

    session.wiring.mode = Mode.EMULATOR
    folder = session.wiring.folder
    options: dict[str, Any] = {"seed": seed, "livemode": livemode, "strict_urls": strict_urls, "raw_cards": raw_cards}
    options |= {"radar_strict": radar is RadarRules.STRICT, "files": folder / (files or ".")}
    options |= {"public_url": _page_base(public_url)}
    place = None if state is None else folder / state
    built = session.stack.enter_context(_open(place, allow_hosts=[host, *(allow_host or [])], **options))
    if not is_loopback_host(host):
        session.say(
            f"Warning: --host {host} lets other machines reach it, and it takes everybody's word for who they are."
        )
        session.say("It answers only to the host names of --allow-host.")
    try:
        serve(built, host, port, on_ready=lambda url: _announce(session, url))
    except OSError as error:
        raise port_trouble(error, host, port) from error
    return Answer.streamed()


def _page_base(url: str | None) -> str | None:
    """What the URLs of pages begin with. Errors: UsageError for what is no http(s) URL without a path."""
    if url is None or re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+/?", url):
        return None if url is None else url.rstrip("/")
    raise UsageError(
        f"--public-url {url} is no address of a server.",
        code="usage.public_url",
        fix="Write it with http:// or https:// and without a path, such as http://localhost:12111.",
    )


def _open(state: Path | None, **options: Any) -> closing[Emulator]:
    """The emulator, closed with the session. Errors: ConfigurationError where its state cannot be kept."""
    import sqlite3

    from creditctl.emulator.app import Emulator

    try:
        return closing(Emulator(state=state, **options))
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(
            f"Cannot keep the emulator's state in {state}: {reason}.",
            code="emulator.state",
            fix="Name a file in a folder that can be written with --state, or leave it out to keep it in memory.",
        ) from error


def _announce(session: Session, url: str) -> None:
    """Says where it listens: as the one JSON document, or as a sentence with what to do next."""
    if session.as_json:
        report = {"url": url, "example_key": EXAMPLE_KEY}
        body = document(session.command, mode=Mode.EMULATOR, exit_code=ExitCode.OK, report=report)
        write_json(session.wiring.stdout, body)
        return
    session.out.print(f"Stripe emulator ready at {url}")
    session.out.file.flush()
    session.say("A browser shows there what it holds.")
    session.say("It takes any key of sk_test_ and twelve or more letters and digits. In another terminal:")
    session.say(f"  export STRIPE_API_BASE={url} STRIPE_SECRET_KEY=sk_test_$(openssl rand -hex 12)")
    session.say("  creditctl setup")
    session.say("Ctrl-C stops it.")


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
