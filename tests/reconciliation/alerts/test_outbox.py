"""The outbox: nothing is lost, nothing is told for ever, and of two crons one tells."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from creditctl.core.findings import Finding, Severity
from creditctl.ledger.models import AlertKind, AlertOutcome, Sighting
from creditctl.ledger.sightings import keep_sightings, open_sightings
from creditctl.ledger.store import Ledger
from creditctl.reconciliation.alerts.outbox import MOST_TRIES, PAUSE_SECONDS, Claim, claim, given_up, settle
from tests.support.clock import Clock

DAY = 86_400


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db", account="acct_1", livemode=False, clock=clock) as opened:
        yield opened


def sighting(subject: str, severity: Severity = Severity.HIGH, first_seen: int = 1) -> Sighting:
    finding = Finding("reconcile.wrong_amount", severity, subject, "Too many.", "Correct it.")
    return Sighting(finding, subject, 100, 250, "eur", first_seen)


def see(ledger: Ledger, *subjects: str, ended: tuple[str, ...] = (), first_seen: int = 1) -> None:
    with ledger.transaction() as tx:
        seen = [sighting(subject, first_seen=first_seen) for subject in subjects]
        keep_sightings(tx, seen, [("reconcile.wrong_amount", subject) for subject in ended])


def claimed(ledger: Ledger, threshold: Severity = Severity.MEDIUM) -> Claim | None:
    with ledger.transaction() as tx:
        return claim(tx, threshold)


def told(ledger: Ledger, outcome: AlertOutcome = AlertOutcome.SENT) -> list[str] | None:
    """What is told now, by a process that ends well; None where nothing is."""
    got = claimed(ledger)
    if got is None:
        return None
    with ledger.transaction() as tx:
        settle(tx, got, outcome)
    return [each.finding.subject for each in got.fresh]


def test_each_finding_is_told_once_and_all_clear_once(ledger: Ledger, clock: Clock) -> None:
    assert told(ledger) is None
    see(ledger, "pi_1")
    assert told(ledger) == ["pi_1"]
    clock.now += DAY
    assert told(ledger) is None
    see(ledger, "pi_1", "pi_2")
    assert told(ledger) == ["pi_2"]
    see(ledger, ended=("pi_1",))
    clock.now += DAY
    assert told(ledger) is None, "one is still open"
    see(ledger, ended=("pi_2",))
    got = claimed(ledger)
    assert got is not None
    assert got.kind is AlertKind.CLEAR
    with ledger.transaction() as tx:
        settle(tx, got, AlertOutcome.SENT)
    clock.now += DAY
    assert told(ledger) is None


def test_what_ends_before_anybody_heard_of_it_needs_no_all_clear(ledger: Ledger, clock: Clock) -> None:
    see(ledger, "pi_1")
    assert told(ledger, AlertOutcome.REFUSED) == ["pi_1"]
    see(ledger, ended=("pi_1",))
    clock.now += DAY
    assert told(ledger) is None


def test_what_comes_back_is_told_again(ledger: Ledger, clock: Clock) -> None:
    see(ledger, "pi_1")
    told(ledger)
    see(ledger, ended=("pi_1",))
    clock.now += DAY
    see(ledger, "pi_1", first_seen=clock.now)
    assert told(ledger) == ["pi_1"]


def test_of_two_crons_at_once_one_tells(ledger: Ledger) -> None:
    see(ledger, "pi_1")
    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(lambda _: claimed(ledger), range(4)))
    assert sum(each is not None for each in claims) == 1


def test_a_process_killed_after_its_claim_loses_nothing(ledger: Ledger, clock: Clock) -> None:
    see(ledger, "pi_1")
    assert claimed(ledger) is not None, "and it is killed here"
    assert claimed(ledger) is None, "perhaps it is still sending"
    clock.now += PAUSE_SECONDS
    assert told(ledger) == ["pi_1"]


def test_a_clock_that_ran_ahead_for_one_run_keeps_nothing_back(ledger: Ledger, clock: Clock) -> None:
    see(ledger, "pi_1")
    clock.now += 365 * DAY
    assert told(ledger) == ["pi_1"]
    clock.now -= 365 * DAY
    see(ledger, "pi_1", "pi_2")
    assert told(ledger) == ["pi_2"]
    see(ledger, "pi_1", "pi_2", "pi_3")
    clock.now -= 5
    assert told(ledger) is None, "two machines are never at the same second"


def test_what_nobody_confirms_is_told_less_and_less_often_and_then_no_more(ledger: Ledger, clock: Clock) -> None:
    see(ledger, "pi_1")
    times = []
    for _ in range(40 * 4):
        if told(ledger, AlertOutcome.UNCONFIRMED) is not None:
            times.append(clock.now)
        clock.now += PAUSE_SECONDS
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) == MOST_TRIES
    assert pauses == sorted(pauses)
    with ledger.reading() as view:
        assert given_up(view) == 1


def test_a_receiver_that_is_away_for_a_month_hears_of_it_in_the_end(ledger: Ledger, clock: Clock) -> None:
    see(ledger, "pi_1")
    for _ in range(30):
        assert told(ledger, AlertOutcome.REFUSED) == ["pi_1"]
        clock.now += DAY
    assert told(ledger) == ["pi_1"]


def test_an_all_clear_that_nobody_confirms_ends_too(ledger: Ledger, clock: Clock) -> None:
    see(ledger, "pi_1")
    told(ledger)
    see(ledger, ended=("pi_1",))
    count = 0
    for _ in range(20):
        clock.now += 2 * DAY
        count += told(ledger, AlertOutcome.UNCONFIRMED) is not None
    assert count == MOST_TRIES


def test_what_is_less_bad_than_the_threshold_is_never_told(ledger: Ledger, clock: Clock) -> None:
    with ledger.transaction() as tx:
        keep_sightings(tx, [sighting("pi_low", Severity.LOW), sighting("pi_info", Severity.INFO)], ())
    assert claimed(ledger) is None
    got = claimed(ledger, Severity.LOW)
    assert got is not None
    assert [each.finding.subject for each in got.fresh] == ["pi_low"]


def test_what_began_anew_while_an_alert_went_out_stays_due(ledger: Ledger, clock: Clock) -> None:
    see(ledger, "pi_1")
    got = claimed(ledger)
    assert got is not None
    see(ledger, ended=("pi_1",))
    see(ledger, "pi_1", first_seen=77)
    with ledger.transaction() as tx:
        settle(tx, got, AlertOutcome.SENT)
    with ledger.reading() as view:
        assert [each.told for each in open_sightings(view)] == [None]
