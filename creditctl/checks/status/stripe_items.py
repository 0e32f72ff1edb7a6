"""Status of what is on Stripe: the account, the prices of the packages, the webhook endpoint. Reads only."""

from __future__ import annotations

from creditctl.checks.status.items import StatusItem, absent, known, unsettled
from creditctl.core.catalog import Catalog
from creditctl.core.modes import Mode
from creditctl.core.settings import Settings
from creditctl.core.text import plural
from creditctl.ledger.owner import LedgerOwner
from creditctl.provisioning.observe import observe_endpoints
from creditctl.provisioning.state import EndpointState, same_url
from creditctl.stripe_api.client import StripeConnection

_KEYS_A_REQUEST = 10
"""Source: Stripe API reference, "List all prices", lookup_keys: at most ten."""


def account_item(connection: StripeConnection, owner: LedgerOwner | None) -> StatusItem:
    """The account of the key, and whether the ledger belongs to it. Errors: what Stripe answers."""
    _ = connection.client  # holds the account against the one that is pinned
    account = connection.required_account_id
    if owner is not None and owner.account != account:
        return unsettled("account", "Account", f"{account}, but the ledger belongs to {owner.account}")
    return known("account", "Account", account)


def prices_item(connection: StripeConnection, catalog: Catalog) -> StatusItem:
    """How many of the packages have a price on Stripe to be sold at. Errors: what Stripe answers."""
    keys = [package.lookup_key for package in catalog]
    if not keys:
        return known("prices", "Prices", "the application's own: set-up makes none")
    found = 0
    for start in range(0, len(keys), _KEYS_A_REQUEST):
        wanted = keys[start : start + _KEYS_A_REQUEST]
        listed = connection.client.v1.prices.list({"lookup_keys": wanted, "active": True, "limit": 100})
        found += len(listed.data)
    text = f"{found} of {plural(len(keys), 'package')} have a price"
    if not found:
        return absent("prices", "Prices", text)
    return known("prices", "Prices", text) if found >= len(keys) else unsettled("prices", "Prices", text)


def endpoint_item(connection: StripeConnection, settings: Settings) -> StatusItem:
    """The webhook endpoint at the backend's URL. Errors: what Stripe answers."""
    title, url = "Webhook endpoint", settings.webhook_url
    if url is None:
        return absent("endpoint", title, "CREDITS_API_URL is not set, so nobody knows the backend's URL")
    if settings.mode is Mode.TEST and settings.webhook_url_is_local:
        return known("endpoint", title, f"none: {url} is local; `creditctl events listen` brings events there")
    here = [each for each in observe_endpoints(connection) if same_url(each.url, url)]
    if not here:
        return absent("endpoint", title, f"none delivers to {url}")
    return _described(here, url)


def _described(here: list[EndpointState], url: str) -> StatusItem:
    title = "Webhook endpoint"
    enabled = [each for each in here if each.status == "enabled"]
    if not enabled:
        return unsettled("endpoint", title, f"{here[0].id} is disabled")
    names = ", ".join(each.id for each in enabled)
    if len(enabled) > 1 and not any(each.rotation for each in enabled):
        return unsettled("endpoint", title, f"{names} all deliver to {url}: every event comes twice")
    return known("endpoint", title, f"{names} delivers to {url}")
