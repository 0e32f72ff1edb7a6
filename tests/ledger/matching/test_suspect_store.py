"""Suspects are asked about again, and what changed since; whatever happens in between, it is as if all were asked."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.ledger.archive.source_models import SourceRow
from creditctl.ledger.archive.source_store import begin
from creditctl.ledger.archive.store import Archive
from creditctl.ledger.matching.probes import Probes, Suspects
from creditctl.ledger.matching.suspect_store import SuspectStore
from creditctl.ledger.matching.worth_store import WorthStore
from creditctl.ledger.store import Ledger
from tests.bench.match_books import DIGEST, SINCE, Books, key, user

TERMS = "terms"


class AskedAll(Exception):
    """Everything was asked about."""


class Sparing(Probes):
    """Probes that may not be asked about everything."""

    def over_all(self, connection: sqlite3.Connection) -> Suspects:
        raise AskedAll


@dataclass
class Night:
    """Books that were asked about once, and what happens to them before the next time."""

    books: Books
    archive: Archive

    @property
    def store(self) -> SuspectStore:
        return SuspectStore(self.archive)

    def probes(self, kind: type[Probes] = Probes) -> Probes:
        return kind(self.books.archive, self.books.ledger, False, 900)

    def sparing(self) -> Suspects:
        return self.store.refreshed(self.probes(Sparing), TERMS)

    def posted(self, *payments: str) -> None:
        with Ledger.open(self.books.ledger, account=None, livemode=None, clock=lambda: SINCE) as ledger:
            for payment in payments:
                with ledger.transaction() as tx:
                    said = (SINCE, "u1", EntryKind.PURCHASE, 5, 5, "usd", payment, None, None, None)
                    tx.post(EntryDraft(*said, f"import:app:{payment}"))

    @contextmanager
    def unwritten(self) -> Iterator[None]:
        """Nothing is written meanwhile."""
        with self.archive.read_session() as connection:
            before = connection.execute("PRAGMA data_version").fetchone(), connection.total_changes
            yield
            assert (connection.execute("PRAGMA data_version").fetchone(), connection.total_changes) == before


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Books:
    books = Books(tmp_path_factory.mktemp("books"), 400, 2)
    books.write()
    return books


@pytest.fixture
def night(made: Books, tmp_path: Path) -> Iterator[Night]:
    shutil.copytree(made.folder, tmp_path / "copy")
    books = Books(tmp_path / "copy", made.payments, made.of_each)
    with Archive.open(books.archive, account=None, livemode=None) as archive:
        night = Night(books, archive)
        night.store.prepare()
        assert night.store.refreshed(night.probes(), TERMS) == night.probes().run()
        yield night


def test_a_night_without_news_asks_about_the_suspects_alone_and_writes_nothing(night: Night) -> None:
    with night.unwritten():
        assert night.sparing() == night.probes().run()


def test_new_entries_and_changed_worth_are_asked_about(night: Night) -> None:
    missing = next(name for kind, name in night.books.planted() if kind == "missing_credit")
    twice = sum(1 for _ in night.books.entries()) + 1
    night.posted(key(3), "pi_unheard_of", missing)
    with Archive.open(night.books.archive, account=None, livemode=None) as archive:
        changed = (night.books.worth(n)._replace(credits=7) for n in (5, 6))
        WorthStore(archive).update(changed, DIGEST, gone=[key(9)])
    found = night.sparing()
    assert found == night.probes().run()
    assert {twice, twice + 1} <= found.unexplained, "a second credit is one too many"
    assert twice + 2 in found.unexplained or missing in found.payments


def test_an_imported_entry_explains_its_payment_as_long_as_it_is_the_only_one(night: Night) -> None:
    """No rule keeps two of them apart, as the key of a webhook's entry does."""
    missing = next(name for kind, name in night.books.planted() if kind == "missing_credit")
    n, first = int(missing.removeprefix("pi_")), sum(1 for _ in night.books.entries()) + 1
    with Ledger.open(night.books.ledger, account=None, livemode=None, clock=lambda: SINCE + 60 * n) as ledger:
        for row, suspects in (("1", set[int]()), ("2", {first, first + 1})):
            with ledger.transaction() as tx:
                said = (SINCE + 60 * n, user(n), EntryKind.PURCHASE, 1000, 1000, "usd", missing, None, None, None)
                tx.post(EntryDraft(*said, f"import:app:{row}"))
            found = night.sparing()
            assert found == night.probes().run()
            assert missing not in found.payments
            assert {number for number in found.unexplained if number >= first} == suspects


