"""Events: a snapshot of an object, what changed in it, and one delivery row for each endpoint that listens.

Source: Stripe API reference, "The Event object"; Stripe docs, "Receive Stripe events in your webhook endpoint".
"""

from typing import TYPE_CHECKING, Any

import msgspec

from creditctl.emulator.storage.object_types import EVENT, WEBHOOK_ENDPOINT, Body
from creditctl.emulator.storage.store import column, decode

if TYPE_CHECKING:
    from creditctl.emulator.api.context import RequestContext

RETENTION_SECONDS = 30 * 86_400
LISTENER = "cli"
"""The endpoint name in the delivery log of a connected `stripe listen`."""


def previous_attributes(before: Body, after: Body) -> Body:
    """The old values of the keys that differ; of nested hashes only the differing keys; null for new ones."""
    changed: Body = {}
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed[key] = previous_attributes(old, new)
        else:
            changed[key] = old
    return changed


def record_event(
    context: "RequestContext", type_: str, snapshot: bytes, object_id: str, previous: Body | None, by_request: bool
) -> str:
    """Store an event with its deliveries, inside the caller's transaction; answers its id."""
    listeners = matching_endpoints(context, type_)
    data: dict[str, Any] = {"object": msgspec.Raw(snapshot)}
    if previous:
        data["previous_attributes"] = previous
    event_id = _event_id(context, object_id)
    event = {
        "id": event_id,
        "object": "event",
        "api_version": context.services.options.api_version,
        "created": context.now,
        "data": data,
        "livemode": context.scope.livemode,
        "pending_webhooks": len(listeners),
        "request": {
            "id": context.request_id if by_request else None,
            "idempotency_key": context.idempotency_key if by_request else None,
        },
        "type": type_,
    }
    context.services.store.add(context.scope.id, EVENT, event)
    for endpoint in listeners:
        context.services.deliveries.plan(context.scope.id, event_id, type_, endpoint, context.now)
    return event_id


def _event_id(context: "RequestContext", object_id: str) -> str:
    body = object_id[object_id.find("_") + 1 :]
    if body.startswith("3") and len(body) == 24:
        return context.services.ids.relative("evt_", object_id, "2")
    return context.new_id("evt_")


def matching_endpoints(context: "RequestContext", type_: str) -> list[str]:
    """The ids of the enabled endpoints, and of connected listeners, that want this type."""
    cache = context.services.endpoints
    if context.scope.id not in cache:
        rows = context.services.store.select(context.scope.id, WEBHOOK_ENDPOINT)
        cache[context.scope.id] = [
            (row.id, frozenset(body["enabled_events"]))
            for row in reversed(rows)
            if (body := decode(row.body))["status"] == "enabled"
        ]
    found = [name for name, wanted in cache[context.scope.id] if type_ in wanted or "*" in wanted]
    return found + context.services.listeners.names(context.scope.id)


def retained(context: "RequestContext") -> tuple[str, tuple[int]]:
    """The condition that hides events older than thirty days."""
    return "created >= ?", (context.now - RETENTION_SECONDS,)


def by_types(types: list[str]) -> tuple[str, list[str]]:
    """The condition for a list of event types, `charge.*` included."""
    if len(types) == 1 and "*" not in types[0]:
        clause, values = column("label", types[0])
        return clause, list(values)
    marks = " OR ".join("label GLOB ?" for _ in types)
    return f"({marks})", [_glob(name) for name in types]


def _glob(name: str) -> str:
    return name.replace("[", "[[]").replace("?", "[?]")
