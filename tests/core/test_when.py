"""Times and windows as people write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.errors import UsageError
from creditctl.core.when import (
    Window,
    age_text,
    http_date,
    iso_time,
    parse_duration,
    parse_when,
    parse_window,
    require_begun,
)
from tests.support.clock import NOW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01", 1_793_491_200),
        ("2026-11-01T08:30", 1_793_521_800),
        ("2026-11-01 08:30:15", 1_793_521_815),
        ("2026-11-01T08:30:00Z", 1_793_521_800),
        ("2026-11-01T08:30:00+02:00", 1_793_514_600),
        (" 2026-11-01 ", 1_793_491_200),
        ("90s", NOW - 90),
        ("45m", NOW - 2_700),
        ("36h", NOW - 129_600),
        ("30d", NOW - 2_592_000),
        ("2w", NOW - 1_209_600),
        ("999999999w", 0),
    ],
)
def test_what_is_understood(text: str, expected: int) -> None:
    assert parse_when(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-02-30", "30", "30 d", "-3d", "1.5h", "٣d", "h"])
def test_what_is_not_understood(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_when(text, NOW)
    assert caught.value.code == "usage.when"
    assert "36h" in caught.value.fix or "30d" in caught.value.fix


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_a_printed_time_means_itself(moment: int) -> None:
    assert parse_when(iso_time(moment), NOW) == moment


def test_a_window_includes_its_start_and_excludes_its_end() -> None:
    window = parse_window("2026-11-01", "2026-11-02", NOW)
    assert [window.holds(moment) for moment in (1_793_491_199, 1_793_491_200, 1_793_577_599, 1_793_577_600)] == [
        False,
        True,
        True,
        False,
    ]
    assert window.as_dict() == {"since": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00Z"}


def test_no_bounds_are_all_of_time() -> None:
    window = parse_window(None, None, NOW)
    assert window == Window()
    assert window.unbounded
    assert window.holds(0)
    assert window.as_dict() == {"since": None, "until": None}


@pytest.mark.parametrize(("since", "until"), [("1d", "2d"), ("2026-11-01", "2026-11-01")])
def test_an_empty_window_is_refused(since: str, until: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_window(since, until, NOW)
    assert caught.value.code == "usage.window"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("2h", 7_200), (" 3d ", 259_200), ("1d12h", 129_600), ("1w1s", 604_801), ("0s", 0)],
)
def test_a_length_of_time_is_understood(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "3", "d", "3 d", "-3d", "+3d", "1.5h", "3dd", "3d 2", "٣d", "soon"])
def test_what_is_no_length_of_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_duration(text)
    assert "1d12h" in caught.value.fix


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (60, "1m"), (7199, "1h"), (86_400, "1d"), (200 * 86_400, "200d")]
)
def test_a_length_of_time_is_said_by_its_largest_unit(seconds: int, text: str) -> None:
    assert age_text(seconds) == text


def test_a_window_that_has_not_begun_is_refused() -> None:
    require_begun(Window(None, None), None, NOW)
    require_begun(Window(NOW - 1, None), "1s", NOW)
    with pytest.raises(UsageError) as caught:
        require_begun(Window(NOW, None), "0d", NOW)
    assert caught.value.code == "usage.window"


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 21 Sep 2026 14:13:20 GMT",
        "Mon, 21 Sep 2026 14:13:20 -0000",
        "Mon, 21 Sep 2026 14:13:20",
        "Mon Sep 21 14:13:20 2026",
        "Mon, 21 Sep 2026 16:13:20 +0200",
    ],
)
def test_the_date_of_an_answer_is_in_utc_wherever_this_machine_stands(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Kathmandu")
        time.tzset()
        found = http_date(text)
    time.tzset()
    assert found == NOW


def test_what_is_no_date_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        http_date("yesterday")
