"""Reads fields of Stripe's objects with their types checked; each may be missing, null or of another type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from creditctl.core.limits import MAX_ID_CHARACTERS, MAX_MAGNITUDE
from creditctl.core.text import storage_fault


class MalformedFact(ValueError):
    """An object that lacks what every such object of Stripe's has."""


def whole(data: Mapping[str, Any], key: str) -> int:
    """The whole number under a key.

    Errors: MalformedFact if it is absent, anything but a whole number, or beyond all measure.
    """
    value = data.get(key)
    if type(value) is not int or not -MAX_MAGNITUDE <= value <= MAX_MAGNITUDE:
        raise MalformedFact(f"{key} of a {data.get('object', 'Stripe object')} is not a whole number")
    return value


def amount_of(data: Mapping[str, Any], key: str) -> int:
    """The amount of money under a key, in minor units and never below zero.

    Errors: MalformedFact.
    """
    value = whole(data, key)
    if value < 0:
        raise MalformedFact(f"{key} of a {data.get('object', 'Stripe object')} is below zero")
    return value


def text(data: Mapping[str, Any], key: str) -> str:
    """The id or word under a key.

    Errors: MalformedFact if it is absent, empty, or longer than any id.
    """
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise MalformedFact(f"{key} of a {data.get('object', 'Stripe object')} is missing")
    return _bounded(value)


def id_of(value: object) -> str | None:
    """The id in a field that holds an id, an expanded object or null. Errors: MalformedFact if longer than any."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return _bounded(value) if isinstance(value, str) and value else None


def _bounded(value: str) -> str:
    if len(value) > MAX_ID_CHARACTERS:
        raise MalformedFact(f"an id or word has {len(value)} characters: no id of Stripe's exceeds {MAX_ID_CHARACTERS}")
    fault = storage_fault(value)
    if fault is not None:
        raise MalformedFact(f"an id or word {fault}")
    return value


def metadata_of(data: Mapping[str, Any]) -> Mapping[str, str]:
    """The metadata of an object; empty where it has none. Source: Stripe API reference, "Metadata": texts only."""
    found = data.get("metadata")
    if not isinstance(found, Mapping):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def optional_text(data: Mapping[str, Any], key: str) -> str | None:
    """The text under a key, or None if it is absent or empty."""
    value = data.get(key)
    return value if isinstance(value, str) and value else None
