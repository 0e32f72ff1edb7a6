"""An env file is read as dotenv reads it, with true line numbers, and its repair keeps every value."""

from __future__ import annotations

import io

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from creditctl.checks.env.dotenv_text import parse_env, repair_env

KNOWN = frozenset({"KEY", "OTHER"})

PIECES = st.sampled_from(
    ["KEY", "OTHER", "lower", "=", " = ", "= ", "\t", " ", "  ", "value", "'", '"', "#", " # note", "\\", "\n", "\r\n"]
) | st.sampled_from(
    ["\r", "export ", "\ufeff", "\u200b", "\u00a0", "${KEY}", "…", "\x00", "\x0b", "\u2028", "\\n", "a b", "\x85", "\f"]
)
TEXTS = st.lists(PIECES, max_size=24).map("".join)


def read_by_dotenv(text: str) -> dict[str, str | None]:
    return dict(dotenv_values(stream=io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), interpolate=False))


def test_a_binding_knows_its_line_also_after_blank_lines_and_comments() -> None:
    text = parse_env("# first\n\n\nKEY=1\n\n# another\nOTHER=2\n")

    assert [(item.name, item.line) for item in text.bindings] == [("KEY", 4), ("OTHER", 7)]
    assert [line for line, _ in text.comments] == [1, 6]


def test_a_value_over_several_lines_stands_where_it_begins_and_moves_the_next_ones() -> None:
    text = parse_env('KEY="a\nb\nc"\nOTHER=2\n')

    assert [(item.name, item.line) for item in text.bindings] == [("KEY", 1), ("OTHER", 4)]


def test_a_line_that_dotenv_skips_is_broken() -> None:
    assert parse_env("KEY=1\n= 3\nOTHER='open\n").broken == (2, 3)


def test_the_last_of_two_counts() -> None:
    assert parse_env("KEY=1\nKEY=2\n").values == {"KEY": "2"}


@pytest.mark.parametrize(
    ("line", "stray", "quoted", "commented"),
    [
        ("KEY=value", False, False, False),
        (" KEY=value", True, False, False),
        ("KEY = value", True, False, False),
        ("KEY=value ", True, False, False),
        ("KEY='value'", False, True, False),
        ('KEY="value" # note', False, True, True),
        ('KEY="value"# note', False, True, True),
        ("KEY=value # note", False, False, True),
        ("KEY=value#part", False, False, False),
        ("KEY= # note", False, False, True),
        ("KEY=#part", False, False, False),
        ("KEY='it # is'", False, True, False),
        ("KEY", False, False, False),
    ],
)
def test_how_a_line_is_written(line: str, stray: bool, quoted: bool, commented: bool) -> None:
    (binding,) = parse_env(line + "\n").bindings

    assert (binding.has_stray_space, binding.is_quoted, binding.has_comment) == (stray, quoted, commented)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("KEY=1\r\nOTHER=2\r\n", "KEY=1\nOTHER=2\n"),
        ("KEY=1\rOTHER=2", "KEY=1\nOTHER=2\n"),
        ("\ufeffKEY=1\n", "KEY=1\n"),
        ("  KEY = 1  \n", "KEY=1\n"),
        ("export  KEY = 1\n", "export  KEY=1\n"),
        ("KEY=1", "KEY=1\n"),
        ("# kept \n\n\nKEY= 'a b' # why \n", "# kept \n\n\nKEY='a b' # why\n"),
        ("KEY= # note\n", "KEY= # note\n"),
        ("KEY=#part\n", "KEY=#part\n"),
        ('KEY=" abc\n"\n', "KEY=abc\n"),
        ('KEY="abc "  # note\n', "KEY=abc  # note\n"),
        ('SOMEBODY="theirs "\n', 'SOMEBODY="theirs "\n'),
        ("= broken \nKEY = 1\n", "= broken \nKEY=1\n"),
        ("", ""),
    ],
)
def test_what_a_repair_makes_of_a_text(before: str, after: str) -> None:
    assert repair_env(before, KNOWN) == after


@given(TEXTS)
def test_any_text_is_read_exactly_as_dotenv_reads_it(text: str) -> None:
    assert parse_env(text).values == read_by_dotenv(text)


@given(TEXTS)
def test_a_repair_changes_no_value_but_white_space_around_known_ones(text: str) -> None:
    before, after = read_by_dotenv(text), read_by_dotenv(repair_env(text, KNOWN))

    assert list(before) == list(after)
    for name, value in before.items():
        trimmed = value.strip() if value is not None and name in KNOWN else value
        assert after[name] in (value, trimmed)


@given(TEXTS)
def test_a_repaired_text_needs_no_second_repair(text: str) -> None:
    once = repair_env(text, KNOWN)

    assert repair_env(once, KNOWN) == once


@given(TEXTS)
def test_a_repair_leaves_no_carriage_return_outside_a_text_it_dared_not_touch(text: str) -> None:
    repaired = repair_env(text, KNOWN)

    assert repaired == text or "\r" not in repaired


@given(TEXTS)
def test_every_line_number_is_a_line_of_the_text(text: str) -> None:
    parsed = parse_env(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1

    assert all(1 <= item.line <= lines for item in parsed.bindings)
    assert all(1 <= line <= lines for line in parsed.broken)


def test_neither_a_value_nor_its_source_shows_in_a_repr() -> None:
    secret = "whsec_" + "aB3dE6gH9" * 3

    assert secret not in repr(parse_env(f"KEY={secret}\n# {secret}\n"))
