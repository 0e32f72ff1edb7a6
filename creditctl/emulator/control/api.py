"""The control API under `/_emulator`: what only an emulator can offer, never under /v1."""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.control import accounts as _accounts  # noqa: F401 - registers its controls
from creditctl.emulator.control import payments as _payments  # noqa: F401 - registers its controls
from creditctl.emulator.control.actions import ACTIONS
from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.protocol.forms import Tree, decode
from creditctl.emulator.protocol.wire import Request, Response
from creditctl.emulator.storage.account_scope import AccountScope
from creditctl.emulator.storage.store import encode

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator

PREFIX = "/_emulator"


class Command(msgspec.Struct):
    """One control request: whose account, which parameters, which ids from the path."""

    emulator: "Emulator"
    params: dict[str, Any]
    args: tuple[str, ...]
    request: Request
    now: int

    def scope(self) -> AccountScope:
        """The account of the key; without a key the only account there is."""
        accounts = self.emulator.accounts
        if "authorization" in self.request.headers:
            return accounts.caller(self.request.headers, self.now).scope
        known = accounts.all()
        if len(known) != 1:
            raise invalid(
                f"There are {len(known)} accounts in this emulator: name yours with `Authorization: Bearer KEY`.",
                status=401,
            )
        return known[0]

    def context(self) -> RequestContext:
        """A call as Stripe's own machinery makes it: no API request causes its events."""
        context = RequestContext(self.emulator.services, self.scope(), self.now)
        host = self.request.headers.get("host")
        context.base_url = f"http://{host}" if host else "https://checkout.stripe.com"
        return context


Handler = Callable[[Command], Any]


def handle(emulator: "Emulator", request: Request, now: int) -> Response:
    """Answer one control request with JSON."""
    headers = {"Content-Type": "application/json"}
    try:
        action, args = _find(request)
        command = Command(emulator, _params(request), args, request, now)
        return Response(200, headers, encode(action(command)) + b"\n")
    except StripeError as error:
        return Response(error.status, headers, encode({"error": error.fields}) + b"\n")
    except sqlite3.IntegrityError:
        message = "Some of these objects are there already: choose another seed, or reset."
        return Response(409, headers, encode({"error": {"type": "invalid_request_error", "message": message}}) + b"\n")
    except (ValueError, KeyError, TypeError, OSError, sqlite3.Error) as error:
        message = f"missing parameter {error}" if isinstance(error, KeyError) else str(error)
        fields = {"type": "invalid_request_error", "message": message}
        return Response(400, headers, encode({"error": fields}) + b"\n")


def _find(request: Request) -> tuple[Handler, tuple[str, ...]]:
    parts = request.path.removeprefix(PREFIX).strip("/").split("/")
    for (method, pattern), action in ACTIONS.items():
        names = pattern.strip("/").split("/")
        if method != request.method or len(names) != len(parts):
            continue
        if all(name == part or name == "*" for name, part in zip(names, parts, strict=True)):
            return action, tuple(part for name, part in zip(names, parts, strict=True) if name == "*")
    raise invalid(f"The emulator has no control {request.method} {request.path}.", status=404)


def _params(request: Request) -> dict[str, Any]:
    """Parameters from the query, and from a JSON or form body."""
    params: dict[str, Any] = dict(decode(request.query))
    if not request.body:
        return params
    if "json" in request.headers.get("content-type", "") or request.body.lstrip()[:1] == b"{":
        body = msgspec.json.decode(request.body)
        if not isinstance(body, dict):
            raise ValueError("the body must be a JSON object")
        return params | body
    tree: Tree = decode(request.body.decode("utf-8", "replace"))
    return params | tree
