"""`[simulate]`: read into typed values; slips are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.project import parse_project_file
from creditctl.core.project_file.simulate import SimulateSection


def section(text: str) -> SimulateSection:
    return parse_project_file(text, path=Path("creditctl.toml")).simulate


def test_nothing_written_is_nothing_said() -> None:
    assert section("") == SimulateSection()


def test_what_is_written_is_read() -> None:
    text = """
[simulate]
backend = "http://127.0.0.1:8000"
headers = ["Authorization: Bearer {token}"]
users = "users.csv"
balance_database_env = "DATABASE_URL"
[simulate.policy]
negative = "clamped"
"""
    found = section(text)

    assert (found.backend, found.users) == ("http://127.0.0.1:8000", "users.csv")
    assert (found.headers, found.balance_database_env) == (("Authorization: Bearer {token}",), "DATABASE_URL")
    assert found.policy == {"negative": "clamped"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[simulate]\npurchase = '/buy'", "unknown key 'purchase'"),
        ("[simulate]\nstart = 1", "start"),
        ("[simulate.policy]\ndispute = 'never'", "unknown key 'dispute'"),
    ],
)
def test_slips_are_named(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        section(text)
