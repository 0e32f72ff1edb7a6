"""Texts, flags and ids of a cell."""

from __future__ import annotations

from decimal import Decimal

import pytest

from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.texts import flag_of, id_of, is_empty, text_of


@pytest.mark.parametrize("value", [True, 1, "1", "t", "TRUE", "live", "Yes", b"\x01"])
def test_true_is_told(value: object) -> None:
    assert flag_of(value, "livemode") is True


@pytest.mark.parametrize("value", [False, 0, "0", "f", "test", "sandbox", b"\x00"])
def test_false_is_told(value: object) -> None:
    assert flag_of(value, "livemode") is False


def test_what_is_neither_is_refused() -> None:
    with pytest.raises(BadRow, match="neither"):
        flag_of("maybe", "livemode")


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (7, "7"), (7.0, "7"), (Decimal("7"), "7"), (" a ", "a"), ("", None), (None, None), (b"abc", "abc"),
        (bytes(range(16)), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
    ],
)  # fmt: skip
def test_an_id_is_a_text(value: object, meant: str | None) -> None:
    assert id_of(value, "id") == meant


def test_secrets_and_control_characters_are_kept_nowhere() -> None:
    with pytest.raises(BadRow) as caught:
        text_of("pi_1_" + "secret_abcdefghijklmnop", "note")
    assert "abcdefghijklmnop" not in str(caught.value)
    with pytest.raises(BadRow, match="NUL"):
        text_of("a\0b", "note")
    assert is_empty("") is True


@pytest.mark.parametrize("text", ["pi_\0", "pi_\ud800"], ids=["NUL", "half a pair"])
def test_a_text_that_no_database_finds_again_is_refused(text: str) -> None:
    with pytest.raises(BadRow, match="holds"):
        text_of(text, "payment")
