"""JSON as Stripe writes it: indented by two spaces; shell tools and the official CLI read it by lines.

An object is stored as it stands in a list, two levels down: a list is its objects put together, and one object goes out
without the spaces that its lines have too many. No string of JSON has a line's end in it.
"""

from typing import Any

import msgspec
import orjson

_INDENT, _DEEPER = b"\n", b"\n    "
_BEFORE, _AFTER = len(b"[\n  [\n    "), -len(b"\n  ]\n]")


def written(value: Any) -> bytes:
    """A value as indented JSON: orjson indents at no cost that could be measured."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except TypeError:
        # What orjson has no words for, such as a number beyond 64 bits.
        return indented(msgspec.json.encode(value))


def written_item(value: Any) -> bytes:
    """A value as it stands in a list, two levels down: how objects are stored."""
    try:
        return orjson.dumps([[value]], option=orjson.OPT_INDENT_2)[_BEFORE:_AFTER]
    except TypeError:
        return written([[value]])[_BEFORE:_AFTER]


def indented(text: bytes) -> bytes:
    """A JSON text, indented by two spaces whatever spaces it has."""
    return msgspec.json.format(text, indent=2)


def indented_item(text: bytes) -> bytes:
    """A JSON text as it stands in a list, whatever spaces it has."""
    return indented(b"[[%b]]" % text)[_BEFORE:_AFTER]


def item_alone(text: bytes) -> bytes:
    """An object of a list, as an answer of its own."""
    return text.replace(_DEEPER, _INDENT)


def deeper(text: bytes) -> bytes:
    """An object of a list as it stands two levels further down."""
    return text.replace(_INDENT, _DEEPER)
