"""Guesses of the buyer's place: the usual ones need no line; a key must be on nearly every session."""

from __future__ import annotations

import pytest

from creditctl.provisioning.scaffold.buyers import guess_buyer


@pytest.mark.parametrize(
    ("sessions", "place"),
    [
        ([], None),
        ([("u1", {})] * 20, None),
        ([(None, {"user_id": "u1"})] * 20, None),
        ([(None, {"accountId": "a"})] * 20, "metadata.accountId"),
        ([("u1", {"accountId": "a"})] * 20, None),
        ([(None, {"accountId": "a"})] * 19 + [(None, {})], "metadata.accountId"),
        ([(None, {"accountId": "a"})] * 18 + [(None, {})] * 2, None),
        ([(None, {"pack": "gold"})] * 20, None),
        ([(None, {"user": ""})] * 20, None),
    ],
)
def test_where_the_buyer_stands(sessions: list[tuple[str | None, dict[str, str]]], place: str | None) -> None:
    guess = guess_buyer(sessions)

    assert guess.place == place
    assert guess.reason
