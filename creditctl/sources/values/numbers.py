"""Number parser: decimals of any column type or spelling, with thousands separators, to exact whole units. No floats.

`1,000.00`, `1.000,00`, `1 000`, `1'000` and `1000.0` say the same. `1.000` alone does not say whether the point parts
thousands or decimals: other values of the same column may, else the row is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from creditctl.sources.values.bad_value import BadRow, shown

_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f'’]+")
_AROUND = "$€£¥ "
_PLAIN = re.compile(r"[0-9]+")
_MARKED = re.compile(r"[0-9]*(?:[.,][0-9]+)+|[0-9]+[.,]")
_EXPONENT = re.compile(r"[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,2}")
_GROUPS = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")
_GROUP_DIGITS = 3
_MOST_DIGITS = 30

POINT, COMMA = ".", ","
"""The two decimal marks."""


def decimal_of(value: object, name: str, mark: str | None = None) -> Decimal:
    """The number in a cell.

    Shape:  `mark` is the column's decimal mark where its other values say it.
    Errors: BadRow for what is no number, or could be two.
    """
    if type(value) is int:
        return Decimal(value)
    if isinstance(value, Decimal | float):
        return _finite(Decimal(repr(value)) if isinstance(value, float) else value, name)
    if isinstance(value, str) and len(value) <= _MOST_DIGITS * 2:
        return _of_text(value, name, mark)
    raise BadRow(f"{name} {shown(value)} is not a number")


def whole_units(number: Decimal, decimals: int) -> int | None:
    """A number in units of 10 to the power of `-decimals`, exact; None where it has more decimals than that."""
    scaled = number.scaleb(decimals)
    whole = int(scaled)
    return whole if scaled == whole else None


def decimal_mark(values: Iterable[object]) -> str | None:
    """The decimal mark of a column, as far as its texts say it; None where none does, or where they disagree."""
    found = {mark for value in values if isinstance(value, str) and (mark := _mark_said(_bare(value)[1]))}
    return found.pop() if len(found) == 1 else None


def _of_text(value: str, name: str, mark: str | None) -> Decimal:
    sign, text = _bare(value)
    if _PLAIN.fullmatch(text):
        return sign * Decimal(text)
    if _EXPONENT.fullmatch(text):
        return sign * _finite(Decimal(text), name)
    if _MARKED.fullmatch(text) is None:
        raise BadRow(f"{name} {shown(value)} is not a number")
    used = _mark_said(text) or mark or (POINT if text.count(COMMA) == 1 and POINT not in text else None)
    if used is None:
        raise BadRow(f"{name} {shown(value)} may be {text.partition(POINT)[0]} or a thousand times that: nothing says")
    thousands = COMMA if used == POINT else POINT
    whole, _, rest = text.partition(used)
    if (thousands in whole and _GROUPS.fullmatch(whole) is None) or thousands in rest or used in rest:
        raise BadRow(f"{name} {shown(value)} is not a number")
    return sign * Decimal(f"{whole.replace(thousands, '') or 0}.{rest or 0}")


def _bare(value: str) -> tuple[int, str]:
    """The sign, and the digits with their marks: without spaces, currency signs, and brackets that mean minus."""
    text = value.strip().strip(_AROUND).replace("\u2212", "-")
    sign = 1
    if text.startswith("(") and text.endswith(")"):
        sign, text = -1, text[1:-1]
    if text[:1] in ("+", "-"):
        sign, text = (-sign if text[0] == "-" else sign), text[1:]
    return sign, _SPACES.sub("", text.strip(_AROUND))


def _mark_said(text: str) -> str | None:
    """The decimal mark that a text by itself shows; None where it has none, or could mean either."""
    marks = [letter for letter in text if letter in (POINT, COMMA)]
    if not marks or _MARKED.fullmatch(text) is None:
        return None
    if len(set(marks)) > 1:
        return marks[-1]
    only = marks[0]
    if len(marks) > 1:  # several of one mark part thousands
        return COMMA if only == POINT else POINT
    before, _, after = text.partition(only)
    is_group = len(after) == _GROUP_DIGITS and 0 < len(before) <= _GROUP_DIGITS and before != "0"
    return None if is_group else only


def _finite(number: Decimal, name: str) -> Decimal:
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise BadRow(f"{name} {shown(number)} is not a number")
    return number
