"""Placeholders and sample keys are told from real values, by their text alone."""

from __future__ import annotations

import pytest

from creditctl.checks.env.placeholders import is_placeholder, is_sample_key
from tests.support.keys import TEST_KEY


@pytest.mark.parametrize(
    "value",
    [
        "sk_test_...",
        "whsec_…",
        "<key>",
        "changeme",
        "CHANGE_ME",
        "xxxxxxxx",
        "sk_live_xxxxxxxxxxxx",
        "your-domain.com",
        "https://your-frontend-domain.com",
        "http://example.org:3000/x",
        "todo",
        "***",
        "{{ key }}",
        "sk_test_",
        "whsec_",
    ],
)
def test_placeholders(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize(
    "value",
    [
        "http://localhost:3000",
        "https://app.acme.io",
        "https://love-your-pet.com",
        "acct_1AbCdEfGhIjKlMnO",
        "creditctl.db",
        TEST_KEY,
        "https://examples.com",
        "https://counterexample.com",
    ],
)
def test_real_values(value: str) -> None:
    assert not is_placeholder(value)


def test_sample_keys_are_known_without_being_written_here() -> None:
    assert is_sample_key("sk_test_" + "4eC39HqLyj" + "WDarjtT1zdp7dc")
    assert is_sample_key(" pk_test_" + "TYooMQauvd" + "EDq54NiTphI7jx\n")
    assert not is_sample_key(TEST_KEY)
    assert not is_sample_key("")
