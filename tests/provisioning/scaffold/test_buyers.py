"""Guesses of the buyer's place: the usual ones need no line; a key must be on nearly every session."""

from __future__ import annotations

import pytest

from creditctl.provisioning.scaffold.booked import BookedPayment
from creditctl.provisioning.scaffold.buyers import guess_buyer, pairs_at, places_of
from creditctl.provisioning.scaffold.sales import RecentSession


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
    guess = guess_buyer([RecentSession(reference, metadata) for reference, metadata in sessions])

    assert guess.place == place
    assert guess.reason


def test_what_the_application_credited_goes_before_names() -> None:
    metadata = [{"order": f"o{n}", "gringotts_user_id": str(n)} for n in range(4)]
    sessions = [RecentSession(f"o{n}", each, (f"cs_{n}", f"pi_{n}")) for n, each in enumerate(metadata)]
    bookings = {f"pi_{n}": BookedPayment(str(n), 100) for n in range(3)}
    place = "metadata.gringotts_user_id"

    assert guess_buyer(sessions).place is None
    assert guess_buyer(sessions, bookings, place).place == place
    assert places_of(sessions) == ["client_reference_id", place, "metadata.order"]
    assert pairs_at(sessions, place, bookings) == [("0", "0"), ("1", "1"), ("2", "2")]


def test_a_usual_place_is_named_where_the_other_contradicts_it() -> None:
    sessions = [RecentSession(f"o{n}", {"user_id": str(n)}, (f"cs_{n}",)) for n in range(3)]
    agreeing = [RecentSession(str(n), {"user_id": str(n)}, (f"cs_{n}",)) for n in range(3)]

    assert guess_buyer(sessions, {}, "metadata.user_id").place == "metadata.user_id"
    assert guess_buyer(agreeing, {}, "metadata.user_id").place is None
