"""Extended JSON, as MongoDB exports it: `{"$oid": …}`, `{"$date": …}` and numbers by their type are plain values. Pure.

Source: MongoDB documentation, "MongoDB Extended JSON (v2)": canonical and relaxed format.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

_NUMBERS = ("$numberInt", "$numberLong", "$numberDouble", "$numberDecimal")


def parsed_json(text: str) -> object:
    """What a JSON text says. Errors: ValueError where it is none."""
    return json.loads(text, object_hook=_plain) if '"$' in text else json.loads(text)


def _plain(found: dict[str, Any]) -> object:
    """The value that an object of one key with a type stands for; every other object as it is."""
    if len(found) != 1:
        return found
    ((key, value),) = found.items()
    if key in ("$oid", "$date", "$uuid"):
        return value
    if key not in _NUMBERS or not isinstance(value, str):
        return found
    try:
        number = Decimal(value)
    except InvalidOperation:
        return found
    return int(number) if number.is_finite() and number == number.to_integral_value() else number
