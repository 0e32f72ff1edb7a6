"""Delivery target: the registered webhook endpoint or any URL, its signing secret, and the foreign-host guard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import stripe

from creditctl.core.deployment import is_of_deployment
from creditctl.core.errors import ConfigurationError, GuardRefused, UsageError
from creditctl.core.keys import Secret
from creditctl.stripe_api.pages import list_all


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook endpoint that Stripe knows.

    Shape: `fingerprint` is that of its signing secret, where that was captured or proven; `unproven` says that it is
           ours, and nothing shows which secret is its own. `enabled_events` are the types that it takes, `*` all.
    """

    id: str
    url: str
    enabled: bool
    ours: bool
    fingerprint: str | None
    unproven: bool = False
    enabled_events: tuple[str, ...] = ("*",)

    @classmethod
    def from_stripe(cls, body: Mapping[str, Any], deployment: str | None = None) -> Endpoint:
        """The endpoint in an object of the API. Source: Stripe API reference, "The Webhook Endpoint object"."""
        metadata = body.get("metadata") or {}
        state, mark = metadata.get("secret_state"), metadata.get("secret_fingerprint")
        ours = is_of_deployment(metadata, deployment)
        return cls(
            id=str(body["id"]),
            url=str(body["url"]),
            enabled=body.get("status") == "enabled",
            ours=ours,
            fingerprint=None if state == "unproven" else mark,
            unproven=ours and state != "pending" and (state == "unproven" or not mark),
            enabled_events=tuple(body.get("enabled_events") or ("*",)),
        )


def read_endpoints(client: stripe.StripeClient, deployment: str | None = None) -> tuple[Endpoint, ...]:
    """Reads all webhook endpoints of the account. Shape: those of `deployment` are ours.

    Errors: stripe.StripeError, as where a key may not read them.
    """
    return tuple(Endpoint.from_stripe(body, deployment) for body in list_all(client, "webhook_endpoints"))


def registered_endpoint(endpoints: Sequence[Endpoint], webhook_url: str | None) -> Endpoint | None:
    """Chooses the endpoint that the application's events go to: the one at its URL, or else the only one that is ours.

    Shape:  None where Stripe knows none.
    Errors: ConfigurationError where more than one could be meant.
    """
    at_url = [each for each in endpoints if each.enabled and each.url == webhook_url]
    ours = [each for each in endpoints if each.enabled and each.ours]
    chosen = [each for each in at_url if each.ours] or at_url or ours
    if len(chosen) > 1:
        raise unclear_target(f"{len(chosen)} enabled endpoints could be meant")
    return chosen[0] if chosen else None


def unclear_target(reason: str) -> ConfigurationError:
    """Error for a delivery without a clear target."""
    return ConfigurationError(
        f"It is not clear where to deliver to: {reason}.",
        code="events.no_endpoint",
        fix="Name a URL with --to, set CREDITS_API_URL, or register an endpoint with `creditctl setup`.",
    )


def secret_for(secrets: Sequence[Secret], endpoint: Endpoint | None) -> Secret:
    """Chooses the signing secret for a delivery: the endpoint's own where it says which, else the newest.

    Errors: ConfigurationError without any.
    """
    if not secrets:
        raise ConfigurationError(
            "STRIPE_WEBHOOK_SECRET is not set, so no delivery can be signed.",
            code="env.missing",
            fix="Run `creditctl setup`, which captures it into the env file, or `creditctl events listen --write-env`.",
        )
    named = [each for each in secrets if endpoint is not None and each.fingerprint == endpoint.fingerprint]
    return named[0] if named else secrets[0]


def require_http_url(url: str, option: str) -> str:
    """Requires an http or https URL that something can be POSTed to. Errors: UsageError."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise UsageError(
            f"{option} {url} is no http or https URL.",
            code="usage.url",
            fix=f"For example {option} http://127.0.0.1:8000/api/credits/webhook.",
        )
    return url


def require_own_host(url: str, *, ours: Iterable[str | None], account: str, confirm: str | None) -> None:
    """Foreign-host guard: refuses a live delivery to a host that neither an endpoint nor CREDITS_API_URL names.

    Shape:  `ours` are URLs, None where one is not set; `confirm` is --confirm.
    Errors: GuardRefused. A live event holds a buyer's data, and its signature would be believed.
    """
    host = _host(url)
    if host in {_host(each) for each in ours if each}:
        return
    if confirm == account:
        return
    raise GuardRefused(
        f"{host} is the host of neither the registered endpoint nor CREDITS_API_URL; live events are not sent there.",
        code="guard.foreign_host",
        fix=f"If you mean it, add --confirm {account}.",
    )


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
