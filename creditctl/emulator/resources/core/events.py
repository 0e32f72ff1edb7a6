"""Events and their resending.

Source: Stripe API reference, "Events" (thirty days); Stripe CLI `events resend` for the undocumented retry call.
"""

from creditctl.emulator.api.context import Call
from creditctl.emulator.api.lists import Filter, by_created, list_fields, listing
from creditctl.emulator.api.routes import route
from creditctl.emulator.protocol.errors import bad_parameter
from creditctl.emulator.protocol.schema import Anything, Boolean, Field, Listing, Text
from creditctl.emulator.storage.object_types import EVENT, WEBHOOK_ENDPOINT, Body
from creditctl.emulator.storage.store import Condition, Row
from creditctl.emulator.webhooks.events import by_types, matching_endpoints, retained

MOST_TYPES = 20

_RETRY: dict[str, Field] = {"webhook_endpoint": Text(), "account": Anything(), "for_stripecli": Boolean()}


def _delivered(value: bool) -> Condition:
    """Whether an endpoint is still waiting for the event."""
    return f"json_extract(CAST(body AS TEXT), '$.pending_webhooks') {'=' if value else '>'} 0", ()


_FILTERS = {
    "created": by_created(),
    "delivery_success": Filter(Boolean(), _delivered),
    "type": Filter(Text(), lambda name: by_types([name])),
    "types": Filter(Listing(item=Text(), most=MOST_TYPES), by_types),
}


def _check(call: Call) -> None:
    if "type" in call.params and "types" in call.params:
        raise bad_parameter("You may only specify one of these parameters: type, types.", "type")


def _fetch(call: Call) -> Row:
    row = call.fetch_row(EVENT, call.args[0])
    if row.created < retained(call)[1][0]:
        raise call.missing(EVENT, call.args[0], None)
    return row


def retrieve_event(call: Call) -> bytes:
    """An event of the last thirty days."""
    return _fetch(call).body


def retry(call: Call) -> bytes:
    """Deliver an event again, to one endpoint, to the CLI's listeners, or to all that match."""
    row = _fetch(call)
    event = row.decoded()
    named = call.params.get("webhook_endpoint")
    if named:
        targets = [call.refer(WEBHOOK_ENDPOINT, named, "webhook_endpoint")["id"]]
    elif call.params.get("for_stripecli"):
        targets = call.services.listeners.names(call.scope.id)
    else:
        targets = matching_endpoints(call, event["type"])
    for target in targets:
        call.services.deliveries.plan(call.scope.id, row.id, event["type"], target, call.now, manual=True)
    return row.body


def _list(call: Call) -> Body | bytes:
    return _LISTING(call)


_LISTING = listing(EVENT, _FILTERS, base=lambda call: [retained(call)])
ROUTES = (
    route("GET", "/v1/events", _list, list_fields(_FILTERS), permission="event", check=_check),
    route("GET", "/v1/events/{id}", retrieve_event, permission="event"),
    route("POST", "/v1/events/{id}/retry", retry, _RETRY, permission="event"),
)
