"""Controls over holds: deliveries of one object or user kept back, and let go in an order given."""

from typing import Any

from creditctl.emulator.control.bindings import BINDING, require_binding, show_binding
from creditctl.emulator.control.command import Command, control
from creditctl.emulator.control.params import Names, number_in_path
from creditctl.emulator.protocol.errors import bad_parameter, invalid
from creditctl.emulator.protocol.fields import Boolean, Text
from creditctl.emulator.protocol.schema import Fields
from creditctl.emulator.webhooks.holds import HeldDelivery, Hold

_HOLD: Fields = {**BINDING, "event": Text()}
_RELEASE: Fields = {"order": Names(item=Text()), "rest": Boolean()}


def holds(command: Command) -> Any:
    """The holds of the account, each with the deliveries that it keeps, in the order of their events."""
    scope = command.scope().id
    rules = [hold for hold in command.services.holds.rules if hold.binding.scope == scope]
    return {"object": "list", "data": [_shown(command, hold) for hold in rules]}


def add_hold(command: Command) -> Any:
    """Keep back the deliveries about one `object` or `user`, of event types that fit the pattern `event`; what waits
    for an attempt now is kept too. The events themselves are listed at once.
    """
    binding = require_binding(command)
    event = command.params.get("event", "*")
    hold = command.transaction(lambda _: command.services.holds.add(binding, event))
    return _shown(command, hold)


def release(command: Command) -> Any:
    """Let deliveries go, each after the first attempt of the one before has ended. `order` names event types, event ids
    or numbers of deliveries; what it leaves out stays, unless `rest` is true. Without `order` all go. With `rest`, or
    without `order`, the hold ends.
    """
    hold, holding = _find(command), command.services.holds
    order, held = command.params.get("order"), holding.held(_find(command))
    chosen = held if order is None else _in_order(order, held)
    ends = order is None or bool(command.params.get("rest"))
    if ends:
        chosen = chosen + [entry for entry in held if entry not in chosen]

    def act() -> None:
        holding.release(hold, [entry.delivery for entry in chosen], command.now)
        if ends:
            holding.lift(hold)

    command.transaction(lambda _: act())
    command.services.deliveries.has_new = True
    return {"released": [entry._asdict() for entry in chosen], "held": len(held) - len(chosen), "ended": ends}


def _in_order(order: list[str], held: list[HeldDelivery]) -> list[HeldDelivery]:
    """The held deliveries that an order names, each once. Errors: StripeError for a name that fits none."""
    chosen: list[HeldDelivery] = []
    for index, name in enumerate(order):
        fitting = [entry for entry in held if name in (entry.type, entry.event, str(entry.delivery))]
        if not fitting:
            raise bad_parameter(f"This hold keeps no delivery {name!r}.", f"order[{index}]")
        chosen += [entry for entry in fitting if entry not in chosen]
    return chosen


def _find(command: Command) -> Hold:
    hold = command.services.holds.find(command.scope().id, number_in_path(command.args[0]))
    if hold is None:
        raise invalid(f"There is no hold {command.args[0]}.", status=404, executed=False)
    return hold


def _shown(command: Command, hold: Hold) -> dict[str, Any]:
    held = [entry._asdict() for entry in command.services.holds.held(hold)]
    return {"id": hold.id, "event": hold.event, **show_binding(hold.binding), "held": held}


CONTROLS = (
    control("GET", "holds", holds),
    control("POST", "holds", add_hold, _HOLD),
    control("POST", "holds/*/release", release, _RELEASE),
)