def test_a_neighbour_in_time_is_asked_about(night: Night) -> None:
    """A payment becomes one of two when the other is known, without a change of its own."""
    again = night.books.worth(5)._replace(payment="pi_again")
    WorthStore(night.archive).update([again], DIGEST)
    found = night.sparing()
    assert {"pi_again", key(5)} <= found.payments
    WorthStore(night.archive).update([], DIGEST, gone=["pi_again"])
    assert night.sparing() == night.probes().run()
    assert again.user_id == user(5)


def test_what_is_noted_while_the_probes_run_is_asked_about_next_time(night: Night) -> None:
    class Meanwhile(Probes):
        def over_some(self, *asked: object) -> Suspects:
            WorthStore(night.archive).update([night.books.worth(5)._replace(credits=8)], DIGEST)
            return super().over_some(*asked)  # type: ignore[arg-type]

    WorthStore(night.archive).update([night.books.worth(5)._replace(credits=7)], DIGEST)
    WorthStore(night.archive).update([night.books.worth(5)], DIGEST)
    assert night.store.refreshed(night.probes(Meanwhile), TERMS) != night.probes().run()
    assert night.sparing() == night.probes().run()


def test_a_run_that_another_has_overtaken_keeps_nothing(night: Night) -> None:
    """The later one saw an entry become suspect again, and ended the note of it."""

    class Overtaken(Probes):
        def over_some(self, *asked: object) -> Suspects:
            found = super().over_some(*asked)  # type: ignore[arg-type]
            WorthStore(night.archive).update([night.books.worth(5)._replace(credits=8)], DIGEST)
            assert 6 in night.sparing().unexplained
            return found

    WorthStore(night.archive).update([night.books.worth(5)._replace(credits=7)], DIGEST)
    assert 6 in night.sparing().unexplained
    WorthStore(night.archive).update([night.books.worth(5)], DIGEST)
    assert 6 not in night.store.refreshed(night.probes(Overtaken), TERMS).unexplained
    assert night.sparing() == night.probes().run()


def other_terms(night: Night) -> None:
    with night.archive.write_session() as connection:
        connection.execute("UPDATE match_state SET terms = 'other'")


def another_ledger(night: Night) -> None:
    """A backup was put back, and other entries have been written since."""
    path, older = night.books.ledger, night.books.folder / "older.db"
    with Ledger.open(path, account=None, livemode=None, clock=lambda: SINCE) as ledger:
        ledger.backup(older)
    night.posted("pi_1")
    night.sparing()
    older.replace(path)
    night.posted("pi_2", "pi_3")


def many_notes(night: Night) -> None:
    with night.archive.write_session() as connection:
        rows = [(f"pi_{n}",) for n in range(60_000)]
        connection.executemany("INSERT INTO match_touched (payment, number) VALUES (?, 1)", rows)


def forgotten(night: Night) -> None:
    night.store.forget()


def judged_anew(night: Night) -> None:
    WorthStore(night.archive).replace(night.books.worths(), DIGEST)


@pytest.mark.parametrize("happens", [other_terms, another_ledger, many_notes, forgotten, judged_anew])
def test_where_the_notes_are_unsure_everything_is_asked_about(night: Night, happens: object) -> None:
    assert callable(happens)
    happens(night)
    with pytest.raises(AskedAll):
        night.sparing()
    assert night.store.refreshed(night.probes(), TERMS) == night.probes().run()
    assert night.sparing() == night.probes().run()


def test_rows_of_a_source_are_noted_from_their_first_reading_on(night: Night) -> None:
    probes = Sparing(night.books.archive, None, False, 900)
    usual = Probes(night.books.archive, None, False, 900)
    said = (SINCE + 60 * 5, None, user(5), "purchase", "done", 1000, False, None, None)
    rows = [SourceRow(f"r{n}", *said, key(n), None, None, None) for n in (5, 6)]

    def read(*rows: SourceRow) -> None:
        writer = begin(night.archive, whole=True, started=SINCE, fingerprint="f", named=True)
        assert writer.store(rows, ()) is None
        writer.finish(SINCE, None)
        night.store.prepare()

    read(*rows)
    assert night.store.refreshed(usual, TERMS) == usual.run()
    read(*rows)
    with night.archive.read_session() as connection:
        assert connection.execute("SELECT count(*) FROM match_touched").fetchone() == (0,)
    for changed in (
        rows[0]._replace(credits=9),
        rows[0]._replace(payment_key=key(7)),
        rows[0]._replace(payment_key=None),
    ):
        read(changed)
        assert night.store.refreshed(probes, TERMS) == usual.run()


def test_the_notes_outlive_the_connection(night: Night) -> None:
    """Notes are written by the file itself, whoever changes it."""
    with closing(sqlite3.connect(night.books.archive)) as connection, connection:
        connection.execute("UPDATE worth SET credits = 3 WHERE payment = ?", (key(5),))
    assert night.sparing() == night.probes().run()
