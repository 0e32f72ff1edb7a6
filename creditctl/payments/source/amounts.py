"""Credits of an application in its own words: whole numbers, or decimals where it has some."""

from __future__ import annotations

from decimal import Decimal


def credits_number(units: int, scale: int) -> int | Decimal:
    """Credits of a number of the application's smallest units."""
    return units if scale == 1 else Decimal(units) / scale


def credits_value(units: int, scale: int) -> int | str:
    """Credits as a JSON document has them: a text where they have decimals, because a float is not exact."""
    return units if scale == 1 else str(credits_number(units, scale))


def credits_text(units: int, scale: int) -> str:
    """Credits as a sentence has them."""
    return f"{credits_number(units, scale):,}"
