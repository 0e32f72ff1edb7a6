"""Subjects of an event or request: the objects and the user that it is about, and the bindings that look for them.

A charge is about its payment intent, that intent's Checkout session, their customer and the user that the session
names; so what is bound to a session also strikes the refunds and disputes of its payment.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec

from creditctl.emulator.protocol.forms import Node, readable
from creditctl.emulator.protocol.wire import Request
from creditctl.emulator.storage.store import Store
from creditctl.emulator.storage.store import decode as from_json

_LINKS = ("id", "charge", "payment_intent", "session", "checkout_session", "setup_intent", "invoice", "customer")
"""Keys by which an object names what it belongs to; `session` is hidden, in what the emulator knows of an intent."""
_USER_KEYS = ("client_reference_id", "metadata.user_id")
_ID = re.compile(r"[a-z]{2,10}_\w+\Z")
_METADATA = re.compile(r"(?:.*\.)?(metadata\..+)\Z")


class Binding(msgspec.Struct, frozen=True):
    """What a fault or a hold is bound to: one object, or one user, of one account in one mode."""

    scope: int
    object: str | None = None
    user: str | None = None
    user_key: str | None = None
    """Where the user stands, such as `metadata.account`; None: `client_reference_id` or `metadata.user_id`."""


class Subjects:
    """The objects and users that something is about, found when a binding first asks."""

    def __init__(self, store: Store, scope: int, found: Callable[[], Iterable[tuple[str, str]]]) -> None:
        self._store, self._scope, self._found = store, scope, found

    def fit(self, binding: Binding) -> bool:
        """Whether the bound object or user is among them."""
        if binding.scope != self._scope:
            return False
        if binding.object is not None:
            return binding.object in self._known[0]
        keys = _USER_KEYS if binding.user_key is None else (binding.user_key,)
        return any((key, binding.user) in self._known[1] for key in keys)

    @cached_property
    def _known(self) -> tuple[set[str], set[tuple[str, str]]]:
        """Ids, and pairs of key and user, of what was named and of all that it belongs to."""
        ids: set[str] = set()
        users: set[tuple[str, str]] = set()
        waiting = list(self._found())
        while waiting:
            key, value = waiting.pop()
            if key not in _LINKS:
                users.add((key, value))
            elif value not in ids:
                ids.add(value)
                row = self._store.get(self._scope, value)
                waiting += [] if row is None else _named({**row.decoded(), **_hidden_links(row.hidden())})
        return ids, users


def _hidden_links(hidden: Mapping[str, Any]) -> dict[str, Any]:
    return {name: hidden[name] for name in ("session", "customer") if hidden.get(name)}


def _named(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a body names: links to other objects, and where it carries a user."""
    for name in _LINKS:
        value = body.get(name)
        if isinstance(value, str):
            yield name, value
    if isinstance(body.get("client_reference_id"), str):
        yield "client_reference_id", body["client_reference_id"]
    for name, value in (body.get("metadata") or {}).items():
        yield f"metadata.{name}", value


def event_subjects(store: Store, scope: int, snapshot: bytes) -> Subjects:
    """The subjects of an event about an object, given encoded."""
    return Subjects(store, scope, lambda: _named(from_json(snapshot)))


def stored_event_subjects(store: Store, scope: int, event: bytes) -> Subjects:
    """The subjects of an event that is stored, given encoded."""
    return Subjects(store, scope, lambda: _named(from_json(event)["data"]["object"]))


def object_subjects(store: Store, scope: int, object_id: str) -> Subjects:
    """The subjects of a stored object: itself and what it belongs to."""
    return Subjects(store, scope, lambda: [("id", object_id)])


def request_subjects(store: Store, scope: int, request: Request) -> Subjects:
    """The subjects of a request: every id in its path and parameters, and the user that it names."""

    def found() -> Iterator[tuple[str, str]]:
        yield from (("id", part) for part in request.path.split("/") if _ID.match(part))
        for text in (request.query, request.body.decode("utf-8", "replace")):
            for path, value in _leaves(readable(text), ""):
                if _ID.match(value):
                    yield "id", value
                metadata = _METADATA.match(path)
                if path == "client_reference_id" or metadata:
                    yield metadata[1] if metadata else path, value

    return Subjects(store, scope, found)


def _leaves(node: Node, path: str) -> Iterator[tuple[str, str]]:
    """Every text in a form, with its dotted path."""
    if isinstance(node, str):
        yield path, node
        return
    for name, child in node.items() if isinstance(node, dict) else ((str(i), item) for i, item in enumerate(node)):
        yield from _leaves(child, f"{path}.{name}" if path else name)
