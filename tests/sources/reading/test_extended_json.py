"""What MongoDB exports with types is read as the plain values that it stands for; other objects stay."""

from __future__ import annotations

from decimal import Decimal

import pytest

from creditctl.sources.reading.extended_json import parsed_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"_id": {"$oid": "5f"}, "at": {"$date": "2026-11-01T10:00Z"}}', {"_id": "5f", "at": "2026-11-01T10:00Z"}),
        ('{"at": {"$date": {"$numberLong": "1793613742000"}}}', {"at": 1793613742000}),
        ('{"n": {"$numberInt": "-5"}, "d": {"$numberDecimal": "0.25"}}', {"n": -5, "d": Decimal("0.25")}),
        ('{"n": {"$numberDouble": "NaN"}, "m": {"$minKey": 1}}', {"n": Decimal("NaN"), "m": {"$minKey": 1}}),
        ('{"stripe": {"session": "cs_1"}}', {"stripe": {"session": "cs_1"}}),
    ],
)  # fmt: skip
def test_types_are_read_as_plain_values(text: str, value: object) -> None:
    assert repr(parsed_json(text)) == repr(value)
