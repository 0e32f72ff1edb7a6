"""Routes: one entry for each endpoint under /v1, and the router from a request's path to its entry."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.protocol.fields import Field
from creditctl.emulator.protocol.schema import EXPAND, required_names
from creditctl.emulator.protocol.wire import ListPage
from creditctl.emulator.storage.object_types import Body

Action = Callable[[RequestContext], Body | bytes | ListPage]


class Route(msgspec.Struct, frozen=True):
    """One endpoint: its parameters, the action behind it, and the permission a restricted key needs."""

    method: str
    pattern: str
    action: Action
    fields: Mapping[str, Field]
    required: tuple[str, ...]
    permission: str
    check: Callable[[RequestContext], None] | None = None
    """Refusals that depend on more than one parameter, made before the action runs."""


def route(
    method: str,
    pattern: str,
    action: Action,
    fields: Mapping[str, Field] | None = None,
    *,
    permission: str,
    check: Callable[[RequestContext], None] | None = None,
) -> Route:
    """An endpoint under /v1; `expand` is accepted everywhere."""
    access = "read" if method == "GET" else "write"
    known = {**(fields or {}), "expand": EXPAND}
    return Route(method, pattern, action, known, required_names(known), f"rak_{permission}_{access}", check)


class Router:
    """A tree of path segments; `*` stands for an id."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root: dict[str, Any] = {}
        for entry in routes:
            node = self._root
            for part in entry.pattern.strip("/").split("/"):
                node = node.setdefault("*" if part.startswith("{") else part, {})
            node[":" + entry.method] = entry

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
        """The endpoint for a request and the ids in its path."""
        node = self._root
        args: list[str] = []
        for part in path.split("/")[1:]:
            child = node.get(part) if part != "*" else None
            if child is None:
                child = node.get("*")
                if child is None or not part:
                    return None
                args.append(part)
            node = child
        entry = node.get(":" + method)
        return (entry, tuple(args)) if entry else None
