"""Session endpoint of the official CLI: opens a listening or log-tailing session.

Source: Stripe CLI, `pkg/stripeauth/client.go`; its requests as observed.
"""

import json

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.routes import route
from creditctl.emulator.protocol.errors import bad_parameter
from creditctl.emulator.protocol.fields import Field, Text
from creditctl.emulator.protocol.schema import Listing
from creditctl.emulator.storage.object_types import Body

FEATURES = ("webhooks", "request_logs", "v2_events")
_PARAMS: dict[str, Field] = {
    **{
        name: Text(unset=True)
        for name in (
            "device_name",
            "device_token",
            "forward_to_url",
            "forward_connect_to_url",
            "forward_thin_to_url",
            "forward_thin_connect_to_url",
        )
    },
    "filters": Text(),
    "websocket_features": Listing(item=Text()),
    "websocket_feature": Text(),
}
RECONNECT_SECONDS = 86_400


def open_session(context: RequestContext) -> Body:
    """A websocket to dial, and the secret that its events are signed with."""
    features = context.params.get("websocket_features") or [context.params.get("websocket_feature") or "webhooks"]
    unknown = [name for name in features if name not in FEATURES]
    if unknown:
        raise bad_parameter(f"Invalid websocket feature: {unknown[0]}", "websocket_features")
    session = context.services.listeners.open(
        f"cliws_{context.services.ids.token(24)}",
        context.scope.id,
        context.scope.account,
        context.scope.livemode,
        features[0],
        _filters(context.params.get("filters")),
    )
    return {
        "websocket_id": session.id,
        "websocket_url": f"{context.base_url.replace('http', 'ws', 1)}/subscribe/{context.scope.account}",
        "websocket_authorized_feature": session.feature,
        "default_version": context.services.options.api_version,
        "device_token": "",
        "display_connect_filter_warning": False,
        "latest_version": context.services.options.api_version,
        "reconnect_delay": RECONNECT_SECONDS,
        "secret": session.secret,
    }


def _filters(text: str | None) -> dict[str, list[str]]:
    try:
        given = json.loads(text or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise bad_parameter("Invalid filters: must be a JSON object", "filters")
    return {name: [str(value) for value in values] for name, values in given.items() if isinstance(values, list)}


ROUTES = (route("POST", "/v1/stripecli/sessions", open_session, _PARAMS, permission="stripecli_session"),)
