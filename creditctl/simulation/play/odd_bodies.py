"""Odd bodies of a purchase: what is no JSON, and the declared body with one value replaced by a wrong one (pure)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

PLAIN_BODIES: tuple[bytes, ...] = (b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe\x00")
"""Bodies that are wrong whatever was declared."""

ODD_VALUES: tuple[Any, ...] = (None, 0, -1, 999999, "2; drop table users", "constructor", 1.5, {"$gt": 0}, [1], True)
_MOST_PLACES = 4
_INFINITE = "1e999"
_MARK = "creditctl-infinite"
_Place = tuple[str | int, ...]


def odd_bodies(body: str) -> list[bytes]:
    """The plain ones, and the declared body with each of its values replaced by every odd one."""
    changed = [_with(body, place, odd) for place in _places(body) for odd in ODD_VALUES]
    return [*PLAIN_BODIES, *(json.dumps(document).encode() for document in changed)]


def infinite_bodies(body: str) -> list[bytes]:
    """The declared body with a number that JSON can write and no computer hold: whole frameworks stumble over it."""
    marked = [json.dumps(_with(body, place, _MARK)) for place in _places(body)]
    return [text.replace(f'"{_MARK}"', _INFINITE).encode() for text in marked]


def _places(body: str) -> list[_Place]:
    """Where the values of a JSON body stand; none where it is no object."""
    try:
        document = json.loads(body)
    except ValueError:
        return []
    return list(_leaves(document, ()))[:_MOST_PLACES] if isinstance(document, dict) else []


def _leaves(value: Any, place: _Place) -> Iterator[_Place]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, (*place, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, (*place, number))
    else:
        yield place


def _with(body: str, place: _Place, odd: Any) -> Any:
    document = json.loads(body)
    inner = document
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = odd
    return document
