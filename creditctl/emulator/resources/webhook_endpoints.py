"""Webhook endpoints resource: register, list, update, delete.

Source: Stripe API reference, "Webhook Endpoints": the secret is shown at creation only; sixteen endpoints at most.
Loopback URLs are accepted here, which Stripe refuses; `strict_urls` refuses them too.
"""

import ipaddress
from urllib.parse import urlsplit

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import erase, given_metadata, updated
from creditctl.emulator.protocol.errors import bad_parameter, invalid, not_acted_on
from creditctl.emulator.protocol.fields import Boolean, Field, Text, Url
from creditctl.emulator.protocol.schema import Listing, Metadata
from creditctl.emulator.protocol.versions import check_version
from creditctl.emulator.storage.object_types import WEBHOOK_ENDPOINT, Body
from creditctl.emulator.webhooks.event_types import types_of

MOST_ENDPOINTS = 16
_LOCAL = (
    "Invalid URL: URL must be publicly accessible. Consider using a tool like the Stripe CLI to test webhooks "
    "locally: https://github.com/stripe/stripe-cli"
)

_CREATE: dict[str, Field] = {
    "url": Url(required=True),
    "enabled_events": Listing(item=Text(), required=True, unset=False),
    "api_version": Text(unset=True),
    "connect": Boolean(),
    "description": Text(unset=True),
    "metadata": Metadata(),
}
_UPDATE: dict[str, Field] = {
    "url": Url(),
    "enabled_events": Listing(item=Text(), unset=False),
    "disabled": Boolean(),
    "description": Text(unset=True),
    "metadata": Metadata(),
}


def _check(context: RequestContext) -> None:
    url, names = context.params.get("url"), context.params.get("enabled_events")
    if url is not None:
        _check_url(url, context)
    version = context.params.get("api_version")
    known = types_of(context.version) | types_of(version or context.version)
    for index, name in enumerate(names or ()):
        if name != "*" and name not in known:
            raise bad_parameter(f"Invalid enabled_events: {name} is not a valid event type", f"enabled_events[{index}]")
    if names and "*" in names and len(names) > 1:
        raise bad_parameter("You may only specify `*` on its own in enabled_events.", "enabled_events")
    if version:
        check_version(version, version)


def _check_url(url: str, context: RequestContext) -> None:
    parts = urlsplit(url)
    local = _is_local(parts.hostname or "")
    if local and context.services.options.strict_urls:
        raise bad_parameter(_LOCAL, "url", "url_invalid")
    if context.scope.livemode and parts.scheme.lower() != "https" and not local:
        raise bad_parameter("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")


def _is_local(host: str) -> bool:
    if host.endswith((".localhost", ".local", ".internal")) or ("." not in host and ":" not in host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return not address.is_global


def create(context: RequestContext) -> Body:
    """Register an endpoint; this answer alone shows its secret."""
    if context.params.get("connect"):
        raise not_acted_on("connect", "there are no connected accounts")
    store = context.services.store
    if len(store.select(context.scope.id, WEBHOOK_ENDPOINT)) >= MOST_ENDPOINTS:
        raise invalid(f"You have reached the maximum of {MOST_ENDPOINTS} test webhook endpoints.")
    secret = "whsec_" + context.services.ids.token(32)
    params = context.params
    endpoint: Body = {
        "id": context.new_id("we_"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": context.now,
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": context.scope.livemode,
        "metadata": given_metadata(params),
        "status": "enabled",
        "url": params["url"],
    }
    # Hidden, not in the body: no later answer or event of the endpoint can show it.
    context.add(WEBHOOK_ENDPOINT, endpoint, extra={"secret": secret})
    context.services.subscribers.forget(context.scope.id)
    return {**endpoint, "secret": secret}


def update(context: RequestContext) -> Body:
    """Change an endpoint; switching it off holds its retries back."""
    params = context.params
    before = context.fetch(WEBHOOK_ENDPOINT, context.args[0])
    after = updated(before, params, ("url", "enabled_events", "description"))
    if "disabled" in params:
        after["status"] = "disabled" if params["disabled"] else "enabled"
        context.services.deliveries.pause(context.scope.id, after["id"], paused=params["disabled"])
        _forget_failures(context, after["id"])
    context.save(WEBHOOK_ENDPOINT, after)
    context.services.subscribers.forget(context.scope.id)
    return after


def _forget_failures(context: RequestContext, endpoint: str) -> None:
    """Whoever switches an endpoint on again gets as long as a new one."""
    hidden = context.fetch_row(WEBHOOK_ENDPOINT, endpoint).hidden()
    context.services.store.save_extra(
        context.scope.id, endpoint, {k: v for k, v in hidden.items() if k != "failing_since"}
    )


def delete(context: RequestContext) -> Body:
    """Remove an endpoint; what was pending for it is not sent any more."""
    endpoint = context.fetch(WEBHOOK_ENDPOINT, context.args[0])
    context.services.subscribers.forget(context.scope.id)
    return erase(context, WEBHOOK_ENDPOINT, endpoint["id"])


_BASE = "/v1/webhook_endpoints"
ROUTES = (
    route("POST", _BASE, create, _CREATE, permission="webhook", check=_check),
    route("GET", _BASE, listing(WEBHOOK_ENDPOINT, {}), list_fields({}), permission="webhook"),
    route("GET", _BASE + "/{id}", retrieve(WEBHOOK_ENDPOINT), permission="webhook"),
    route("POST", _BASE + "/{id}", update, _UPDATE, permission="webhook", check=_check),
    route("DELETE", _BASE + "/{id}", delete, permission="webhook"),
)
