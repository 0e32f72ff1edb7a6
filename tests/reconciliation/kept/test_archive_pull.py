"""What is kept of Stripe says the same as Stripe, costs few requests, and survives a kill at any line."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.settlement import Purchase
from creditctl.core.errors import Unreachable
from creditctl.ledger.archive.pull_models import PulledObject, PullSlice, TieOutNotes
from creditctl.ledger.archive.pull_store import PullStore
from creditctl.payments.reading.reader import PaymentReader
from creditctl.reconciliation.bulk_reader import BulkReader
from creditctl.reconciliation.kept.archive_pull import ArchivePull
from creditctl.reconciliation.pull import PullPlan
from creditctl.reconciliation.report import ReconcileReport
from tests.support.ledger_calls import read
from tests.support.scripted_stripe import Killed, answers
from tests.support.seeded_account import DAY, LISTS, SeededAccount, seeded, unfiltered, without

Told = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Iterator[SeededAccount]:
    """An account in which everything agrees, with lists of many pages."""
    account = seeded(tmp_path_factory.mktemp("past"), catalog, payments=700)
    yield account
    account.emulator.close()


@pytest.fixture
def account(past: SeededAccount, tmp_path: Path) -> SeededAccount:
    """The same, with a ledger of its own, and nothing kept of Stripe."""
    return past.copy(tmp_path)


@pytest.fixture
def unsettled(account: SeededAccount) -> SeededAccount:
    """The same payments beside a ledger that knows nothing of them."""
    account.ledger_path = account.ledger_path.with_name("empty.db")
    return account


def told(report: ReconcileReport) -> Told:
    return [(finding.code, finding.subject, finding.message) for finding in report.findings]


def without_events(report: ReconcileReport) -> Told:
    """Without what became of events, which --offline can't ask for."""
    return [
        (code, subject, re.split(" Its event | Stripe lists no event", said)[0]) for code, subject, said in told(report)
    ]


def tables(account: SeededAccount) -> dict[str, list[tuple[object, ...]]]:
    """Everything that is kept of Stripe, but for when it was read."""
    path = account.ledger_path.with_name("archive.db")
    with closing(sqlite3.connect(path)) as connection:
        names = ("pulled", "pulled_items", "pull_marks", "pull_slices", "pull_seen")
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in names}


