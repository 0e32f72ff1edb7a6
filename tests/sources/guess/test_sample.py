"""A sample has what is rare: the kinds that came late, and the payments between thousands of rows of usage."""

from __future__ import annotations

from decimal import Decimal

from creditctl.sources.guess.sample import MOST_ROWS, sample_of
from creditctl.sources.reading.raw_rows import RawRow


def test_late_words_forms_and_payments_are_in_the_sample() -> None:
    usage = [RawRow({"kind": "USAGE", "key": None, "credits": -1, "price": Decimal(1)}, None)] * 9000
    late = [
        RawRow({"kind": "USAGE", "key": "pi_1abc", "credits": -1, "price": Decimal(1)}, None),
        RawRow({"kind": "CHARGEBACK", "key": None, "credits": -1, "price": Decimal(1)}, None),
        RawRow({"kind": "USAGE", "key": None, "credits": 5, "price": Decimal(1)}, None),
        RawRow({"kind": "USAGE", "key": None, "credits": -1, "price": Decimal("0.5")}, None),
    ]

    found = sample_of([*usage, *late, *usage])

    assert found[-4:] == late
    assert len(found) < MOST_ROWS
