"""Context of `checklist` and `doctor`: everything that checks ask about, opened in the session and closed with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError, CreditctlError, GuardRefused

if TYPE_CHECKING:
    from creditctl.checks.context import Context
    from creditctl.cli.session import Session
    from creditctl.core.keys import Secret
    from creditctl.ledger.store import Ledger
    from creditctl.payments.keeper import Keeper
    from creditctl.provisioning.probing.responses import ProbeResponses
    from creditctl.stripe_api.client import StripeConnection

_PROBE_SECONDS = 4.0


def open_check_context(session: Session, catalog: Path | None = None) -> Context:
    """The context of one run of checks; a key or ledger that is not usable is for the checks to say.

    Errors: GuardRefused where --mode says another mode than the settings; whatever the env file or catalogue raise.
    """
    from creditctl.checks.context import Context, open_ledger
    from creditctl.checks.env.collect import gather_env
    from creditctl.checks.env.git import run_git
    from creditctl.checks.probe import probe_url
    from creditctl.payments.keeper import OUR_LEDGER
    from creditctl.stripe_api.retry import RetryPolicy

    wiring, settings, options = session.wiring, session.settings, session.options
    session.retry_policy = RetryPolicy(busy_tries=3, broken_tries=3)  # what does not answer now is said, not waited for
    view = gather_env(
        wiring.folder,
        wiring.environ,
        git=run_git,
        backend=options.env_file,
        expected=options.mode,
        emulator_hosts=settings.project.emulator.hosts,
    )
    stripe, no_stripe = _stripe_or_reason(session)
    keeper: Keeper = OUR_LEDGER
    if stripe is not None and settings.project.source is not None:
        ledger, no_ledger, keeper = _of_source(session)
    else:
        ledger, no_ledger = open_ledger(settings, stripe, wiring.clock)
        if ledger is not None:
            session.stack.enter_context(ledger)
    return Context(
        settings=settings,
        env=view,
        catalog=session.catalog(catalog).named_since(None if ledger is None else ledger.named_since),
        clock=wiring.clock,
        stripe=stripe,
        ledger=ledger,
        keeper=keeper,
        probe=wiring.probe or probe_url,
        deliver_probe=wiring.deliver_probe or partial(_deliver_probe, session),
        no_stripe=no_stripe,
        no_ledger=no_ledger,
    )


def _of_source(session: Session) -> tuple[Ledger | None, str, Keeper]:
    """The ledger beside an application's own rows, and who keeps those; or why they cannot be read."""
    from creditctl.cli.ledger.source import entries_keeper
    from creditctl.payments.keeper import OUR_LEDGER

    try:
        return session.ledger_if_there, "", entries_keeper(session)
    except CreditctlError as error:
        return None, error.message, OUR_LEDGER


def _deliver_probe(session: Session, url: str, secrets: Sequence[Secret]) -> ProbeResponses:
    """Sends a webhook probe, announced; a backend that hangs costs two time limits at most."""
    import httpx
    import stripe

    from creditctl.core.modes import Mode
    from creditctl.provisioning.probing.send import send_probes

    session.say(f"Sending inert deliveries to {url}; none of them can grant credits.")
    settings = session.settings
    livemode = settings.mode_or_none is Mode.LIVE
    with httpx.Client(timeout=_PROBE_SECONDS, trust_env=not settings.webhook_url_is_local) as client:
        return send_probes(
            client, url, secrets, session.wiring.clock(), livemode=livemode, api_version=stripe.api_version
        )


def _stripe_or_reason(session: Session) -> tuple[StripeConnection | None, str]:
    """The connection to Stripe, or None and why there is none."""
    try:
        return session.stripe, ""
    except (ConfigurationError, GuardRefused) as error:
        return None, error.message