def every_table(account: SeededAccount) -> dict[str, list[tuple[object, ...]]]:
    """Every row of archive and ledger, but for when Stripe was read."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for path in (account.ledger_path.with_name("archive.db"), account.ledger_path):
        with closing(sqlite3.connect(path)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in names:
                columns = "layout, tied, whole" if name == "pull_state" else "*"
                rows = connection.execute(f"SELECT {columns} FROM {name}").fetchall()
                found[f"{path.stem} {name}"] = sorted(rows, key=repr)
    return found


def requests(account: SeededAccount) -> int:
    return sum("/v1/account" not in request.path for request in account.http.requests)


def test_what_is_kept_says_the_same_as_stripe(unsettled: SeededAccount) -> None:
    direct = unsettled.reconcile(record=False)
    assert len(direct.findings) > 500
    assert without_events(direct) != told(direct) == told(unsettled.pulled())
    for report in (unsettled.pulled(), unsettled.pulled(), unsettled.offline(), unsettled.pulled(whole=True)):
        assert without_events(report) == without_events(direct)
        assert [repair.as_dict() for repair in report.repairs] == [repair.as_dict() for repair in direct.repairs]
        assert report.pulled == direct.pulled
        assert report.basis.tie_out == direct.basis.tie_out


def test_a_window_says_the_same_too(unsettled: SeededAccount) -> None:
    since, until = unsettled.clock.now - 30 * DAY, unsettled.clock.now - 10 * DAY
    unsettled.pulled()
    direct = unsettled.reconcile(since=since, until=until, record=False)
    assert told(unsettled.pulled(since=since, until=until)) == told(direct)


def test_a_second_run_asks_little_and_writes_its_time_and_its_run_alone(account: SeededAccount) -> None:
    first = account.pulled()
    assert first.complete
    before, count = every_table(account), requests(account)
    account.clock.now += 3600
    assert account.pulled().complete
    # Five lists, and of a tenth of all payments the refunds of five weeks: nothing is read twice that cannot change.
    assert requests(account) - count < count / 2
    after = every_table(account)
    *earlier, _added = after.pop("ledger runs")
    assert earlier == before.pop("ledger runs")
    assert after == before
    assert {"archive worth", "archive match_state", "ledger sightings"} <= before.keys()


def test_offline_asks_nothing(account: SeededAccount) -> None:
    with pytest.raises(Unreachable) as caught:
        account.offline()
    assert caught.value.code == "reconcile.not_kept"
    account.pulled()
    count = requests(account)
    assert account.offline().complete
    assert requests(account) == count


def test_offline_does_not_call_settled_what_it_did_not_ask_for(account: SeededAccount) -> None:
    """Only Stripe says that it does not know a payment: the finding stays as it was."""
    draft = Purchase("u1", 1000, 1000, "usd", "pi_unknown", None, "starter", account.clock.now - DAY).draft()
    with account.ledger() as ledger, ledger.transaction() as tx:
        tx.post(draft)
    account.clock.now += 1  # what is written in the second of a run's start may be newer than its reading
    assert [finding.code for finding in account.pulled().findings] == ["reconcile.orphan_credit"]
    assert [finding.code for finding in account.offline(record=False).findings] == ["reconcile.orphan_credit"]


def test_a_webhook_in_the_second_in_which_a_run_begins_is_not_accused(account: SeededAccount) -> None:
    """Times are whole seconds: the session may have been read open just before its webhook wrote the credits."""
    draft = Purchase("u1", 1000, 1000, "usd", "pi_unknown", None, "starter", account.clock.now).draft()
    with account.ledger() as ledger, ledger.transaction() as tx:
        tx.post(draft)
    report = account.pulled()
    assert ([finding.code for finding in report.findings], report.clean) == (["reconcile.in_flight"], True)
    account.clock.now += 1
    assert [finding.code for finding in account.pulled().findings] == ["reconcile.orphan_credit"]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_lacks_something_moves_no_watermark(account: SeededAccount, path: str) -> None:
    rows = [row for row in account.objects(path) if row.get("status") not in ("expired", "canceled")]
    account.http.on(without([row["id"] for row in rows[::2]]), path=f"/v1/{path}", when=unfiltered)
    report = account.pulled()
    assert [finding.code for finding in report.findings] == ["reconcile.pull_incomplete"]
    assert tables(account)["pull_marks"] == []
    with account.ledger() as ledger:
        assert read(ledger).findings() == []
    with pytest.raises(Unreachable):
        account.offline()
    account.http.recover()
    assert told(account.pulled()) == []
    assert len(tables(account)["pull_marks"]) == len(LISTS)


@pytest.mark.parametrize("path", LISTS)
def test_what_was_shown_once_has_to_be_shown_again(account: SeededAccount, path: str) -> None:
    account.pulled()
    before = tables(account)
    newest = account.objects(path)[0]["id"]
    account.http.on(without([newest]), path=f"/v1/{path}", when=unfiltered)
    report = account.pulled()
    assert report.basis.missing == {path: (newest,)}
    assert tables(account) == before
    account.http.recover()
    assert account.pulled().complete


def test_a_reading_of_everything_forgets_what_is_gone(account: SeededAccount) -> None:
    """An account whose test data was deleted: nothing is left, and nothing is expected."""
    account.pulled()
    account.http.on(answers({"object": "list", "data": [], "has_more": False}), path="/v1/*s")
    account.ledger_path = account.ledger_path.with_name("new.db")
    cut = account.pulled()
    assert not cut.complete
    assert "`creditctl reconcile --full`" in cut.findings[0].fix
    report = account.pulled(whole=True)
    assert report.complete
    assert report.pulled == {"checkout_sessions": 0, "payment_intents": 0, "refunds": 0, "disputes": 0}
    assert tables(account)["pulled"] == []


@pytest.mark.parametrize("number", [1, 2, 5, 9, 14, 20, 27, 33, 39])
def test_a_run_that_is_killed_at_any_request_is_run_again(account: SeededAccount, number: int) -> None:
    account.http.on(answers(Killed()), when=lambda request: "/v1/account" not in request.path, at=number)
    with pytest.raises(Killed):
        account.pulled(workers=1)
    account.http.recover()
    assert told(account.pulled()) == []
    assert tables(account)["pull_slices"] == tables(account)["pull_seen"] == []
    assert told(account.pulled()) == []


@dataclass(frozen=True)
class MortalStore(PullStore):
    """A store whose process dies at the how manyth write, before it or after it."""

    left: list[int] = field(default_factory=list)
    after: bool = False

    def dies(self) -> None:
        self.left[0] -= 1
        if not self.left[0]:
            raise Killed

    def keep(
        self, read: PullSlice, objects: Sequence[PulledObject], rest: Sequence[PullSlice] = (), *, whole: bool = False
    ) -> Sequence[PulledObject]:
        if not self.after:
            self.dies()
        fresh = super().keep(read, objects, rest, whole=whole)
        if self.after:
            self.dies()
        return fresh

    def settle(self, lists: str, at: int, tied: TieOutNotes | None = None) -> None:
        if not self.after:
            self.dies()
        super().settle(lists, at, tied)
        if self.after:
            self.dies()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_a_run_that_is_killed_at_any_write_is_run_again(account: SeededAccount, again: bool, after: bool) -> None:
    """Each run dies one write later than the one before, whether everything is read or what is new."""
    if again:
        account.pulled()
    lived, number = False, 0
    while not lived:
        number += 1
        with account.archive() as archive:
            store = MortalStore(archive, [number], after)

            def kept(reader: PaymentReader, store: PullStore = store) -> ArchivePull:
                return ArchivePull(reader, store, BulkReader(account.client, workers=1))

            try:
                assert told(account.reconcile(plan=PullPlan(source=kept))) == []
                lived = True
            except Killed:
                pass
    assert number > len(LISTS) + 1
    kept_after = tables(account)
    assert told(account.pulled(whole=True)) == []
    rows = [row[1:] for row in tables(account)["pulled"]]
    assert sorted(rows) == sorted(row[1:] for row in kept_after["pulled"])


def test_a_killed_reading_of_everything_goes_on_where_it_was(account: SeededAccount) -> None:
    """What was read is not read again, but for what may have come since."""
    account.pulled(workers=1)
    whole = requests(account)
    half = whole // 2
    count = requests(account)
    account.http.on(answers(Killed()), when=lambda request: "/v1/account" not in request.path, at=half)
    with pytest.raises(Killed):
        account.pulled(whole=True, workers=1)
    account.http.recover()
    count = requests(account)
    assert account.pulled(workers=1).complete
    assert requests(account) - count < whole - half + 3 * len(LISTS)


def test_another_choice_of_fields_reads_everything_anew(account: SeededAccount) -> None:
    account.pulled()
    whole = requests(account)
    with account.archive() as archive, archive.write_session() as connection:
        connection.execute("UPDATE pull_state SET layout = 0")
    assert account.pulled().complete
    assert requests(account) >= 2 * whole
