"""Starts a whole world on this machine, emulator and backend on free loopback ports, and stops it again."""

from __future__ import annotations

import io
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditctl.atomic_file import PRIVATE, create_file
from creditctl.cli.wiring import Wiring
from creditctl.core.errors import ConfigurationError, ExitCode
from creditctl.core.keys import EXAMPLE_KEY

if TYPE_CHECKING:
    from creditctl.core.catalog import Catalog
    from creditctl.core.settings import Settings
    from creditctl.simulation.shop import Shop

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class LocalStack:
    """A started emulator and backend, with the files of one folder between them."""

    folder: Path
    emulator_url: str
    backend_url: str
    shop: Shop
    ledger_path: Path
    inner: Wiring

    def command(self, *arguments: str) -> dict[str, Any]:
        """Runs one creditctl command in this world, through its real entry point, and returns its JSON document."""
        return run_command(self.inner, *arguments)


def run_command(wiring: Wiring, *arguments: str) -> dict[str, Any]:
    """Runs one command with `--json` in a wiring of its own and returns the document.

    Errors: KeyboardInterrupt where that command was stopped: Ctrl-C is meant for all of it.
    """
    answer = io.StringIO()
    inner = replace(wiring, stdin=io.StringIO(), stdout=answer, stderr=io.StringIO())
    if wiring.run([*arguments, "--json"], inner) == ExitCode.STOPPED:
        raise KeyboardInterrupt
    document: dict[str, Any] = json.loads(answer.getvalue())
    return document


@contextmanager
def start_local_stack(
    outer: Wiring, folder: Path, *, keep_state: bool = False, catalog: Catalog | None = None
) -> Iterator[LocalStack]:
    """An emulator, a set-up account and a backend, all in `folder`; everything is stopped at the end.

    Errors: CreditctlError of the set-up, should it fail; OSError if the folder cannot be written.
    """
    from creditctl.backend.server import bind, url_of

    with ExitStack() as stack:
        listener = stack.enter_context(bind(_HOST, 0))
        backend_url = url_of(listener)
        world = start_emulator_world(outer, folder, backend_url, keep_state=keep_state, catalog=catalog)
        inner, settings = stack.enter_context(world)
        stack.enter_context(_backend(inner, settings, listener))
        yield LocalStack(
            folder=folder,
            emulator_url=settings.api_base,
            backend_url=backend_url,
            shop=stack.enter_context(open_shop(inner, settings, backend_url)),
            ledger_path=settings.ledger_path,
            inner=inner,
        )


@contextmanager
def start_emulator_world(
    outer: Wiring,
    folder: Path,
    backend_url: str,
    *,
    keep_state: bool = False,
    catalog: Catalog | None = None,
    webhook_path: str | None = None,
) -> Iterator[tuple[Wiring, Settings]]:
    """An emulator, and an account set up for a backend at a URL, whose files are in `folder`; no backend.

    Errors: as `start_local_stack`.
    """
    from creditctl.emulator.app import Emulator
    from creditctl.emulator.transports.server import EmulatorServer

    with ExitStack() as stack:
        emulator = Emulator(state=folder / "stripe-emulator.db" if keep_state else None)
        stack.callback(emulator.close)
        server = stack.enter_context(EmulatorServer(emulator, host=_HOST, port=0))
        write_settings(folder / ".env", server.url, backend_url)
        write_project(folder, catalog, webhook_path)
        inner = replace(
            outer,
            environ={"NO_COLOR": "1"},
            folder=folder,
            stdin=io.StringIO(),
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            transport=None,
        )
        set_up(inner)
        yield inner, inner.settings()


def write_project(folder: Path, catalog: Catalog | None, webhook_path: str | None) -> None:
    """The `creditctl.toml` of a world: another catalogue, another webhook path; none where both are the usual ones."""
    lines = [] if webhook_path is None else ["[webhook]", f"path = {json.dumps(webhook_path)}"]
    for package in catalog or ():
        lines += ["[[package]]", f"number = {package.number}", f"slug = {json.dumps(package.slug)}"]
        lines += [f"name = {json.dumps(package.name)}", f"credits = {package.credits}", f"amount = {package.amount}"]
        lines += [f"currency = {json.dumps(package.currency)}"]
    if lines:
        (folder / "creditctl.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_settings(path: Path, emulator_url: str, backend_url: str) -> None:
    """The `.env` of a world: everything but the signing secret, which the set-up captures."""
    content = (
        "# Made by creditctl: a world on this machine, with a local Stripe.\n"
        f"STRIPE_SECRET_KEY={EXAMPLE_KEY}\n"
        f"STRIPE_API_BASE={emulator_url}\n"
        f"CREDITS_API_URL={backend_url}\n"
        f"FRONTEND_URL={backend_url}\n"
    )
    create_file(path, content.encode())


def _private(path: str, flags: int) -> int:
    """Opens a file that names users and payments."""
    return os.open(path, flags, PRIVATE)


class SetUpFailed(ConfigurationError):
    """The set-up of a fresh emulator did not work."""


def set_up(inner: Wiring) -> dict[str, Any]:
    """Runs `creditctl setup` in a fresh world. Errors: SetUpFailed with what it said."""
    document = run_command(inner, "setup", "--yes")
    if not document["ok"]:
        error = document.get("error", {})
        raise SetUpFailed(
            f"The set-up did not work: {error.get('message', document)}", code="world.setup", fix=error.get("fix", "")
        )
    return document


@contextmanager
def open_shop(inner: Wiring, settings: Settings, backend_url: str) -> Iterator[Shop]:
    """A buyer and tester of a running backend, on the Stripe of the settings."""
    import httpx

    from creditctl.simulation.shop import Shop

    with inner.stripe(settings) as connection, httpx.Client(timeout=10.0, trust_env=False) as http:
        yield Shop(
            client=connection.client,
            http=http,
            backend_url=backend_url,
            webhook_url=str(settings.webhook_url),
            secret=settings.webhook_secrets[0],
            clock=inner.clock,
            monotonic=time.monotonic,
            sleep=inner.sleep,
        )


@contextmanager
def _backend(inner: Wiring, settings: Settings, listener: socket.socket) -> Iterator[None]:
    """The reference backend on a listening socket, its log in the world's folder."""
    from creditctl.backend.app import build_app
    from creditctl.backend.server import BackendServer
    from creditctl.cli.serve import build_services
    from creditctl.ledger.store import Ledger

    with ExitStack() as stack:
        log = stack.enter_context(open(inner.folder / "backend.log", "w", encoding="utf-8", opener=_private))
        connection = stack.enter_context(inner.stripe(settings))
        account, livemode = connection.account_id, connection.livemode
        ledger = stack.enter_context(
            Ledger.open(settings.ledger_path, account=account, livemode=livemode, clock=inner.clock)
        )
        logging = replace(inner, stderr=log)
        services = build_services(logging, settings, _packages(inner, settings), stripe=connection, ledger=ledger)
        stack.enter_context(BackendServer(build_app(services), listener=listener))
        yield


def _packages(inner: Wiring, settings: Settings) -> Catalog:
    from creditctl.core.catalog import catalog_of_project

    return catalog_of_project(settings.project) or inner.catalog()
