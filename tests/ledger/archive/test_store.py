"""The archive file: whose it is, what it keeps, in which order, and what its journals remember."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.errors import GuardRefused, LedgerError, LockHeld
from creditctl.ledger.archive.models import EventQuery, EventRecord
from creditctl.ledger.archive.store import Archive


def record(number: int, created: int = 100, body: bytes | None = None, **keys: str) -> EventRecord:
    names = {"type": "charge.refunded", "object_id": None, "payment_key": None, "charge_id": None, "user_id": None}
    fields = {**names, **keys}
    return EventRecord(
        id=f"evt_{number}",
        created=created,
        type=str(fields["type"]),
        object_id=fields["object_id"],
        payment_key=fields["payment_key"],
        charge_id=fields["charge_id"],
        user_id=fields["user_id"],
        body=body or b'{"number": %d}' % number,
    )


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "m.db", account="acct_1", livemode=False) as built:
        yield built


def keep(archive: Archive, *page: EventRecord) -> int:
    """Keeps a page, newest first, as one reading."""
    return archive.store(archive.begin("read", 1, None), page, finished=1)


def test_it_is_private_and_belongs_to_one_account_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    Archive.open(path, account="acct_1", livemode=False).close()

    assert path.stat().st_mode & 0o077 == 0
    Archive.open(path, account=None, livemode=None).close()
    for account, livemode in (("acct_2", False), ("acct_1", True)):
        with pytest.raises(GuardRefused, match="belongs to account acct_1 in test mode"):
            Archive.open(path, account=account, livemode=livemode)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as missing:
        Archive.open(tmp_path / "none.db", account=None, livemode=None, create=False)
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(LedgerError) as foreign:
        Archive.open(tmp_path / "other.db", account="acct_1", livemode=False)
    (tmp_path / "text.db").write_text("this is a text file, and long enough to be looked at as a database" * 20)
    with pytest.raises(LedgerError) as text:
        Archive.open(tmp_path / "text.db", account="acct_1", livemode=False)

    assert [missing.value.code, foreign.value.code] == ["archive.missing", "archive.not_an_archive"]
    assert text.value.code == "ledger.not_a_ledger"


def test_a_newer_format_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    Archive.open(path, account="acct_1", livemode=False).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(LedgerError) as caught:
        Archive.open(path, account="acct_1", livemode=False)
    assert caught.value.code == "archive.newer"


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


def test_order_is_time_then_reading_then_against_the_list(archive: Archive) -> None:
    """Ids are no order: what Stripe lists further down in one second is older, what a later reading finds is newer."""
    keep(archive, record(7, 101), record(5, 100), record(9, 100), record(1, 99))
    keep(archive, record(3, 100), record(2, 99))

    assert archive.ids(EventQuery()) == ["evt_1", "evt_2", "evt_9", "evt_5", "evt_3", "evt_7"]
    backwards = [each.id for each in archive.events(EventQuery(), newest_first=True)]
    assert backwards == archive.ids(EventQuery())[::-1]
    assert [each.id for each in archive.events(EventQuery(), limit=2)] == ["evt_1", "evt_2"]


def test_queries_find_by_every_key(archive: Archive) -> None:
    keep(
        archive,
        record(4, 130, type="charge.dispute.created", object_id="dp_1", payment_key="pi_2", charge_id="ch_2"),
        record(3, 120, object_id="ch_1", payment_key="pi_1", charge_id="ch_1"),
        record(2, 110, type="checkout.session.completed", object_id="cs_1", payment_key="pi_1", user_id="ann"),
        record(1, 100, type="product.created", object_id="prod_1"),
    )

    assert archive.ids(EventQuery(types=("charge.*",))) == ["evt_3", "evt_4"]
    assert archive.ids(EventQuery(types=("product.created", "charge.refunded"))) == ["evt_1", "evt_3"]
    assert archive.ids(EventQuery(types=("charge.[r]efunded", "?harge.refunded"))) == []
    assert archive.ids(EventQuery(since=110, until=120)) == ["evt_2"]
    assert archive.ids(EventQuery(object_id="pi_1")) == ["evt_2", "evt_3"]
    assert archive.ids(EventQuery(object_id="ch_2")) == ["evt_4"]
    assert archive.ids(EventQuery(user_id="ann")) == ["evt_2"]
    assert archive.ids(EventQuery(user_id="ann", payment_keys=frozenset(("pi_1", "pi_2")))) == [
        "evt_2",
        "evt_3",
        "evt_4",
    ]
    assert archive.ids(EventQuery(user_id="bob")) == []


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


def test_a_setting_is_written_once(archive: Archive) -> None:
    assert archive.meta("listen_secret") is None
    assert archive.keep_meta("listen_secret", "first") == "first"
    assert archive.keep_meta("listen_secret", "second") == "first"


def test_a_lock_is_held_by_one(archive: Archive) -> None:
    with archive.lock("archive", "An archive run"):
        with (
            pytest.raises(LockHeld, match="An archive run is going on already"),
            archive.lock("archive", "An archive run"),
        ):
            pass
        with archive.lock("replay", "A replay"):
            pass
    with archive.lock("archive", "An archive run"):
        pass


def test_processes_that_make_and_fill_one_archive_at_once_keep_each_event_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=fill, args=(str(tmp_path / "m.db"),)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with Archive.open(tmp_path / "m.db", account="acct_1", livemode=False) as archive:
        assert sorted(archive.ids(EventQuery())) == sorted(f"evt_{number}" for number in range(200))


def fill(path: str) -> None:
    with Archive.open(Path(path), account="acct_1", livemode=False) as archive:
        for start in range(0, 200, 20):
            keep(archive, *(record(number) for number in range(start, start + 20)))
