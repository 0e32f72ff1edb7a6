"""Controls over webhook deliveries: the log, sending again."""

from typing import Any

from creditctl.emulator.control.command import Command, control
from creditctl.emulator.control.params import number_in_path
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.fields import Integer, Text
from creditctl.emulator.protocol.schema import Fields

_LOG: Fields = {"limit": Integer(low=0), "event": Text()}


def log(command: Command) -> Any:
    """The delivery log, newest first."""
    limit, event = command.params.get("limit", 100), command.params.get("event")
    return {"object": "list", "data": command.services.deliveries.log(command.scope().id, limit, event)}


def flush(command: Command) -> Any:
    """Make everything pending due now."""
    return {"due": command.services.deliveries.deliver_now(command.now)}


def retry(command: Command) -> Any:
    """Send one delivery again now."""
    found = command.services.deliveries.deliver_now(command.now, number_in_path(command.args[0]))
    if not found:
        raise invalid(f"There is no delivery {command.args[0]} that could be sent.", status=404)
    return {"due": found}


CONTROLS = (
    control("GET", "deliveries", log, _LOG),
    control("POST", "deliveries/flush", flush),
    control("POST", "deliveries/*/retry", retry),
)
