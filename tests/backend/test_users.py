"""User ids are taken as they are, or refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.backend.users import MAX_CHARACTERS, PATTERN, BadUserId, parse_user_id, user_id_from_header


@given(st.text(max_size=250))
def test_a_user_id_is_unchanged_or_refused(text: str) -> None:
    try:
        user_id = parse_user_id(text)
    except BadUserId:
        assert text != "a" * len(text) or not 1 <= len(text) <= MAX_CHARACTERS
    else:
        assert user_id == text
        assert 1 <= len(text) <= MAX_CHARACTERS
        assert text.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f]", text)
        assert "\n" not in text


@given(st.text(st.characters(max_codepoint=126), max_size=220))
def test_the_documented_pattern_says_the_same(text: str) -> None:
    documented = re.fullmatch(PATTERN, text) is not None and len(text) <= MAX_CHARACTERS
    try:
        parse_user_id(text)
    except BadUserId:
        assert not documented
    else:
        assert documented


def test_a_header_is_utf_8() -> None:
    assert user_id_from_header(["Jörg 用户".encode()]) == "Jörg 用户"
    with pytest.raises(BadUserId, match="not UTF-8"):
        user_id_from_header([b"J\xf6rg"])


def test_a_header_is_there_once() -> None:
    with pytest.raises(BadUserId, match="missing"):
        user_id_from_header([])
    with pytest.raises(BadUserId, match="more than once"):
        user_id_from_header([b"1", b"1"])
