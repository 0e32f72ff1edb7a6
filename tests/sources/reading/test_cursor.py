"""Where incremental reading goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from creditctl.sources.reading.cursor import cursor_text, later, resume_from
from tests.support.clock import NOW

NOON = datetime(2026, 11, 1, 12, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "resumed"),
    [
        ([NOON, NOON.replace(hour=9), None], NOON.replace(hour=11)),
        (["2026-11-01 12:30:15", "2026-11-01 09:00:00", ""], "2026-11-01 11:30"),
        (["2026-11-01T12:30:15.000Z"], "2026-11-01T11:30"),
        ([NOW, 1_780_000_000], NOW - 3600),
        ([Decimal(NOW * 1000)], (NOW - 3600) * 1000),
    ],
)
def test_reading_goes_on_before_the_latest(values: list[object], resumed: object) -> None:
    latest: object = None
    for value in values:
        latest = later(latest, value)
    text = cursor_text(latest)

    assert text is not None
    assert resume_from(text) == resumed


@pytest.mark.parametrize("value", [None, "yesterday", True, b"x"])
def test_what_is_no_time_is_nothing_to_go_on_from(value: object) -> None:
    assert cursor_text(value) is None
