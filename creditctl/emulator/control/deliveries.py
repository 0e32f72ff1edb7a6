"""Controls over webhook deliveries and faults: the log, sending again, faults put in force and lifted."""

from typing import Any

import msgspec

from creditctl.emulator.control.command import Command, control
from creditctl.emulator.protocol.errors import bad_parameter, invalid
from creditctl.emulator.protocol.fields import Integer, Number, Text
from creditctl.emulator.protocol.schema import Fields
from creditctl.emulator.webhooks.faults import ANSWER_KINDS, DELIVERY_KINDS

_LOG: Fields = {"limit": Integer(low=0), "event": Text()}
_FAULT: Fields = {
    "kind": Text(required=True),
    "path": Text(),
    "method": Text(),
    "event": Text(),
    "count": Integer(low=0),
    "probability": Number(low=0, high=1),
    "status": Integer(low=100, high=599),
    "seconds": Number(low=0),
}


def log(command: Command) -> Any:
    """The delivery log, newest first."""
    limit, event = command.params.get("limit", 100), command.params.get("event")
    return {"object": "list", "data": command.services.deliveries.log(command.scope().id, limit, event)}


def flush(command: Command) -> Any:
    """Make everything pending due now."""
    return {"due": command.services.deliveries.deliver_now(command.now)}


def retry(command: Command) -> Any:
    """Send one delivery again now."""
    found = command.services.deliveries.deliver_now(command.now, _number(command.args[0]))
    if not found:
        raise invalid(f"There is no delivery {command.args[0]} that could be sent.", status=404)
    return {"due": found}


def _number(text: str) -> int:
    """The number of a delivery or fault in a path."""
    return Integer().parse(text, "id")


def faults(command: Command) -> Any:
    """The faults in force."""
    rules = command.services.faults.rules
    return {"object": "list", "data": [msgspec.structs.asdict(rule) for rule in rules]}


def add_fault(command: Command) -> Any:
    """Put a fault in force."""
    kind = command.params["kind"]
    if kind not in ANSWER_KINDS | DELIVERY_KINDS:
        raise bad_parameter(f"Unknown fault kind: {kind}", "kind")
    return msgspec.structs.asdict(command.services.faults.add(command.params))


def clear_faults(command: Command) -> Any:
    """Lift all faults."""
    return {"removed": command.services.faults.remove(None)}


def remove_fault(command: Command) -> Any:
    """Lift one fault."""
    return {"removed": command.services.faults.remove(_number(command.args[0]))}


CONTROLS = (
    control("GET", "deliveries", log, _LOG),
    control("POST", "deliveries/flush", flush),
    control("POST", "deliveries/*/retry", retry),
    control("GET", "faults", faults),
    control("POST", "faults", add_fault, _FAULT),
    control("DELETE", "faults", clear_faults),
    control("DELETE", "faults/*", remove_fault),
)
