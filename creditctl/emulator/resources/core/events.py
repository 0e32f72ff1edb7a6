"""Events endpoints: list, retrieve, and the retry call behind `stripe events resend`.

Source: Stripe API reference, "Events" (thirty days); Stripe CLI `events resend` for the undocumented retry call.
"""

from collections.abc import Sequence

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import ListFilter, by_created, list_fields, listing
from creditctl.emulator.api.routes import route
from creditctl.emulator.protocol.errors import bad_parameter, no_such
from creditctl.emulator.protocol.fields import Boolean, Field, Text
from creditctl.emulator.protocol.schema import Listing
from creditctl.emulator.storage.object_types import EVENT, WEBHOOK_ENDPOINT
from creditctl.emulator.storage.store import Condition, Row
from creditctl.emulator.webhooks.events import by_types, retention_start

MOST_TYPES = 20

_RETRY: dict[str, Field] = {"webhook_endpoint": Text(), "account": Text(), "for_stripecli": Boolean()}


def _delivered(value: bool) -> Condition:
    """Whether an endpoint is still waiting for the event."""
    return f"json_extract(CAST(body AS TEXT), '$.pending_webhooks') {'=' if value else '>'} 0", ()


_FILTERS = {
    "created": by_created(),
    "delivery_success": ListFilter(Boolean(), _delivered),
    "type": ListFilter(Text(), lambda name: by_types([name])),
    "types": ListFilter(Listing(item=Text(), most=MOST_TYPES), by_types),
}


def _check(context: RequestContext) -> None:
    if "type" in context.params and "types" in context.params:
        raise bad_parameter("You may only specify one of these parameters: type, types.", "type")


def _fetch(context: RequestContext) -> Row:
    row = context.fetch_row(EVENT, context.args[0])
    if row.created < retention_start(context.now):
        raise context.missing(EVENT, context.args[0], None)
    return row


def retrieve_event(context: RequestContext) -> bytes:
    """An event of the last thirty days."""
    return _fetch(context).body


def retry(context: RequestContext) -> bytes:
    """Deliver an event again, to one endpoint, to the CLI's listeners, or to all that match."""
    row = _fetch(context)
    event = row.decoded()
    account = context.params.get("account")
    if account not in (None, context.scope.account):
        raise no_such("account", account, "account", status=400)
    named = context.params.get("webhook_endpoint")
    targets: Sequence[str]
    if named:
        targets = [context.refer(WEBHOOK_ENDPOINT, named, "webhook_endpoint")["id"]]
    elif context.params.get("for_stripecli"):
        targets = context.services.listeners.names(context.scope.id)
    else:
        targets = context.services.subscribers.matching(context.scope.id, event["type"])
    for target in targets:
        context.services.deliveries.resend(context.scope.id, row.id, target, context.now)
    return row.body


def _retained(context: RequestContext) -> list[Condition]:
    return [("created >= ?", (retention_start(context.now),))]


ROUTES = (
    route(
        "GET",
        "/v1/events",
        listing(EVENT, _FILTERS, base=_retained),
        list_fields(_FILTERS),
        permission="event",
        check=_check,
    ),
    route("GET", "/v1/events/{id}", retrieve_event, permission="event"),
    route("POST", "/v1/events/{id}/retry", retry, _RETRY, permission="event"),
)
