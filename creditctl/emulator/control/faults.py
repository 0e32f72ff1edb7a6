"""Controls over faults: put in force, listed, lifted; each for everything, or bound to one object or user."""

from fnmatch import fnmatchcase
from typing import Any

import msgspec

from creditctl.emulator.control.bindings import BINDING, read_binding, show_binding
from creditctl.emulator.control.command import Command, control
from creditctl.emulator.control.params import number_in_path
from creditctl.emulator.protocol.errors import bad_parameter
from creditctl.emulator.protocol.fields import Integer, Number, Text
from creditctl.emulator.protocol.forms import Node
from creditctl.emulator.protocol.schema import Fields
from creditctl.emulator.webhooks.event_types import EVENT_TYPES
from creditctl.emulator.webhooks.faults import ANSWER_KINDS, KINDS, Fault


class Method(Text):
    """A method of requests, in any case, or `*`."""

    def parse(self, node: Node, param: str) -> str:
        """In capitals."""
        text = Text.parse(self, node, param).upper()
        if text not in ("*", "DELETE", "GET", "POST"):
            raise bad_parameter(f"No request is made by {text}; there are DELETE, GET and POST.", param)
        return text


_FAULT: Fields = {
    "kind": Text(required=True),
    "path": Text(),
    "method": Method(),
    "event": Text(),
    "count": Integer(low=0),
    "probability": Number(low=0, high=1),
    "status": Integer(low=100, high=599),
    "seconds": Number(low=0),
    **BINDING,
}


def faults(command: Command) -> Any:
    """The faults in force, of all accounts, and how often each has struck (`hits`)."""
    return {"object": "list", "data": [_shown(rule) for rule in command.services.faults.rules]}


def add_fault(command: Command) -> Any:
    """Put a fault of a `kind` in force: of answers (`status`, `latency`, `cut_before`, `cut_after`), narrowed by `path`
    and `method`; of deliveries (`drop`, `duplicate`, `delay`, `reorder`; `refuse` fails an attempt with `status` before
    the receiver hears of it), narrowed by `event`; or of events (`omit`: the event is never made, neither delivered nor
    listed). `path` and `event` are patterns with `*`.
    """
    kind = command.params["kind"]
    if kind not in KINDS:
        raise bad_parameter(f"Unknown fault kind: {kind}; there are {', '.join(sorted(KINDS))}.", "kind")
    _refuse_unused(command, kind)
    _refuse_never(command)
    binding = read_binding(command)
    given = {name: value for name, value in command.params.items() if name not in BINDING}
    return _shown(command.services.faults.add(given, binding))


def _refuse_unused(command: Command, kind: str) -> None:
    """Refuse what a kind would not look at. Errors: StripeError."""
    unused = ("event",) if kind in ANSWER_KINDS else ("path", "method")
    for name in unused:
        if command.params.get(name, "*") != "*":
            raise bad_parameter(f"A fault of kind {kind} is not narrowed by `{name}`.", name)


def _refuse_never(command: Command) -> None:
    """Refuse what could never strike: a type that Stripe has not, a path that is none. Errors: StripeError."""
    event, path = command.params.get("event", "*"), command.params.get("path", "*")
    if not any(fnmatchcase(type_, event) for type_ in EVENT_TYPES):
        raise bad_parameter(f"Stripe has no event of the type `{event}`.", "event")
    if not path.startswith(("/", "*")):
        raise bad_parameter(f"`{path}` is no path: it begins with `/`, as /v1/refunds does, or with `*`.", "path")


def clear_faults(command: Command) -> Any:
    """Lift all faults, or with `object` or `user` those that are bound to it."""
    binding = read_binding(command)
    rules = command.services.faults
    return {"removed": rules.remove(None) if binding is None else rules.unbind(binding)}


def remove_fault(command: Command) -> Any:
    """Lift one fault."""
    return {"removed": command.services.faults.remove(number_in_path(command.args[0]))}


def _shown(rule: Fault) -> dict[str, Any]:
    return {**msgspec.structs.asdict(rule), "binding": None} | show_binding(rule.binding)


CONTROLS = (
    control("GET", "faults", faults),
    control("POST", "faults", add_fault, _FAULT),
    control("DELETE", "faults", clear_faults, BINDING),
    control("DELETE", "faults/*", remove_fault),
)
