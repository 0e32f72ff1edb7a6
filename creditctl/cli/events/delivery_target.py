"""Target of deliveries of `events replay` and `events listen`: a URL that was named, or the registered endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditctl.core.query_values import SHOWN_INSTEAD

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.events.sending import Send
    from creditctl.events.target import Endpoint


@dataclass(frozen=True, slots=True)
class ReplayTarget:
    """Where a replay goes. Shape: `endpoint` is None for a URL that was named; `name` is shown and `kept_name`."""

    name: str
    url: str
    endpoint: Endpoint | None


def kept_name(session: Session, url: str) -> str:
    """How a URL is called in the journal of replays and listeners: without its password and the values of its query.

    A token that is replaced leaves a target the same, and the journal, which is copied with the ledger, without it.
    """
    return session.wiring.redactor.redact(url)


def named_url(session: Session, url: str, option: str, *, confirm: str | None) -> str:
    """A URL that an option named; live events go to a host of ours, or to one that was confirmed by the account's id.

    Errors: UsageError where it is no http URL, GuardRefused.
    """
    from creditctl.events.target import read_endpoints, require_http_url, require_own_host

    checked, stripe = require_http_url(url, option), session.stripe
    if stripe.livemode:
        ours = [each.url for each in read_endpoints(stripe.client, stripe.deployment)]
        own = session.settings.webhook_url
        require_own_host(checked, ours=[*ours, own], account=stripe.account_id, confirm=confirm)
    return checked


def replay_target(session: Session, to: str | None, *, via_stripe: bool) -> ReplayTarget:
    """Where a replay goes, and whether it may. Errors: ConfigurationError, GuardRefused, UsageError."""
    from creditctl.events.target import read_endpoints, registered_endpoint

    if to is not None:
        url = named_url(session, to, "--to", confirm=session.options.confirm)
        return ReplayTarget(kept_name(session, url), url, None)
    known = read_endpoints(session.stripe.client, session.stripe.deployment)
    endpoint = registered_endpoint(known, session.settings.webhook_url)
    if endpoint is None:
        return _local_target(session, via_stripe=via_stripe)
    name = kept_name(session, endpoint.url)
    return ReplayTarget(f"{name} ({endpoint.id}, through Stripe)" if via_stripe else name, endpoint.url, endpoint)


def _local_target(session: Session, *, via_stripe: bool) -> ReplayTarget:
    """Without an endpoint on Stripe: the backend of the settings, or else the one URL that was listened for.

    Errors: ConfigurationError where neither says it; always in live mode, where events belong to an endpoint.
    """
    from creditctl.events.target import unclear_target

    listened = session.archive.forwards.targets() if session.archive is not None else []
    url = session.settings.webhook_url or (listened[0] if len(listened) == 1 else "")
    if not url or SHOWN_INSTEAD in url or via_stripe or session.stripe.livemode:
        raise unclear_target("Stripe knows no enabled endpoint of ours")
    return ReplayTarget(kept_name(session, url), url, None)


def sender_to(session: Session, target: ReplayTarget, *, via_stripe: bool) -> Send:
    """How one event is sent. Errors: GuardRefused for an unconfirmed live write, ConfigurationError."""
    from creditctl.events.sending import post_signed, resend_by_stripe
    from creditctl.events.target import secret_for
    from creditctl.stripe_api.delivery import DEFAULT_TIMEOUT_SECONDS

    if via_stripe and target.endpoint is not None:
        session.guard_stripe()
        return resend_by_stripe(session.stripe.client, target.endpoint.id)
    wiring = session.wiring
    secret = secret_for(session.settings.webhook_secrets, target.endpoint)
    http = session.stack.enter_context(wiring.http_client(target.url, timeout_seconds=DEFAULT_TIMEOUT_SECONDS))
    return post_signed(http, target.url, secret, wiring.clock)
