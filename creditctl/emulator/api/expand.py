"""Response expansion (`expand[]`): ids become objects, and includable parts appear.

Source: Stripe API reference, "Expanding responses".
"""

from collections.abc import Callable, Mapping
from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.documented.expandable import is_expandable, leads_further
from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.protocol.versions import WHOLE_CUSTOMERS_UNTIL, since
from creditctl.emulator.storage.object_types import Body
from creditctl.emulator.storage.older_versions import older_body

MOST_LEVELS = 4
_OF_CUSTOMERS = ("sources", "subscriptions", "tax_ids")

Include = Callable[[RequestContext, Body], Any]
"""Loads a part of an object that appears only when it is asked for."""
Includable = Mapping[tuple[str, str], Include]
"""The loaders by object and path in it."""


def expand(context: RequestContext, includable: Includable, body: Body, paths: list[str]) -> None:
    """Expand every path in place."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > MOST_LEVELS:
            raise invalid(
                f"You cannot expand more than {MOST_LEVELS} levels of a property", param="expand", executed=False
            )
        _Expansion(context, includable, path).walk(body, body, (), parts)


def expanded_unasked(context: RequestContext, body: Body) -> list[str]:
    """What an answer has in an older version without being asked for it: parts of the customers that it is or lists.

    Source: Stripe changelog, 2020-08-27 (sources, subscriptions and tax ids are no longer auto-expanded).
    """
    if since(context.version, WHOLE_CUSTOMERS_UNTIL):
        return []
    if body.get("object") == "list" and any(item.get("object") == "customer" for item in body["data"]):
        return [f"data.{name}" for name in _OF_CUSTOMERS]
    return [*_OF_CUSTOMERS] if body.get("object") == "customer" and not body.get("deleted") else []


class _Expansion:
    """One path on its way into a body."""

    def __init__(self, context: RequestContext, includable: Includable, path: str) -> None:
        self._context = context
        self._includable = includable
        self._path = path

    def walk(self, whole: Body, part: Body, done: tuple[str, ...], rest: list[str]) -> None:
        """Open the next key of `part`, which lies at `done` in the object `whole`, and go on below it."""
        key, *rest = rest
        here = (*done, key)
        value = self._open(whole, part, here, last=not rest)
        if not rest:
            return
        for child in value if isinstance(value, list) else [value]:
            # What is null, or an object that is not here or no longer, has nothing to expand: the path passes.
            if not isinstance(child, dict) or child.get("deleted") is True:
                continue
            if "object" in child:
                self.walk(child, child, (), rest)
            else:
                self.walk(whole, child, here, rest)

    def _open(self, whole: Body, part: Body, here: tuple[str, ...], *, last: bool) -> Any:
        """Make a key an object where it is an id or an absent part; refuses what can't be expanded."""
        kind, name, key = str(whole.get("object", "")), ".".join(here), here[-1]
        load = self._includable.get((kind, name))
        value = part.get(key)
        if load is not None:
            if value is None or isinstance(value, str):
                value = load(self._context, whole)
                if value is not None:
                    part[key] = value
        elif is_expandable(kind, name, shown=key in part):
            if value is not None:
                value = part[key] = self._objects(value)
        elif not _is_object(value) and (last or not self._leads_on(kind, name, value)):
            raise self._refused()
        return value

    def _leads_on(self, kind: str, name: str, value: Any) -> bool:
        """Whether something below a plain part can be expanded: in the object itself, or in objects that it lists."""
        below = any(owner == kind and path.startswith(f"{name}.") for owner, path in self._includable)
        return below or leads_further(kind, name) or _lists_objects(kind, value)

    def _objects(self, value: Any) -> Any:
        """The objects behind an id, or behind a list of ids."""
        if isinstance(value, list):
            return [self._objects(item) for item in value]
        return self._load(value) if isinstance(value, str) else value

    def _load(self, object_id: str) -> Body | str:
        row = self._context.services.store.get(self._context.scope.id, object_id)
        if row is None:
            return object_id
        if row.deleted:
            return {"id": row.id, "object": row.kind, "deleted": True}
        context = self._context
        return older_body(context.services.store, context.scope.id, row.decoded(), context.version)

    def _refused(self) -> StripeError:
        return invalid(f"This property cannot be expanded ({self._path}).", param="expand", executed=False)


def _is_object(value: Any) -> bool:
    """Whether a value is a whole object that stands inside another, as a line item's price does."""
    return isinstance(value, dict) and isinstance(value.get("object"), str)


def _lists_objects(kind: str, value: Any) -> bool:
    """Whether a value is the `data` of a list, or a list of whole objects."""
    if not isinstance(value, list):
        return False
    return kind in ("list", "search_result") or any(map(_is_object, value))
