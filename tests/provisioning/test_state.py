"""States are compared by what they mean: URLs by the place, versions by the release."""

from __future__ import annotations

import pytest

from creditctl.provisioning.state import release_name, same_url


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://A.example/x", "HTTPS://a.example:443/x/", True),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "https://a.example/X", False),
        ("https://a.example/x?k=1", "https://a.example/x", False),
        ("https://[broken", "https://a.example", False),
    ],
)
def test_one_place_has_several_spellings(one: str, other: str, same: bool) -> None:
    assert same_url(one, other) is same


def test_release_names() -> None:
    assert [release_name(text) for text in ("2026-10-28.endive", "2024-06-20", None)] == ["endive", "2024-06-20", None]
