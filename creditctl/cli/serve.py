"""`creditctl serve`: the reference credit backend on a port, until it is stopped."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from creditctl.cli.guard import asker, confirm_live_writes
from creditctl.cli.options import (
    CatalogOption,
    ConfirmOption,
    EnvFileOption,
    HostOption,
    JsonOption,
    ModeOption,
    PortOption,
)
from creditctl.cli.output import Run, document, start, write_json
from creditctl.core.errors import ConfigurationError, ExitCode, GuardRefused
from creditctl.core.modes import Mode, is_loopback_host
from creditctl.core.settings import WEBHOOK_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from creditctl.backend.dependencies import Dependencies
    from creditctl.core.catalog import Catalog
    from creditctl.core.settings import Settings
    from creditctl.stripe_api.client import StripeConnection
    from creditctl.stripe_api.retry import RetryPolicy

TrustUserOption = Annotated[
    bool,
    typer.Option(
        "--trust-user-header",
        help="In live mode, believe the header X-User-Id: only behind a proxy of yours that sets it.",
    ),
]


def serve(
    ctx: typer.Context,
    port: PortOption = 8000,
    host: HostOption = "127.0.0.1",
    mode: ModeOption = None,
    confirm: ConfirmOption = None,
    trust_user_header: TrustUserOption = False,
    catalog: CatalogOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the reference credit backend: the credit API, the webhook and a storefront.

    With --json one document is printed when it is ready. Ctrl-C or SIGTERM stops it, after the requests at hand.
    """
    run = start(ctx, as_json=as_json)
    settings = run.wiring.settings(env_file, mode)
    check_address(settings.mode, host, trust_user_header)
    check_settings(settings)
    packages = run.wiring.catalog(catalog or settings.catalog_path)
    code = _serve(run, settings, packages, (host, port), trust_user_header, _guard(run, mode, confirm))
    if code is ExitCode.STOPPED:
        run.say("Stopped.")
    raise typer.Exit(int(code))


def check_settings(settings: Settings) -> None:
    """Asks for every setting that is needed before anything is opened. Errors: ConfigurationError."""
    check_frontend_url(settings)
    settings.require("STRIPE_WEBHOOK_SECRET")
    _ = settings.api_key, settings.webhook_secrets


def check_frontend_url(settings: Settings) -> None:
    """Refuses what Stripe could not send a buyer back to. Errors: ConfigurationError."""
    try:
        parts = urlsplit(settings.frontend_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(
            "FRONTEND_URL is no http:// or https:// address.",
            code="env.frontend_url",
            fix="Set it to where your storefront is, such as http://localhost:3000.",
        )


def check_address(mode: Mode, host: str, trust_user_header: bool) -> None:
    """Refuses to believe a header that others than this machine could send. Errors: GuardRefused."""
    if mode is Mode.LIVE and trust_user_header and not is_loopback_host(host):
        raise GuardRefused(
            f"--trust-user-header is for a loopback address, not for {host}: anybody there could be any user.",
            code="guard.trust_user_header",
            fix="Listen on 127.0.0.1 behind your own proxy, or leave --trust-user-header away.",
        )


def _guard(run: Run, mode: Mode | None, confirm: str | None) -> Callable[[StripeConnection], None]:
    """The live guard: said once, at the start, for every Checkout session that will be opened."""
    return lambda door: confirm_live_writes(door, expected=mode, confirm=confirm, ask=asker(run))


def _serve(
    run: Run,
    settings: Settings,
    catalog: Catalog,
    address: tuple[str, int],
    trust_user_header: bool,
    guard: Callable[[StripeConnection], None],
) -> ExitCode:
    from creditctl.backend import server
    from creditctl.backend.app import build_app

    with ExitStack() as stack:
        listener = stack.enter_context(server.bind(*address))
        door = stack.enter_context(run.wiring.stripe(settings, policy=impatient()))
        guard(door)
        services = build_services(run, settings, catalog, door, stack, trust_user_header)
        url = server.url_of(listener)
        if services.mode is not Mode.LIVE and not is_loopback_host(address[0]):
            run.say("Others than this machine can reach it, and it takes everybody's word for who they are.")
        return server.serve(
            build_app(services), listener, log=services.log, on_ready=lambda: _announce(run, settings, services, url)
        )


def impatient() -> RetryPolicy:
    """How long to bear with Stripe while a buyer, or Stripe itself with its webhook, waits for our answer."""
    from creditctl.stripe_api.retry import RetryPolicy

    return RetryPolicy(busy_tries=3, broken_tries=2, cap_seconds=2.0)


def build_services(
    run: Run, settings: Settings, catalog: Catalog, door: StripeConnection, stack: ExitStack, trust_user_header: bool
) -> Dependencies:
    """Everything that the backend works with, built from the settings; the ledger is closed with the stack.

    Errors: LedgerError; GuardRefused where the ledger is another account's.
    """
    from creditctl.backend.checkout import StripeCheckout
    from creditctl.backend.dependencies import Dependencies
    from creditctl.backend.logs import stream_log
    from creditctl.fulfilment.webhook import Webhook
    from creditctl.ledger.store import Ledger
    from creditctl.payments.stripe_reader import StripeReader

    clock, account = run.wiring.clock, door.account_id
    ledger = stack.enter_context(
        Ledger.open(settings.ledger_path, account=account, livemode=door.livemode, clock=clock)
    )
    webhook = Webhook(
        ledger=ledger,
        stripe=StripeReader(door.client),
        secrets=settings.webhook_secrets,
        catalog=catalog,
        account=account,
        livemode=door.livemode,
        clock=clock,
    )
    return Dependencies(
        webhook=webhook,
        ledger=ledger,
        catalog=catalog,
        checkout=StripeCheckout(door.client),
        frontend_url=settings.frontend_url,
        mode=settings.mode,
        log=stream_log(run.wiring.stderr),
        trust_user_header=trust_user_header,
    )


def _announce(run: Run, settings: Settings, services: Dependencies, url: str) -> None:
    """Says that it is ready, on stdout with --json and on stderr for people."""
    report = {
        "url": url,
        "webhook_url": url + WEBHOOK_PATH,
        "storefront_url": f"{url}/credits",
        "frontend_url": services.frontend_url,
        "ledger": str(settings.ledger_path),
    }
    if run.as_json:
        write_json(run.wiring.stdout, document(run.command, mode=settings.mode, exit_code=ExitCode.OK, report=report))
    run.say(f"Credit backend in {settings.mode} mode: {url}")
    run.say(f"  storefront  {report['storefront_url']}")
    run.say(f"  webhook     {report['webhook_url']}")
    run.say(f"  API         {url}/docs")
    run.say(f"  ledger      {report['ledger']}")
    if services.mode is Mode.LIVE and not services.trust_user_header:
        run.say("Nobody can buy here: --trust-user-header is needed for that. Webhooks are taken.")
    run.say("Next: `creditctl events listen` brings Stripe's events here where Stripe cannot reach this machine.")
    run.say("Ctrl-C stops it.")
