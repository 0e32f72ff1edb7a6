"""The control API under `/_emulator`: what only an emulator can offer, never under /v1."""

from typing import Any

from creditctl.emulator.control import accounts, deliveries, faults, holds, payments, seeding, state
from creditctl.emulator.control.command import Command, Control, ControlledEmulator
from creditctl.emulator.control.params import read_tree
from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.protocol.schema import read_fields
from creditctl.emulator.protocol.wire import Request, Response
from creditctl.emulator.storage.store import encode

PREFIX = "/_emulator"
CONTROLS: tuple[Control, ...] = (
    *state.CONTROLS,
    *deliveries.CONTROLS,
    *faults.CONTROLS,
    *holds.CONTROLS,
    *accounts.CONTROLS,
    *payments.CONTROLS,
    *seeding.CONTROLS,
)


def handle(emulator: ControlledEmulator, request: Request, now: int) -> Response:
    """Answer one control request with JSON; what is raised but no refusal is a bug, which the caller answers."""
    try:
        found, args = _find(request)
        _require_json(request)
        params = read_fields(found.fields, read_tree(request))
        answer = found.handler(Command(emulator, params, args, request.headers, now))
    except StripeError as error:
        return _json(error.status, {"error": error.fields})
    return _json(200, answer)


def _require_json(request: Request) -> None:
    """Refuse what a page of another site can send unasked: a form, or a text. Errors: StripeError."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "GET" and given != "application/json" and (request.method == "POST" or request.body):
        raise invalid("Send `Content-Type: application/json`: controls take nothing else.", status=415, executed=False)


def _json(status: int, answer: Any) -> Response:
    return Response(status, {"Content-Type": "application/json"}, encode(answer) + b"\n")


def _find(request: Request) -> tuple[Control, tuple[str, ...]]:
    parts = request.path.removeprefix(PREFIX).strip("/").split("/")
    for entry in CONTROLS:
        names = entry.pattern.split("/")
        if entry.method != request.method or len(names) != len(parts):
            continue
        if all(name in (part, "*") for name, part in zip(names, parts, strict=True)):
            return entry, tuple(part for name, part in zip(names, parts, strict=True) if name == "*")
    raise invalid(f"The emulator has no control {request.method} {request.path}.", status=404)
