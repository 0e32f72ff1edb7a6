"""What a value looks like, judged by its characters alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.checks.env.value_patterns import (
    account_of_id,
    account_of_key,
    hidden_character,
    is_cut_short,
    is_repeated,
    looks_like,
)
from tests.support.keys import TEST_KEY

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def test_the_first_hidden_character_is_named_with_its_place() -> None:
    assert hidden_character("ab\u200bc") == "U+200B ZERO WIDTH SPACE at position 3"
    assert hidden_character("a\x07") == "U+0007 control character at position 2"
    assert hidden_character("plain ~ text\t") is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("sk_test_1", "a secret key"),
        ("rkcs_test_1", "a restricted key"),
        ("pk_live_1", "a publishable key"),
        ("whsec_1", "a webhook signing secret"),
        ("'sk_live_1'", "a secret key"),
        ("sk_1234", "a key of the old form"),
        ("price_1", "the id of an object"),
        ("https://x", "a URL"),
        ("", "no Stripe key"),
    ],
)
def test_the_kind_of_thing_that_a_value_is(value: str, words: str) -> None:
    assert looks_like(value).startswith(words)


@given(st.text(ALPHABET, min_size=16, max_size=16), st.text(ALPHABET, min_size=60, max_size=80))
def test_keys_of_one_account_show_the_same_account(account: str, rest: str) -> None:
    secret, public = f"sk_test_5{account}{rest}", f"pk_test_5{account}{rest[::-1]}"

    assert account_of_key(secret) == account_of_key(public) == account_of_id(f"acct_{account}") == account


@pytest.mark.parametrize("key", [TEST_KEY, "sk_test_4" + "a" * 80, "whsec_5" + "a" * 80, ""])
def test_other_keys_show_no_account(key: str) -> None:
    assert account_of_key(key) is None


BODY = "51AbCdEfGhIjKlMn" + "oPqRsTuVwXyZ0123456789" * 3


@pytest.mark.parametrize(
    "key", ["sk_test_" + BODY[:44], "sk_test_51AbCd", "whsec_" + "0a1b2c3d" * 4, "whsec_aB3dE6gH9"]
)
def test_the_first_part_of_a_key(key: str) -> None:
    assert is_cut_short(key)


@pytest.mark.parametrize(
    "key", ["sk_test_" + BODY, "sk_test_" + "aB3dE6gH" * 3, "whsec_" + "aB3dE6gH" * 4, "whsec_" + "0a1b2c3d" * 8]
)
def test_a_whole_key(key: str) -> None:
    assert not is_cut_short(key)
    assert not is_repeated(key)
    assert is_repeated(key + key)


def test_a_body_pasted_twice() -> None:
    assert is_repeated("sk_test_" + BODY + BODY)
    assert not is_repeated("")
