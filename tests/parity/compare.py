"""Comparison of two answers: what may differ (ids, times, addresses) made equal, the rest line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ACCOUNT_DEPENDENT = frozenset(
    {
        "adaptive_pricing",
        "branding_settings",
        "calculated_statement_descriptor",
        "descriptor",
        "payment_method_configuration_details",
        "payment_method_types",
        "risk_score",
        "tax_behavior",
    }
)
"""What the settings of an account decide."""
DRAWN = frozenset({"authorization_code", "fingerprint", "invoice_prefix", "network_transaction_id", "reference"})
"""What is drawn anew for each object: only that it is there is compared."""
_ID = re.compile(r"\b([a-z]{2,8}(?:_test)?)_[A-Za-z0-9]{12,}(?:_secret_[A-Za-z0-9]+)?")
_URL = re.compile(r"https?://[^\s\"]+")
_FIRST_TIME = 1_500_000_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which two answers differ; None where one of them has nothing there."""

    place: str
    stripe: str | None
    emulator: str | None


def differences(stripe: tuple[int, Any], emulator: tuple[int, Any]) -> list[Difference]:
    """What differs between two answers, each status and body."""
    theirs = {"HTTP status": str(stripe[0]), **dict(_lines(stripe[1], ""))}
    ours = {"HTTP status": str(emulator[0]), **dict(_lines(emulator[1], ""))}
    places = sorted({*theirs, *ours}, key=lambda place: (place != "HTTP status", place))
    return [
        Difference(place, theirs.get(place), ours.get(place))
        for place in places
        if theirs.get(place) != ours.get(place)
    ]


def _lines(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every leaf of a JSON value with its place, as it is compared."""
    if isinstance(value, dict):
        for name, child in value.items():
            if name in DRAWN and isinstance(child, str):
                yield (f"{place}.{name}" if place else name), "<drawn>"
            elif name not in ACCOUNT_DEPENDENT:
                yield from _lines(child, f"{place}.{name}" if place else name)
        if not value:
            yield place, "{}"
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _lines(child, f"{place}[{index}]")
        if not value:
            yield place, "[]"
    else:
        yield place, compared(value)


def compared(value: Any) -> str:
    """A leaf without what differs from call to call."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int) and value > _FIRST_TIME:
        return "<time>"
    if isinstance(value, int | float):
        return str(value)
    text = _ID.sub(r"<\1>", _URL.sub("<url>", str(value)))
    return "<digest>" if re.fullmatch(r"[A-Za-z0-9]{16}", text) else text
