"""Benches of `creditctl simulate`: a world of its own, a backend that runs already, or one that is started here."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from creditctl.cli.local.simulate_options import SimulateOptions, make_target
from creditctl.core.errors import ConfigurationError, GuardRefused, UsageError
from creditctl.core.keys import is_server_key
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    import httpx

    from creditctl.cli.command import Session
    from creditctl.core.catalog import Catalog
    from creditctl.core.keys import Secret
    from creditctl.core.settings import Settings
    from creditctl.simulation.play.state import Bench
    from creditctl.simulation.stripe_side.access import StripeAccess
    from creditctl.simulation.target.declaration import Target
    from creditctl.simulation.target.process import BackendProcess

PORT = "{port}"
"""Stands for a free port in `--start`, `--restart` and `--ready`, and in what is said of the backend with them."""

_WITH_PORT = (
    "start", "restart", "ready", "backend", "balance_path", "login_command", "balance_command", "spend_command",
    "recover_command",
)  # fmt: skip
"""What may name the free port."""

HTTP_SECONDS = 30.0
_MOST_CONNECTIONS = 200
_IDLE_SECONDS = 1.0
"""How long an idle connection is used again: less than any usual server keeps it open (gunicorn 2 s, uvicorn 5 s), for
one that the server closes in the same moment looks like a backend that does not answer."""


@dataclass(frozen=True)
class OpenedBench:
    """A bench, the secrets that may sign, and whether the backend got its settings from us."""

    bench: Bench
    secrets: tuple[Secret, ...]
    started_here: bool


@contextmanager
def open_bench(session: Session, choices: SimulateOptions, catalog: Catalog) -> Iterator[OpenedBench]:
    """Opens the bench that the choices ask for, and takes everything down again.

    Errors: UsageError for choices that do not fit together; GuardRefused for a live key; ConfigurationError,
            Unreachable where something does not start.
    """
    import httpx

    limits = httpx.Limits(max_connections=_MOST_CONNECTIONS, keepalive_expiry=_IDLE_SECONDS)
    with httpx.Client(timeout=HTTP_SECONDS, trust_env=False, limits=limits) as http:
        parts = _Parts(session, with_free_port(choices), catalog, http)
        if choices.start is not None:
            with parts.started() as opened:
                yield opened
        elif choices.backend is not None:
            with parts.running(choices.backend) as opened:
                yield opened
        else:
            with parts.embedded() as opened:
                yield opened


@dataclass(frozen=True)
class _Parts:
    session: Session
    choices: SimulateOptions
    catalog: Catalog
    http: httpx.Client

    @contextmanager
    def embedded(self) -> Iterator[OpenedBench]:
        """The reference backend on an emulator, both of this process."""
        from creditctl.cli.local.local_stack import start_local_stack
        from creditctl.ledger.sqlite.scratch_folder import scratch_folder

        self._require_emulator_mode("needs --backend URL or --start CMD: without them an emulator is started.")
        with (
            scratch_folder("simulate") as folder,
            start_local_stack(self.session.wiring, folder, catalog=self.catalog) as world,
        ):
            settings = world.inner.settings()
            yield self._opened(settings, world.backend_url, str(settings.webhook_url), started_here=True)

    @contextmanager
    def running(self, backend: str) -> Iterator[OpenedBench]:
        """A backend that runs already, on the Stripe of the settings."""
        settings = self.session.settings
        _refuse_live_key(settings)
        _require_secret(settings)
        path = self.choices.webhook_path or settings.webhook_path
        yield self._opened(settings, backend, backend.rstrip("/") + path, started_here=False)

    @contextmanager
    def started(self) -> Iterator[OpenedBench]:
        """A backend that is started here, beside an emulator that is set up for it."""
        from creditctl.cli.local.local_stack import start_emulator_world
        from creditctl.ledger.sqlite.scratch_folder import scratch_folder

        ready = self.choices.ready
        if ready is None or urlsplit(ready).scheme not in ("http", "https"):
            raise UsageError(
                "--start needs --ready URL: where the backend answers once it is up.",
                code="simulate.ready",
                fix="Name a URL of it, for example --ready http://127.0.0.1:8000/healthz.",
            )
        self._require_emulator_mode("does not go with --start: the backend is started beside an emulator.")
        url = (self.choices.backend or f"{urlsplit(ready).scheme}://{urlsplit(ready).netloc}").rstrip("/")
        path = self.choices.webhook_path or self.session.settings.webhook_path
        with (
            scratch_folder("simulate") as folder,
            start_emulator_world(self.session.wiring, folder, url, catalog=self.catalog, webhook_path=path) as (
                inner,
                settings,
            ),
        ):
            process = self._process(settings, ready, inner.folder / "backend.log")
            try:
                process.start()
                opened = self._opened(settings, url, url + path, started_here=True)
                yield replace(opened, bench=replace(opened.bench, process=process))
            finally:
                process.stop()

    def _process(self, settings: Settings, ready: str, log_path: Path) -> BackendProcess:
        from creditctl.simulation.target.process import BackendProcess

        return BackendProcess(
            start_command=str(self.choices.start),
            restart_command=self.choices.restart,
            ready_url=ready,
            environ={**self.session.wiring.environ, **child_environment(settings, ready)},
            folder=self.session.wiring.folder,
            log_path=log_path,
            http=self.http,
            monotonic=time.monotonic,
            sleep=self.session.wiring.sleep,
        )

    def _require_emulator_mode(self, why: str) -> None:
        mode = self.session.options.mode
        if mode not in (None, Mode.EMULATOR):
            raise UsageError(
                f"--mode {mode} {why}",
                code="simulate.backend_missing",
                fix="Name your backend, for example --backend http://127.0.0.1:8000.",
            )
        _refuse_live_key(self.session.settings_of_any_mode())
        self.session.wiring.mode = Mode.EMULATOR

    def _opened(self, settings: Settings, url: str, webhook_url: str, *, started_here: bool) -> OpenedBench:
        from creditctl.simulation.pace import Pace
        from creditctl.simulation.play.state import Bench
        from creditctl.simulation.target.backend_client import BackendClient
        from creditctl.simulation.target.buyers import Buyers

        target: Target = make_target(self.session, self.choices, url, webhook_url)
        wiring = self.session.wiring
        bench = Bench(
            stripe=self._stripe(settings),
            backend=BackendClient(self.http, target),
            buyers=Buyers(target),
            catalog=self.catalog,
            pace=Pace(time.monotonic, wiring.sleep, self.choices.timeout),
            secret=settings.webhook_secrets[0],
            clock=wiring.clock,
            token=wiring.token(4),
        )
        return OpenedBench(bench, settings.webhook_secrets, started_here)

    def _stripe(self, settings: Settings) -> StripeAccess:
        from creditctl.emulator_client.client import EmulatorControl
        from creditctl.simulation.stripe_side.access import emulator_access, sandbox_access

        if settings.mode is not Mode.EMULATOR:
            connection = self.session.stack.enter_context(self.session.wiring.stripe(settings))
            return sandbox_access(connection.client)
        control = EmulatorControl(self.http, settings.api_base, settings.api_key)
        if control.prove().get("livemode"):
            raise _live_refused(
                "The emulator rehearses live mode (--livemode): simulate never runs against that.",
                "Start `creditctl emulator` without --livemode.",
            )
        return emulator_access(control)


def with_free_port(choices: SimulateOptions) -> SimulateOptions:
    """The choices with a port that nobody listens on in place of `{port}`, where a backend is started."""
    if choices.start is None or PORT not in (choices.ready or ""):
        return choices
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = str(listener.getsockname()[1])
    said = {name: getattr(choices, name) for name in _WITH_PORT}
    return replace(choices, **{name: text and text.replace(PORT, port) for name, text in said.items()})


def _require_secret(settings: Settings) -> None:
    """Refuses settings without a key or a signing secret. Errors: ConfigurationError."""
    _ = settings.api_key
    if not settings.webhook_secrets:
        raise ConfigurationError(
            "STRIPE_WEBHOOK_SECRET is not set, so no delivery can be repeated.",
            code="env.missing",
            fix="Run `creditctl setup`, which captures it into the env file.",
        )


def _refuse_live_key(settings: Settings) -> None:
    """Refuses a live key in the settings, also where an emulator is started here: a backend may read it by itself.

    Errors: GuardRefused.
    """
    text = settings.text("STRIPE_SECRET_KEY")
    if text is not None and is_server_key(text) and settings.api_key.livemode:
        fix = "Use a test key, or run it in a folder without the live one."
        raise _live_refused("simulate never runs with a live key.", fix)


def _live_refused(message: str, fix: str) -> GuardRefused:
    return GuardRefused(message, code="guard.live", fix=fix)


def child_environment(settings: Settings, ready: str) -> dict[str, str]:
    """What a started backend is told: key, API base, signing secret, frontend and its own address."""
    return {
        "STRIPE_SECRET_KEY": settings.api_key.secret.reveal(),
        "STRIPE_API_KEY": settings.api_key.secret.reveal(),
        "STRIPE_API_BASE": settings.api_base,
        "STRIPE_WEBHOOK_SECRET": settings.webhook_secrets[0].reveal(),
        "FRONTEND_URL": settings.frontend_url,
        "CREDITS_API_URL": settings.require("CREDITS_API_URL"),
        "PORT": str(urlsplit(ready).port or 80),
    }
