"""Archive store: events are kept once and whole, and readings join on to one another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.ledger.archive.models import EventQuery
from creditctl.ledger.archive.store import Archive
from tests.support.archives import keep, record


def test_an_event_is_kept_once_whole_and_as_it_was_first(archive: Archive) -> None:
    assert keep(archive, record(2), record(1)) == 2
    assert keep(archive, record(3), record(2, body=b'{"changed": true}')) == 1
    assert keep(archive, record(4), record(4)) == 1

    assert archive.count() == 4
    kept = archive.event("evt_2")
    assert kept == record(2)
    assert archive.event("evt_9") is None
    assert archive.has_all(["evt_1", "evt_4"])
    assert not archive.has_all(["evt_1", "evt_9"])


@given(bodies=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=40))
def test_any_bodies_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]) -> None:
    with Archive.open(tmp_path_factory.mktemp("m") / "m.db", account="acct_1", livemode=False) as archive:
        keep(archive, *(record(number, body=body) for number, body in enumerate(bodies)))
        assert {each.id: each.body for each in archive.events(EventQuery())} == {
            f"evt_{number}": body for number, body in enumerate(bodies)
        }


def test_a_reading_joins_on_to_the_one_before(archive: Archive) -> None:
    first = archive.begin("archive", 1000, None)
    archive.store(first, [record(2, 120), record(1, 110)], finished=1001)
    complete = archive.last_complete()
    assert complete is not None
    assert (complete.newest, complete.newest_id, complete.oldest) == (120, "evt_2", 110)

    second = archive.begin("archive", 2000, 60)
    archive.store(second, [record(4, 140), record(3, 130)], previous=complete)
    assert archive.unfinished() == archive.reading(second.id)
    assert not archive.reading(second.id).anchor_seen
    archive.store(second, [record(2, 120)], previous=complete, finished=2001)

    read = archive.reading(second.id)
    assert (read.newest_id, read.oldest, read.anchor_seen, read.cursor) == ("evt_4", 120, True, "evt_2")
    third = archive.begin("archive", 3000, 80)
    archive.store(third, [], previous=read, finished=3001)
    assert archive.reading(third.id).newest_id == "evt_4"
