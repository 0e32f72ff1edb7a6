"""Serving of the emulator: the local Stripe built from its options, announced, and run until somebody stops it.

Nothing here needs Typer: most starts are plain, and are read without it (`plain_start.py`).
"""

from __future__ import annotations

import errno
import re
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.cli.output import Answer, document, write_json
from creditctl.core.errors import ConfigurationError, ExitCode, LockHeld, UsageError
from creditctl.core.keys import EXAMPLE_KEY
from creditctl.core.modes import Mode, is_loopback_host

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.emulator.app import Emulator


class RadarRules(StrEnum):
    """Which of Radar's rules are switched on: those of a new account, or also those about failed checks."""

    DEFAULT = "default"
    STRICT = "strict"


@dataclass(frozen=True)
class StartOptions:
    """What `creditctl emulator` is started with."""

    host: str = "127.0.0.1"
    port: int = 12111
    state: Path | None = None
    seed: int | None = None
    livemode: bool = False
    strict_urls: bool = False
    raw_cards: bool = False
    radar: RadarRules = RadarRules.DEFAULT
    allow_host: tuple[str, ...] = ()
    public_url: str | None = None
    api_version: str | None = None
    files: Path | None = None


def serve_emulator(session: Session, options: StartOptions) -> Answer:
    """Runs a local Stripe until it is stopped. Errors: ConfigurationError, UsageError."""
    from creditctl.emulator.transports.server import serve

    session.wiring.mode = Mode.EMULATOR
    built = _open(session, options)
    host = options.host
    if not is_loopback_host(host):
        session.say(
            f"Warning: --host {host} lets other machines reach it, and it takes everybody's word for who they are."
        )
        session.say("It answers only to the host names of --allow-host.")
    announced = False

    def ready(url: str) -> None:
        nonlocal announced
        _announce(session, url, livemode=options.livemode)
        announced = True

    try:
        serve(built, host, options.port, on_ready=ready)
    except OSError as error:
        raise port_trouble(error, host, options.port) from error
    except KeyboardInterrupt:
        # The one JSON document is written: who reads all of it at the end gets no second one.
        if announced and session.as_json:
            return Answer.streamed(ExitCode.STOPPED)
        raise
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


def _api_version(given: str | None) -> str:
    """The account's API version, the newest by default. Errors: UsageError for what Stripe never had."""
    from creditctl.emulator.protocol.errors import StripeError
    from creditctl.emulator.protocol.versions import API_VERSION, check_version

    try:
        return check_version(given, API_VERSION)
    except StripeError as error:
        raise UsageError(
            f"--api-version {given} is no API version of Stripe's.",
            code="usage.api_version",
            fix="Write it as the dashboard or an SDK's changelog has it, such as 2020-08-27 or 2025-03-31.basil.",
        ) from error


def _open(session: Session, options: StartOptions) -> Emulator:
    """The emulator, closed with the session. Errors: ConfigurationError where its state cannot be kept."""
    import sqlite3

    from creditctl.emulator.app import Emulator

    page_base, folder = _page_base(options.public_url), session.wiring.folder
    state = None if options.state is None else folder / options.state
    try:
        if state is not None:
            _keep_alone(session, state)
        built = Emulator(
            state=state,
            seed=options.seed,
            livemode=options.livemode,
            strict_urls=options.strict_urls,
            allow_hosts=[options.host, *options.allow_host],
            public_url=page_base,
            raw_cards=options.raw_cards,
            api_version=_api_version(options.api_version),
            radar_strict=options.radar is RadarRules.STRICT,
            files=folder / (options.files or "."),
        )
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(
            f"Cannot keep the emulator's state in {state}: {reason}.",
            code="emulator.state",
            fix="Name a file in a folder that can be written with --state, or leave it out to keep it in memory.",
        ) from error
    return session.stack.enter_context(closing(built))


def _keep_alone(session: Session, state: Path) -> None:
    """Holds the state until the session ends: two emulators on one file would each send its deliveries.

    Errors: ConfigurationError where another emulator holds it, OSError.
    """
    from creditctl.ledger.sqlite.file_lock import hold_lock

    try:
        session.stack.enter_context(hold_lock(Path(f"{state}-lock"), "An emulator"))
    except LockHeld as error:
        raise ConfigurationError(
            f"Another emulator that runs keeps its state in {state}.",
            code="emulator.state",
            fix="Stop that one, or name another file with --state.",
        ) from error


def _announce(session: Session, url: str, *, livemode: bool) -> None:
    """Says where it listens: as the one JSON document, or as a sentence with what to do next."""
    begins = "sk_live_emulator" if livemode else "sk_test_"
    if session.as_json:
        report = {"url": url, "example_key": EXAMPLE_KEY.replace("_test_", "_live_") if livemode else EXAMPLE_KEY}
        body = document(session.command, mode=Mode.EMULATOR, exit_code=ExitCode.OK, report=report)
        write_json(session.wiring.stdout, body)
        return
    session.out.print(f"Stripe emulator ready at {url}")
    session.out.file.flush()
    session.say("A browser shows there what it holds.")
    if livemode:
        session.say("It rehearses live mode: test cards decline.")
    session.say(f"It takes any key of {begins} and twelve or more letters and digits. In another terminal:")
    session.say(f"  export STRIPE_API_BASE={url} STRIPE_SECRET_KEY={begins}$(openssl rand -hex 12)")
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
