"""The archive: everything, once, in order; a kill, a second run and a broken Stripe change nothing of that."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.core.errors import LockHeld, Unreachable
from creditctl.events.archive import archive_events, find_gap
from creditctl.events.source import RETENTION_SECONDS
from creditctl.ledger.archive.models import EventQuery, EventRecord, Gap, Reading
from creditctl.ledger.archive.store import Archive
from tests.support.events import NewStripe, StripeWithEvents
from tests.support.examples import ONE_FIXTURE
from tests.support.scripted_stripe import Killed, lost

DAY = 86_400


def killed_after(pages: int) -> Any:
    """A progress report that ends everything when that many pages were read, before the last of them is stored."""
    seen = iter(range(pages))

    def progress(_count: int) -> None:
        if next(seen, None) is None:
            raise Killed

    return progress


def kept(archive: Archive) -> list[str]:
    return archive.ids(EventQuery())


def run(stripe_events: StripeWithEvents, archive: Archive, **options: Any) -> Any:
    return archive_events(stripe_events.client, archive, clock=stripe_events.clock, **options)


def test_the_first_run_keeps_everything_in_stripes_order(stripe_events: StripeWithEvents, archive: Archive) -> None:
    made = stripe_events.events(230, every_seconds=0)

    report = run(stripe_events, archive)

    assert kept(archive) == made
    assert (report.read, report.added, report.kept) == (230, 230, 230)
    assert report.findings() == []


def test_the_bodies_are_kept_whole(stripe_events: StripeWithEvents, archive: Archive) -> None:
    import json

    made = stripe_events.events(3)
    run(stripe_events, archive)

    listed = {event.id: event.to_dict(recursive=True) for event in stripe_events.client.v1.events.list().data}
    assert {record.id: json.loads(record.body) for record in archive.events(EventQuery())} == {
        event_id: listed[event_id] for event_id in made
    }


def test_the_next_run_reads_only_the_overlap_and_what_is_new(stripe_events: StripeWithEvents, archive: Archive) -> None:
    stripe_events.events(250, every_seconds=60)
    run(stripe_events, archive)
    made = stripe_events.events(5)

    report = run(stripe_events, archive)

    assert kept(archive)[-5:] == made
    assert report.added == 5
    assert report.read < 100


def test_a_run_with_nothing_new_adds_nothing(stripe_events: StripeWithEvents, archive: Archive) -> None:
    stripe_events.events(5)
    run(stripe_events, archive)

    report = run(stripe_events, archive)

    assert (report.added, report.kept) == (0, 5)


def test_an_event_that_becomes_visible_late_is_found_by_the_overlap(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    stripe_events.events(3, every_seconds=60)
    run(stripe_events, archive)
    newest = stripe_events.clock.now
    stripe_events.clock.now = newest - 120
    late = stripe_events.events(1, every_seconds=0)
    stripe_events.clock.now = newest

    run(stripe_events, archive)

    assert set(late) <= set(kept(archive))
    assert kept(archive) == sorted(kept(archive), key=lambda event_id: archive.event(event_id).created)  # type: ignore[union-attr]


@pytest.mark.parametrize("pages", [0, 1, 2])
def test_a_killed_run_goes_on_where_it_stopped(stripe_events: StripeWithEvents, archive: Archive, pages: int) -> None:
    first = stripe_events.events(250, every_seconds=100)
    with pytest.raises(Killed):
        run(stripe_events, archive, progress=killed_after(pages))
    assert len(kept(archive)) == 100 * pages
    second = stripe_events.events(7)

    report = run(stripe_events, archive)

    assert kept(archive) == first + second
    assert report.resumed
    # What was stored before the kill is not listed again, but for the overlap of the second reading.
    assert report.read <= 250 - 100 * pages + 2 * 7 + 36


@settings(max_examples=12, deadline=None, suppress_health_check=ONE_FIXTURE)
@given(rounds=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4)), min_size=1, max_size=4))
def test_any_kills_and_any_growth_end_in_everything_once(
    new_stripe: NewStripe, tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[int, int]]
) -> None:
    one = new_stripe()
    path = tmp_path_factory.mktemp("archive") / "ledger-archive.db"
    with Archive.open(path, account="acct_example", livemode=False) as archive:
        for count, kill in rounds:
            one.events(count, every_seconds=5)
            with contextlib.suppress(Killed):
                run(one, archive, progress=killed_after(kill), overlap_seconds=50)
        run(one, archive, overlap_seconds=50)

        assert kept(archive) == one.ids()


def test_a_rate_limit_and_broken_answers_are_waited_out(stripe_events: StripeWithEvents, archive: Archive) -> None:
    made = stripe_events.events(250)
    stripe_events.fail(429, 429, lost(), 500)

    run(stripe_events, archive)

    assert kept(archive) == made


def test_a_stripe_that_stays_broken_leaves_what_was_read_and_an_error(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    import stripe

    made = stripe_events.events(250)

    def break_later(count: int) -> None:
        if count == 100:
            stripe_events.go_away()

    with pytest.raises((stripe.StripeError, Unreachable)):
        run(stripe_events, archive, progress=break_later)
    assert len(kept(archive)) == 100
    stripe_events.http.recover()
    run(stripe_events, archive)
    assert kept(archive) == made


def test_two_runs_at_once_are_one_run_and_one_refusal(stripe_events: StripeWithEvents, archive: Archive) -> None:
    stripe_events.events(3)
    with archive.lock("archive", "An archive run"), pytest.raises(LockHeld):
        run(stripe_events, archive)
    assert run(stripe_events, archive).added == 3


def test_another_reader_of_the_same_events_costs_no_event_and_no_copy(
    stripe_events: StripeWithEvents, archive: Archive
) -> None:
    """A listener stores events too; it must not make the archive believe that it is complete."""
    made = stripe_events.events(150)
    reading = archive.begin("read", stripe_events.clock(), None)
    from creditctl.events.source import read_pages

    first = next(iter(read_pages(stripe_events.client, EventQuery())))
    archive.store(reading, first.records)
    assert archive.event(made[-1]) is not None

    report = run(stripe_events, archive)

    assert kept(archive) == made
    assert (report.read, report.added) == (150, 50)


def test_a_gap_is_said_once_and_remembered(stripe_events: StripeWithEvents, archive: Archive) -> None:
    stripe_events.events(3)
    run(stripe_events, archive)
    last_looked = stripe_events.clock.now
    stripe_events.clock.now += 10 * DAY
    lost = stripe_events.events(4)
    stripe_events.clock.now += 35 * DAY
    stripe_events.events(2)

    report = run(stripe_events, archive)

    assert not set(lost) & set(kept(archive))
    (gap,) = report.new_gaps
    assert gap.since == last_looked
    assert gap.until == stripe_events.clock.now - RETENTION_SECONDS
    assert [finding.code for finding in report.findings()] == ["events.archive_gap"]
    again = run(stripe_events, archive)
    assert again.gaps == report.gaps
    assert again.findings() == []


def test_a_quiet_account_that_was_looked_at_has_no_gap(stripe_events: StripeWithEvents, archive: Archive) -> None:
    stripe_events.events(2)
    for _ in range(4):
        run(stripe_events, archive)
        stripe_events.clock.now += 20 * DAY
    stripe_events.events(1)

    assert run(stripe_events, archive).gaps == ()


def test_an_interrupted_run_whose_place_is_gone_begins_again(stripe_events: StripeWithEvents, archive: Archive) -> None:
    made = stripe_events.events(250)
    with pytest.raises(Killed):
        run(stripe_events, archive, progress=killed_after(1))
    reading = archive.unfinished()
    assert reading is not None
    forget_cursor(archive, reading)

    run(stripe_events, archive)

    assert kept(archive) == made


@pytest.mark.parametrize("cursor_known", [True, False])
def test_an_interrupted_run_that_was_left_for_too_long_names_no_gap_twice(
    stripe_events: StripeWithEvents, archive: Archive, cursor_known: bool
) -> None:
    """Whether Stripe still knows an event that it no longer lists is unconfirmed: both answers end well."""
    stripe_events.events(3)
    run(stripe_events, archive)
    last_looked = stripe_events.clock.now
    stripe_events.events(250, every_seconds=60)
    with pytest.raises(Killed):
        run(stripe_events, archive, progress=killed_after(1))
    stripe_events.clock.now += 40 * DAY
    stripe_events.events(2)
    reading = archive.unfinished()
    assert reading is not None
    if not cursor_known:
        forget_cursor(archive, reading)

    gaps = run(stripe_events, archive).new_gaps

    assert len(gaps) == (2 if cursor_known else 1)
    assert gaps[0].since == last_looked
    assert gaps[-1].until == stripe_events.clock.now - RETENTION_SECONDS
    assert all(earlier.until <= later.since for earlier, later in pairwise(gaps))


def forget_cursor(archive: Archive, reading: Reading) -> None:
    import sqlite3

    connection = sqlite3.connect(archive.path)
    connection.execute("UPDATE readings SET cursor = 'evt_nobodyknows' WHERE id = ?", (reading.id,))
    connection.commit()
    connection.close()


def record(event_id: str, created: int) -> EventRecord:
    return EventRecord(event_id, created, "product.created", None, None, None, None, b"{}")


def readings(**changes: Any) -> Iterator[Reading]:
    yield Reading(1, "archive", 1000, None, newest=900, newest_id="evt_anchor", finished=1001)
    yield Reading(**{"id": 2, "kind": "archive", "started": 5000, "floor": 500, **changes})


def test_a_gap_needs_a_reading_before() -> None:
    _, reading = readings()
    assert find_gap(None, reading, [], 99 * DAY) is None


def test_the_event_that_joins_two_readings_disproves_a_gap() -> None:
    previous, reading = readings()
    assert find_gap(previous, reading, [record("evt_anchor", 900)], 99 * DAY) is None
    previous, reading = readings(anchor_seen=True)
    assert find_gap(previous, reading, [], 99 * DAY) is None


def test_a_gap_ends_where_stripes_memory_or_what_was_read_begins() -> None:
    previous, reading = readings()
    now = 40 * DAY
    assert find_gap(previous, reading, [], now) == Gap(1000, 10 * DAY, now)
    assert find_gap(previous, reading, [record("evt_x", 5 * DAY)], now) == Gap(1000, 5 * DAY, now)


def test_stripes_own_time_counts_where_our_clock_is_behind() -> None:
    previous, reading = readings()
    found = find_gap(previous, reading, [record("evt_x", 50 * DAY)], 2000)
    assert found == Gap(1000, 20 * DAY, 2000)
