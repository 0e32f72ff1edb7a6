"""Mark of payments without a listed price: the metadata key and value that tell them from all others. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Metadata = Mapping[str, str]

_PACKAGE = re.compile(r"pack|plan|product|price|sku|bundle|tier|auto|top_?up|type|kind|purpose|reason", re.IGNORECASE)
_CREDITS = re.compile(r"credit|token|coin|point", re.IGNORECASE)
_PERSON = re.compile(
    r"user|account|customer|member|buyer|owner|tenant|org|team|workspace|mail|name|order|cart|session|uuid|\bu?id\b|"
    r"time|date|nonce|key|url|\bip\b",
    re.IGNORECASE,
)


def mark_of(own: Sequence[Metadata], rivals: Sequence[Metadata], others: Sequence[Metadata]) -> tuple[str, str] | None:
    """The key that all of some payments carry with one value, and none of their rivals with the same.

    Shape: `rivals` have the same amount and currency, which stand beside the mark in the catalogue; of `others` as few
           as may be carry it. A key that says what was bought goes before one that says where; who bought is no mark.
    """
    fitting = [
        (_rank(key), sum(each.get(key) == value for each in others), number, (key, value))
        for number, (key, value) in enumerate(own[0].items())
        if value and _rank(key) is not None
        and all(each.get(key) == value for each in own)
        and not any(each.get(key) == value for each in rivals)
    ]  # fmt: skip
    return min(fitting, key=lambda each: each[:3])[3] if fitting else None


def _rank(key: str) -> int | None:
    """How well a key tells packages apart; None where it tells people."""
    if _PACKAGE.search(key):
        return 0
    if _PERSON.search(key):
        return None
    return 1 if _CREDITS.search(key) else 2
