"""`creditctl serve`: the reference credit backend on a port, until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, Writes, command
from creditctl.cli.options import CatalogOption, HostOption, PortOption
from creditctl.core.errors import ConfigurationError, ExitCode, GuardRefused
from creditctl.core.modes import Mode, is_loopback_host

if TYPE_CHECKING:
    from creditctl.backend.dependencies import Dependencies
    from creditctl.cli.wiring import Wiring
    from creditctl.core.catalog import Catalog
    from creditctl.core.settings import Settings
    from creditctl.ledger.reopening import ReopeningLedger
    from creditctl.ledger.store import Ledger
    from creditctl.stripe_api.client import StripeConnection
    from creditctl.stripe_api.retry import RetryPolicy

TrustUserOption = Annotated[
    bool,
    typer.Option(
        "--trust-user-header",
        help="In live mode, believe the header X-User-Id: only behind a proxy of yours that sets it.",
    ),
]


@command(stripe=StripeUse.REQUIRED, ledger=FileUse.CREATE, writes=Writes.STRIPE, webhook=True)
def serve(
    session: Session,
    port: PortOption = 8000,
    host: HostOption = "127.0.0.1",
    trust_user_header: TrustUserOption = False,
    catalog: CatalogOption = None,
) -> Answer:
    """Run the reference credit backend: the credit API, the webhook and a storefront.

    With --json one document is printed when it is ready. Ctrl-C or SIGTERM stops it, after the requests at hand.
    """
    check_address(session.settings.mode, host, trust_user_header)
    check_settings(session.settings)
    code = _serve(session, session.catalog(catalog), (host, port), trust_user_header)
    if code is ExitCode.STOPPED:
        session.say("Stopped.")
    return Answer.streamed(code)


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


def _serve(session: Session, catalog: Catalog, address: tuple[str, int], trust_user_header: bool) -> ExitCode:
    from creditctl.backend import server
    from creditctl.backend.app import build_app
    from creditctl.backend.logs import stream_log
    from creditctl.cli.render.serve import announce
    from creditctl.ledger.reopening import ReopeningLedger

    listener = session.stack.enter_context(server.bind(*address))
    session.retry_policy = impatient()
    session.guard_stripe()  # once, at the start, for every Checkout session that will be opened
    services = build_services(
        session.wiring,
        session.settings,
        catalog,
        stripe=session.stripe,
        ledger=session.stack.enter_context(ReopeningLedger(session.ledger, stream_log(session.wiring.stderr))),
        trust_user_header=trust_user_header,
    )
    if services.mode is not Mode.LIVE and not is_loopback_host(address[0]):
        session.say("Others than this machine can reach it, and it takes everybody's word for who they are.")
    url = server.url_of(listener)
    return server.serve(
        build_app(services),
        listener,
        log=services.log,
        on_ready=lambda: announce(session, services, session.ledger_path, url),
    )


def impatient() -> RetryPolicy:
    """How long to bear with Stripe while a buyer, or Stripe itself with its webhook, waits for our answer.

    Shape: two tries without an answer end within the time that a stop gives to requests at hand.
    """
    from creditctl.stripe_api.retry import RetryPolicy

    return RetryPolicy(busy_tries=3, broken_tries=2, cap_seconds=2.0, answer_seconds=12.0)


def build_services(
    wiring: Wiring,
    settings: Settings,
    catalog: Catalog,
    *,
    stripe: StripeConnection,
    ledger: Ledger | ReopeningLedger,
    trust_user_header: bool = False,
) -> Dependencies:
    """Everything that the backend works with, built from the settings and what is open already."""
    from creditctl.backend.checkout import StripeCheckout
    from creditctl.backend.dependencies import Dependencies
    from creditctl.backend.logs import stream_log
    from creditctl.fulfilment.webhook import Webhook
    from creditctl.payments.reading.stripe_reader import StripeReader

    webhook = Webhook(
        ledger=ledger,
        stripe=StripeReader(stripe.client),
        secrets=settings.webhook_secrets,
        catalog=catalog.named_since(ledger.named_since),
        account=stripe.account_id,
        livemode=stripe.livemode,
        clock=wiring.clock,
    )
    return Dependencies(
        webhook=webhook,
        ledger=ledger,
        catalog=catalog,
        checkout=StripeCheckout(stripe.client),
        frontend_url=settings.frontend_url,
        mode=settings.mode,
        log=stream_log(wiring.stderr),
        trust_user_header=trust_user_header,
        webhook_path=settings.webhook_path,
    )
