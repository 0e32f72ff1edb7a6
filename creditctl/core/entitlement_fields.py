"""Reading the fields of Stripe's objects, each of which may be missing, null or of another type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MANAGED_BY = "creditctl"
"""The value of `managed_by` in the metadata of everything that is ours on Stripe."""


class MalformedFact(ValueError):
    """An object that lacks what every such object of Stripe's has."""


def whole(data: Mapping[str, Any], key: str) -> int:
    """The whole number under a key.

    Errors: MalformedFact if it is absent or anything but a whole number.
    """
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedFact(f"{key} of a {data.get('object', 'Stripe object')} is not a whole number")
    return value


def text(data: Mapping[str, Any], key: str) -> str:
    """The text under a key.

    Errors: MalformedFact if it is absent or empty.
    """
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise MalformedFact(f"{key} of a {data.get('object', 'Stripe object')} is missing")
    return value


def id_of(value: object) -> str | None:
    """The id in a field that holds an id, an expanded object or null."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) and value else None


def metadata_of(data: Mapping[str, Any]) -> Mapping[str, str]:
    """The metadata of an object; empty where it has none."""
    found = data.get("metadata")
    return found if isinstance(found, Mapping) else {}


def optional_text(data: Mapping[str, Any], key: str) -> str | None:
    """The text under a key, or None if it is absent or empty."""
    value = data.get(key)
    return value if isinstance(value, str) and value else None
