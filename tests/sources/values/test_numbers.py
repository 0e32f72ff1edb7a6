"""Numbers as databases, exports and people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.numbers import decimal_mark, decimal_of, whole_units


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("1,000.00", "1000"), ("1.000,00", "1000"), ("1 000", "1000"), ("1'000", "1000"), ("1\u202f000,5", "1000.5"),
        ("1000.0", "1000"), ("1,000", "1000"), ("10,50", "10.5"), ("$10.00", "10"), ("9,99 €", "9.99"),
        ("(1,000.00)", "-1000"), ("\u221220", "-20"), ("1.234.567", "1234567"), ("1e3", "1000"), ("0.500", "0.5"),
        ("1000.000", "1000"), (".5", "0.5"), (10.1, "10.1"), (1000.0, "1000"), (Decimal("10.00"), "10"), (7, "7"),
    ],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(value: object, meant: str) -> None:
    assert decimal_of(value, "amount") == Decimal(meant)


@pytest.mark.parametrize(
    "value",
    ["", "abc", "1.000", "1,00,000", "--1", "1.2.3,4", True, None, float("nan"), Decimal("Infinity"), b"1", "9" * 99],
)
def test_what_is_no_number_or_could_be_two_is_refused(value: object) -> None:
    with pytest.raises(BadRow, match="amount"):
        decimal_of(value, "amount")


def test_other_values_of_the_column_say_what_a_mark_means() -> None:
    assert decimal_mark(["1.000", "12,50", None, 3]) == ","
    assert decimal_mark(["1.000", "1000.00"]) == "."
    assert decimal_mark(["1.000", "5"]) is None
    assert decimal_mark(["12,50", "1000.00"]) is None
    assert decimal_of("1.000", "amount", ",") == 1000
    assert decimal_of("1.000", "amount", ".") == 1


def test_units_are_exact_or_none() -> None:
    assert whole_units(Decimal("10.50"), 2) == 1050
    assert whole_units(Decimal("10.505"), 2) is None
    assert whole_units(Decimal("-3"), 0) == -3
