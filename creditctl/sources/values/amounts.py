"""Amount of money of a row: exact minor units from minor units, or from a number with a decimal mark."""

from __future__ import annotations

from creditctl.core.money import minor_units_per_major
from creditctl.sources.values.numbers import decimal_of, whole_units

_USUAL_DECIMALS = 2


def minor_units(value: object, currency: str | None, *, major: bool, mark: str | None = None) -> int | None:
    """The minor units that a cell says; None where they are no whole number.

    Shape:  with `major` it says dollars, not cents; two decimals where no currency is named. `mark` is the decimal mark
            where the other values of the column say it.
    Errors: BadRow for what is no number, or could be two.
    """
    return whole_units(decimal_of(value, "amount", mark), _decimals_of(currency) if major else 0)


def _decimals_of(currency: str | None) -> int:
    return _USUAL_DECIMALS if currency is None else len(str(minor_units_per_major(currency))) - 1
