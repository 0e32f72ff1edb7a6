"""The small language of where, when and livemode."""

from __future__ import annotations

from datetime import datetime

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.sources.mapping.conditions import is_condition, parse_condition

ROW = {
    "status": "completed",
    "deleted_at": "",
    "metadata": '{"provider": "stripe", "n": {"a": [1, "x"]}}',
    "credits": "-1,000.00",
    "isTest": False,
    "a b": "it's",
    "created": datetime(2026, 1, 2),  # noqa: DTZ001
    "flag": 1,
}


@pytest.mark.parametrize(
    "text",
    [
        "status = 'completed' and deleted_at is null",
        "status != 'failed'",
        "STATUS <> 'failed'",
        "status is not null",
        "status in ('x', 'completed')",
        "status NOT IN ('x')",
        "metadata.provider = 'stripe'",
        "metadata.n.a.1 = 'x'",
        "metadata.none is null",
        "credits < 0 and credits >= -1000",
        '"isTest" = false',
        "isTest = 'false' and isTest = 0",
        "flag = true",
        "`a b` = 'it''s'",
        "created >= '2026-01-02' and created < '2026-01-03'",
    ],
)
def test_what_holds(text: str) -> None:
    assert parse_condition(text, list(ROW)).holds(ROW)


@pytest.mark.parametrize(
    "text",
    [
        "status = 'failed'",
        "deleted_at != 'x'",
        "deleted_at = ''",
        "deleted_at not in ('x')",
        "status < 5",
        "flag = false",
    ],
)
def test_what_does_not_hold(text: str) -> None:
    assert not parse_condition(text, list(ROW)).holds(ROW)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("status =", "at its end"),
        ("status completed", "one of"),
        ("nope = 1", "no column 'nope'"),
        ("status = 'a' or flag = 1", "'and' is needed"),
        ("status = other", "single quotes"),
        ("status in ('a'", "'\\)' is needed"),
        ("", "at its end"),
        ("status = 'open", "at"),
        ("not status = 'a'", "no column 'not'"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_condition(text, list(ROW))


def test_a_condition_is_told_from_a_column() -> None:
    assert is_condition("env = 'production'")
    assert is_condition("deleted_at is null")
    assert not is_condition("metadata.live")
