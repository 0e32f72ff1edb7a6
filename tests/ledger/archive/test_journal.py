"""Journals of an archive: what a replay has left to send, and what a target took."""

from __future__ import annotations

from creditctl.ledger.archive.models import EventQuery
from creditctl.ledger.archive.store import Archive
from tests.support.archives import keep, record


def test_a_replay_remembers_what_is_left(archive: Archive) -> None:
    journal = archive.replays
    number = journal.begin("wish", "http://x", 5, ["evt_1", "evt_2", "evt_3"])
    first, second, third = journal.open_items(number)
    journal.sending(number, first)
    journal.settle(number, first, "accepted", "200")
    journal.sending(number, second)
    journal.settle(number, third, "skipped", "posted already")

    assert journal.unfinished("wish") == (number, 5)
    assert [(item.event_id, item.state, item.tries) for item in journal.open_items(number)] == [("evt_2", "sending", 1)]
    assert not journal.finish(number, 9)
    journal.settle(number, second, "accepted", "200")
    assert journal.finish(number, 9)
    assert journal.unfinished("wish") is None
    assert journal.counts(number) == {"accepted": 2, "skipped": 1}


def test_a_new_replay_of_the_same_wish_gives_the_old_one_up(archive: Archive) -> None:
    archive.replays.begin("wish", "http://x", 5, ["evt_1"])
    number = archive.replays.begin("wish", "http://x", 6, ["evt_1"])
    archive.replays.begin("another", "http://x", 7, [])

    assert archive.replays.unfinished("wish") == (number, 6)


def test_what_a_target_took_is_not_forwarded_again(archive: Archive) -> None:
    keep(archive, record(3, 130), record(2, 120), record(1, 110))
    forwards = archive.forwards
    forwards.start_now("http://x", 100, [("evt_1", 110)], 200)
    assert [each.id for each in archive.unforwarded("http://x", EventQuery(), 10)] == ["evt_2", "evt_3"]
    forwards.accepted("http://x", "evt_2", 120, 201, "200", since=115)

    assert [each.id for each in archive.unforwarded("http://x", EventQuery(), 10)] == ["evt_3"]
    assert len(archive.unforwarded("http://y", EventQuery(), 10)) == 3
    assert forwards.since("http://x") == 115
    forwards.accepted("http://x", "evt_3", 130, 202, "200", since=90)
    assert forwards.since("http://x") == 115
    forwards.start("http://x", 0)
    assert [each.id for each in archive.unforwarded("http://x", EventQuery(), 10)] == ["evt_1"]
    assert forwards.count("http://x") == 2
