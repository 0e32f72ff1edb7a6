"""Sightings of a ledger: begun once, changed where something changed, ended, and begun anew when they come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from creditctl.core.findings import Finding, Severity
from creditctl.ledger.models import Sighting
from creditctl.ledger.sightings import keep_sightings, open_sightings
from creditctl.ledger.store import Ledger
from tests.support.clock import Clock

SEEN = Sighting(
    Finding("reconcile.missing_credit", Severity.CRITICAL, "pi_1", "Not credited.", "Repair."),
    payment_key="pi_1",
    credits=1000,
    amount=1000,
    currency="usd",
    first_seen=100,
)


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Ledger:
    return Ledger.open(tmp_path / "ledger.db", account="acct_1", livemode=False, clock=clock)


def keep(ledger: Ledger, *seen: Sighting, ended: tuple[tuple[str, str], ...] = ()) -> list[Sighting]:
    with ledger.transaction() as tx:
        keep_sightings(tx, seen, ended)
        return open_sightings(tx)


def changes(ledger: Ledger) -> int:
    with ledger.reading() as view:
        return int(view.connection.total_changes)


def test_a_sighting_keeps_when_it_was_first_seen(ledger: Ledger) -> None:
    assert keep(ledger, SEEN) == [SEEN]
    assert keep(ledger, SEEN) == [SEEN]
    worse = replace(SEEN, credits=2000, finding=replace(SEEN.finding, severity=Severity.LOW))
    assert keep(ledger, replace(worse, first_seen=100)) == [worse]


def test_what_stayed_as_it_was_costs_no_write(ledger: Ledger) -> None:
    keep(ledger, SEEN)
    before = changes(ledger)
    keep(ledger, SEEN)
    assert changes(ledger) == before


def test_what_ended_and_comes_back_begins_anew(ledger: Ledger) -> None:
    keep(ledger, replace(SEEN, told=150, tries=2))
    assert keep(ledger, ended=(SEEN.identity,)) == []
    again = replace(SEEN, first_seen=900)
    assert keep(ledger, again) == [again], "nobody was told of it yet"


def test_a_ledger_of_the_format_before_gets_the_tables(tmp_path: Path, clock: Clock) -> None:
    from creditctl.ledger.schema import MIGRATIONS

    path = tmp_path / "older.db"
    Ledger.open(path, account="acct_1", livemode=False, clock=clock, migrations=MIGRATIONS[:2]).close()
    with Ledger.open(path, account=None, livemode=None, clock=clock, create=False) as opened:
        assert keep(opened, SEEN) == [SEEN]
        with opened.reading() as view:
            assert view.verify().ok
