"""Documented parameters of the emulated endpoints: what Stripe takes, whether or not it is acted on here.

Source: the parameter types of stripe-python.
"""

import re
from functools import lru_cache
from typing import Any

import msgspec

from creditctl.emulator.documented.data_files import read_bytes

_NAMES = re.compile(r"[^\[\]]+")


def documented_parameters(method: str, pattern: str) -> dict[str, Any]:
    """The parameters of an endpoint as nested hashes, `*` for any key of a map; empty where it is not documented."""
    path = "/".join("*" if part.startswith("{") else part for part in pattern.split("/"))
    return _shapes().get(f"{method} {path}", {})


def is_documented(method: str, pattern: str, name: str) -> bool:
    """Whether Stripe documents a parameter, such as `line_items[0][price]`, of an endpoint."""
    shape: Any = documented_parameters(method, pattern)
    for part in _NAMES.findall(name):
        if part.isdecimal():
            continue
        shape = shape.get(part, shape.get("*"))
        if shape is None:
            return False
    return True


@lru_cache(maxsize=1)
def _shapes() -> dict[str, dict[str, Any]]:
    return msgspec.json.decode(read_bytes("parameters.json"), type=dict[str, dict[str, Any]])
