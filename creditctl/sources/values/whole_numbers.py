"""Whole numbers of an imported row: credits, and money in minor units; what is not exact is refused."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from creditctl.core.limits import MAX_MAGNITUDE
from creditctl.sources.values.amounts import minor_units
from creditctl.sources.values.bad_value import BadRow, shown
from creditctl.sources.values.numbers import decimal_of, whole_units

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")


def whole_number(value: Any, name: str) -> int:
    """A whole number. Money with a decimal point is refused even where it is whole: nobody can tell whether it counts
    cents; credits count nothing else, however their column is made."""
    if type(value) is str and _WHOLE.fullmatch(value):
        number = int(value)
    elif type(value) is int:
        number = value
    elif isinstance(value, Decimal) and value.is_finite() and value.as_tuple().exponent == 0:
        number = int(value)
    elif name == "credits" and (whole := _whole_decimal(value)) is not None:
        number = whole
    else:
        units = ", in minor units (cents) of the currency" if name == "amount" else ""
        raise BadRow(f"{name} {shown(value)} is not a whole number{units}")
    if abs(number) > MAX_MAGNITUDE:
        raise BadRow(f"{name} {number} is out of range")
    return number


def of_major(value: Any, currency: str | None) -> int:
    """The minor units of an amount in dollars, or whatever its currency is."""
    number = minor_units(value, currency, major=True)
    if number is None or abs(number) > MAX_MAGNITUDE:
        raise BadRow(f"amount {shown(value)} is no whole number of minor units, or out of range")
    return number


def _whole_decimal(value: Any) -> int | None:
    """The whole number that decimals such as 1000.00 or 1,000 are; None for what is none."""
    if isinstance(value, str) and "e" in value.lower():
        return None
    try:
        return whole_units(decimal_of(value, "credits"), 0)
    except BadRow:
        return None
