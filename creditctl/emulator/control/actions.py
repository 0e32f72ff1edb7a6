"""What the control API can do, by method and path."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.webhooks.deliveries import USER_AGENT

if TYPE_CHECKING:
    from creditctl.emulator.control.api import Command

Handler = Callable[["Command"], Any]
ACTIONS: dict[tuple[str, str], Handler] = {}


def control(method: str, pattern: str) -> Callable[[Handler], Handler]:
    """Register a control; `*` in the pattern is an id."""

    def register(action: Handler) -> Handler:
        ACTIONS[method, pattern] = action
        return action

    return register


@control("GET", "")
def info(command: "Command") -> Any:
    """That this is an emulator: a client proves it with this before it sends a key."""
    options = command.emulator.services.options
    return {
        "emulator": "creditctl",
        "api_version": options.api_version,
        "livemode": options.livemode,
        "now": command.now,
        "user_agent": USER_AGENT,
    }


@control("GET", "health")
def health(command: "Command") -> Any:
    """That it answers, and what it holds."""
    db = command.emulator.services.store.db
    objects = db.execute("SELECT count(*) FROM objects").fetchone()[0]
    waiting = db.execute("SELECT count(*) FROM deliveries WHERE state = 'pending'").fetchone()[0]
    return {"emulator": "creditctl", "status": "ok", "objects": objects, "pending_deliveries": waiting}


@control("GET", "clock")
def read_clock(command: "Command") -> Any:
    """The emulator's time and how far it is from its source."""
    return {"now": command.emulator.now(), "offset_seconds": command.emulator.offset_seconds}


@control("POST", "clock")
def move_clock(command: "Command") -> Any:
    """`advance` by seconds, or `set` to a time; jobs that fall due on the way run at their own moments."""
    emulator, params = command.emulator, command.params
    step = int(params["advance"]) if "advance" in params else int(params["set"]) - emulator.now()
    if step < 0:
        raise invalid(f"The clock only goes forward, not {-step} seconds back.")
    emulator.move_clock(step)
    return read_clock(command)


@control("GET", "deliveries")
def deliveries(command: "Command") -> Any:
    """The delivery log, newest first."""
    limit = int(command.params.get("limit", 100))
    log = command.emulator.services.deliveries.log(command.scope().id, limit, command.params.get("event"))
    return {"object": "list", "data": log}


@control("POST", "deliveries/flush")
def flush(command: "Command") -> Any:
    """Make everything pending due now."""
    return {"due": command.emulator.services.deliveries.deliver_now(command.now)}


@control("POST", "deliveries/*/retry")
def retry(command: "Command") -> Any:
    """Send one delivery again now."""
    found = command.emulator.services.deliveries.deliver_now(command.now, int(command.args[0]))
    if not found:
        raise invalid(f"There is no delivery {command.args[0]} that could be sent.", status=404)
    return {"due": found}


@control("GET", "faults")
def faults(command: "Command") -> Any:
    """The faults in force."""
    rules = command.emulator.services.faults.rules
    return {"object": "list", "data": [msgspec.structs.asdict(rule) for rule in rules]}


@control("POST", "faults")
def add_fault(command: "Command") -> Any:
    """Put a fault in force."""
    return msgspec.structs.asdict(command.emulator.services.faults.add(command.params))


@control("DELETE", "faults")
def clear_faults(command: "Command") -> Any:
    """Lift all faults."""
    return {"removed": command.emulator.services.faults.remove(None)}


@control("DELETE", "faults/*")
def remove_fault(command: "Command") -> Any:
    """Lift one fault."""
    return {"removed": command.emulator.services.faults.remove(int(command.args[0]))}


@control("POST", "reset")
def reset(command: "Command") -> Any:
    """Forget everything: objects, keys, jobs, deliveries, faults, the clock's offset."""
    command.emulator.reset()
    return {"reset": True}
