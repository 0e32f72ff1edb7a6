"""Times as databases, frameworks and spreadsheets write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.times import Moment, is_month_first, moment_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("2026-11-01T08:30:00Z", "2026-11-01T08:30:00"),
        ("2026-11-01 08:30:00+00", "2026-11-01T08:30:00"),
        ("2026-11-01 08:30:00.123 +0000 UTC", "2026-11-01T08:30:00"),
        ("2026-11-01 08:30:00 -05:00", "2026-11-01T13:30:00"),
        ("2026-11-01 08:30:00 UTC", "2026-11-01T08:30:00"),
        ("2026-11-01 08:30:00", "2026-11-01T07:30:00"),
        ("2026-11-01", "2026-10-31T23:00:00"),
        ("01.11.2026 08:30", "2026-11-01T07:30:00"),
        ("28/11/2026, 08:30:11", "2026-11-28T07:30:11"),
        ("11/28/2026 8:30 PM", "2026-11-28T19:30:00"),
        ("03/04/2026", "2026-04-02T22:00:00"),
        ("Sat Nov 28 2026 08:30:00 GMT+0100 (CET)", "2026-11-28T07:30:00"),
        ("Sat, 28 Nov 2026 08:30:00 GMT", "2026-11-28T08:30:00"),
        (1762375116123, "2025-11-05T20:38:36"),
        ("1762375116123", "2025-11-05T20:38:36"),
        (1762375116, "2025-11-05T20:38:36"),
        (1762375116.5, "2025-11-05T20:38:36"),
        (1762375116123456, "2025-11-05T20:38:36"),
        ("20261128083000", "2026-11-28T07:30:00"),
        (datetime(2026, 11, 1, 8, 30), "2026-11-01T07:30:00"),  # noqa: DTZ001
        (datetime(2026, 11, 1, 8, 30, tzinfo=UTC), "2026-11-01T08:30:00"),
        (date(2026, 11, 1), "2026-10-31T23:00:00"),
    ],
)
def test_a_time_is_read_however_it_is_written(value: object, meant: str) -> None:
    found = moment_of(value, "created", BERLIN)

    assert datetime.fromtimestamp(found.seconds, UTC).isoformat() == f"{meant}+00:00"
    assert found.doubtful is False


@pytest.mark.parametrize("value", ["junk", "", None, True, "0000-00-00 00:00:00", 0, -5, "32.01.2026", 10**19])
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(BadRow, match="created"):
        moment_of(value, "created")


def test_an_hour_that_a_clock_had_twice_is_the_earlier_and_is_said() -> None:
    assert moment_of("2026-10-25 02:30:00", "created", BERLIN) == Moment(1_792_888_200, doubtful=True)
    assert moment_of("2026-03-29 02:30:00", "created", BERLIN).doubtful
    assert not moment_of("2026-10-25 02:30:00+01:00", "created", BERLIN).doubtful
    assert not moment_of("2026-10-25 02:30:00", "created", UTC).doubtful


def test_a_column_says_whether_its_month_comes_first() -> None:
    assert is_month_first(["03/04/2026", "11/28/2026"])
    assert not is_month_first(["03/04/2026", "28/11/2026", None, 7])
    assert moment_of("03/04/2026", "created", month_first=True).seconds == moment_of("2026-03-04", "created").seconds
    with pytest.raises(BadRow, match="day first"):
        is_month_first(["28/11/2026", "11/28/2026"])
