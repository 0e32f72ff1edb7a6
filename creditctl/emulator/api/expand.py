"""Response expansion (`expand[]`): ids become objects, and includable parts appear.

Source: Stripe API reference, "Expanding responses".
"""

from collections.abc import Callable, Mapping
from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.storage.object_types import KINDS, NESTED_EXPANDABLE, Body

MOST_LEVELS = 4

Include = Callable[[RequestContext, Body], Any]
"""Loads a part of an object that appears only when it is asked for."""
Includable = Mapping[tuple[str, str], Include]
"""The loaders by object and key; a key with a dot lies below another part."""


def expand(context: RequestContext, includable: Includable, body: Body, paths: list[str]) -> None:
    """Expand every path in place."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > MOST_LEVELS:
            raise invalid(
                f"You cannot expand more than {MOST_LEVELS} levels of a property", param="expand", executed=False
            )
        _walk(context, includable, body, parts, path)


def _walk(context: RequestContext, includable: Includable, body: Body, parts: list[str], path: str) -> None:
    # A part below a plain hash (`total_details.breakdown`) is named by its whole path.
    nested = includable.get((body.get("object", ""), ".".join(parts))) if len(parts) > 1 else None
    if nested is not None:
        nested(context, body)
        return
    key, rest = parts[0], parts[1:]
    if not rest and _is_plain(includable, body, key):
        raise _refused(path)
    _open(context, includable, body, key, path)
    value = body.get(key)
    if not rest or value is None:
        return
    for child in value if isinstance(value, list) else [value]:
        if not isinstance(child, dict):
            raise _refused(path)
        _walk(context, includable, child, rest, path)


def _is_plain(includable: Includable, body: Body, key: str) -> bool:
    """A hash or list that belongs to its object and is always there."""
    value, kind = body.get(key), body.get("object", "")
    if not isinstance(value, dict | list) or (kind, key) in includable:
        return False
    return not _may_expand(body, kind, key)


def _open(context: RequestContext, includable: Includable, body: Body, key: str, path: str) -> None:
    """Make `body[key]` an object where it is an id or an absent part."""
    kind = body.get("object", "")
    load = includable.get((kind, key))
    value = body.get(key)
    if load is not None:
        if value is None or isinstance(value, str):
            body[key] = load(context, body)
        return
    if isinstance(value, str):
        if not _may_expand(body, kind, key):
            raise _refused(path)
        body[key] = _load(context, value)
    elif not isinstance(value, dict | list) and not _may_expand(body, kind, key):
        raise _refused(path)


def _load(context: RequestContext, object_id: str) -> Body | str:
    row = context.services.store.get(context.scope.id, object_id)
    if row is None:
        return object_id
    return {"id": row.id, "object": row.kind, "deleted": True} if row.deleted else row.decoded()


def _may_expand(body: Body, kind: str, key: str) -> bool:
    if kind in KINDS:
        return key in KINDS[kind].expandable
    return key in NESTED_EXPANDABLE and NESTED_EXPANDABLE[key](body)


def _refused(path: str) -> Exception:
    return invalid(f"This property cannot be expanded ({path}).", param="expand", executed=False)
