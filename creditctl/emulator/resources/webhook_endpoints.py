"""Webhook endpoints.

Source: Stripe API reference, "Webhook Endpoints": the secret is shown at creation only; sixteen endpoints at most.
Loopback URLs are accepted here, which Stripe refuses; `strict_urls` refuses them too.
"""

import ipaddress
from urllib.parse import urlsplit

from creditctl.emulator.api.context import Call
from creditctl.emulator.api.lists import list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import erase, given_metadata, updated
from creditctl.emulator.protocol.errors import bad_parameter, invalid
from creditctl.emulator.protocol.schema import Boolean, Field, Listing, Metadata, Text, Url
from creditctl.emulator.protocol.versions import check_version
from creditctl.emulator.storage.object_types import WEBHOOK_ENDPOINT, Body
from creditctl.emulator.webhooks.event_types import EVENT_TYPES

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


def _check(call: Call) -> None:
    url, names = call.params.get("url"), call.params.get("enabled_events")
    if url is not None:
        _check_url(url, call)
    for index, name in enumerate(names or ()):
        if name != "*" and name not in EVENT_TYPES:
            raise bad_parameter(f"Invalid enabled_events: {name} is not a valid event type", f"enabled_events[{index}]")
    if names and "*" in names and len(names) > 1:
        raise bad_parameter("You may only specify `*` on its own in enabled_events.", "enabled_events")
    version = call.params.get("api_version")
    if version:
        check_version(version, version)


def _check_url(url: str, call: Call) -> None:
    parts = urlsplit(url)
    local = _is_local(parts.hostname or "")
    if local and call.services.options.strict_urls:
        raise bad_parameter(_LOCAL, "url", "url_invalid")
    if call.scope.livemode and parts.scheme.lower() != "https" and not local:
        raise bad_parameter("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")


def _is_local(host: str) -> bool:
    if host.endswith((".localhost", ".local", ".internal")) or ("." not in host and ":" not in host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return not address.is_global


def create(call: Call) -> Body:
    """Register an endpoint; this answer alone shows its secret."""
    store = call.services.store
    if len(store.select(call.scope.id, WEBHOOK_ENDPOINT)) >= MOST_ENDPOINTS:
        raise invalid(f"You have reached the maximum of {MOST_ENDPOINTS} test webhook endpoints.")
    secret = "whsec_" + call.services.ids.token(32)
    params = call.params
    endpoint: Body = {
        "id": call.new_id("we_"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": call.now,
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": call.scope.livemode,
        "metadata": given_metadata(params),
        "status": "enabled",
        "url": params["url"],
    }
    call.add(WEBHOOK_ENDPOINT, endpoint, extra={"secret": secret})
    call.services.endpoints.pop(call.scope.id, None)
    return {**endpoint, "secret": secret}


def update(call: Call) -> Body:
    """Change an endpoint; switching it off holds its retries back."""
    params = call.params
    before = call.fetch(WEBHOOK_ENDPOINT, call.args[0])
    after = updated(before, params, ("url", "enabled_events", "description"))
    if "disabled" in params:
        after["status"] = "disabled" if params["disabled"] else "enabled"
        call.services.deliveries.pause(call.scope.id, after["id"], paused=params["disabled"])
        _forget_failures(call, after["id"])
    call.save(WEBHOOK_ENDPOINT, after)
    call.services.endpoints.pop(call.scope.id, None)
    return after


def _forget_failures(call: Call, endpoint: str) -> None:
    """Whoever switches an endpoint on again gets as long as a new one."""
    hidden = call.fetch_row(WEBHOOK_ENDPOINT, endpoint).hidden()
    call.services.store.save_extra(call.scope.id, endpoint, {k: v for k, v in hidden.items() if k != "failing_since"})


def delete(call: Call) -> Body:
    """Remove an endpoint; what was pending for it is not sent any more."""
    endpoint = call.fetch(WEBHOOK_ENDPOINT, call.args[0])
    call.services.endpoints.pop(call.scope.id, None)
    return erase(call, WEBHOOK_ENDPOINT, endpoint["id"])


_BASE = "/v1/webhook_endpoints"
ROUTES = (
    route("POST", _BASE, create, _CREATE, permission="webhook", check=_check),
    route("GET", _BASE, listing(WEBHOOK_ENDPOINT, {}), list_fields({}), permission="webhook"),
    route("GET", _BASE + "/{id}", retrieve(WEBHOOK_ENDPOINT), permission="webhook"),
    route("POST", _BASE + "/{id}", update, _UPDATE, permission="webhook", check=_check),
    route("DELETE", _BASE + "/{id}", delete, permission="webhook"),
)
