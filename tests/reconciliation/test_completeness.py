"""Complete, or loudly not: whatever list lies, nobody is accused, and nothing is kept or repaired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from creditctl.core.catalog import Catalog
from creditctl.core.errors import Unreachable
from creditctl.reconciliation.report import ReconcileReport
from tests.emulator.world import control
from tests.support.ledger_calls import read
from tests.support.scripted_stripe import answers
from tests.support.seeded_account import LISTS, Rows, SeededAccount, changed, seeded, unfiltered, without


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Iterator[SeededAccount]:
    """An account in which everything agrees."""
    account = seeded(tmp_path_factory.mktemp("past"), catalog)
    yield account
    account.emulator.close()


@pytest.fixture
def account(past: SeededAccount, tmp_path: Path) -> SeededAccount:
    """The same, with a ledger of its own."""
    return past.copy(tmp_path)


def codes(report: ReconcileReport) -> list[str]:
    return [finding.code for finding in report.findings]


def accuses_nobody(account: SeededAccount, report: ReconcileReport) -> bool:
    with account.ledger() as ledger:
        assert read(ledger).findings() == []
    assert report.repairs == ()
    return codes(report) == ["reconcile.pull_incomplete"] and not report.complete


def test_an_account_in_which_everything_agrees_is_clean(account: SeededAccount) -> None:
    report = account.reconcile()
    assert codes(report) == []
    assert report.complete
    assert all(report.pulled.values())
    assert report.basis.tie_out == {
        "balance_transactions": len(account.objects("balance_transactions")),
        "missing": {},
        "note": None,
    }


CUTS: dict[str, Callable[[Rows], Rows]] = {
    "the newest": lambda rows: rows[:1],
    "the oldest": lambda rows: rows[-1:],
    "the first page": lambda rows: rows[:100],
    "the last page": lambda rows: rows[len(rows) // 100 * 100 :] or rows[-5:],
    "every second": lambda rows: rows[::2],
    "one in the middle": lambda rows: rows[len(rows) // 2 : len(rows) // 2 + 1],
    "everything": lambda rows: rows,
}
HARMLESS = ("expired", "open")


def that_matter(path: str, rows: Rows) -> Rows:
    """The objects by which anybody could be accused: what was never paid gives nothing."""
    if path == "checkout/sessions":
        return [row for row in rows if row["status"] == "complete"]
    return [row for row in rows if row.get("status") != "canceled"]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_lacks_something_accuses_nobody(account: SeededAccount, path: str, cut: str) -> None:
    lost = [row["id"] for row in CUTS[cut](that_matter(path, account.objects(path)))]
    assert lost
    account.http.on(without(lost), path=f"/v1/{path}", when=unfiltered)
    report = None
    with suppress(Unreachable):  # a page without anything that announces more is refused at once
        report = account.reconcile()
    if report is None:
        assert len(lost) >= 100
        return
    assert accuses_nobody(account, report)
    assert report.basis.missing[path]


@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize("path", ["checkout/sessions", "payment_intents", "balance_transactions"])
def test_a_list_that_says_it_is_at_its_end_is_not_believed(account: SeededAccount, path: str, pages: int) -> None:
    """`has_more` lies: true pages, and then no more."""
    ends = changed(lambda _request, page: {**page, "has_more": False})
    account.http.on(ends, path=f"/v1/{path}", when=unfiltered, at=range(pages, 1000, pages))
    assert accuses_nobody(account, account.reconcile())


@pytest.mark.parametrize("path", LISTS)
def test_the_same_ledger_without_any_entry_is_not_filled_from_a_part(
    past: SeededAccount, tmp_path: Path, path: str
) -> None:
    account = past.copy(tmp_path)
    account.ledger_path = tmp_path / "empty.db"
    rows = that_matter(path, account.objects(path))
    account.http.on(without([row["id"] for row in rows[::2]]), path=f"/v1/{path}", when=unfiltered)
    assert accuses_nobody(account, account.reconcile())
    with pytest.raises(Unreachable) as caught:
        account.repaired()
    assert caught.value.code == "reconcile.incomplete"
    with account.ledger() as ledger:
        assert read(ledger).count() == 0


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_shows_things_twice_is_read_as_if_once(account: SeededAccount, path: str) -> None:
    doubled = changed(lambda _request, page: {**page, "data": [*page["data"], *page["data"]]})
    account.http.on(doubled, path=f"/v1/{path}")
    report = account.reconcile()
    assert codes(report) == []
    assert report.complete


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_begins_again_never_ends_in_silence(account: SeededAccount, path: str) -> None:
    """`has_more` lies the other way: the pages go round in a circle."""
    first, second = (account.objects(path)[:2], account.objects(path)[2:4])
    pages = [first, second]

    def turn(page: dict[str, object]) -> dict[str, object]:
        pages.append(pages.pop(0))
        return {**page, "data": pages[-1], "has_more": True}

    account.http.on(changed(lambda _request, page: turn(page)), path=f"/v1/{path}", when=unfiltered)
    with pytest.raises(Unreachable) as caught:
        account.reconcile()
    assert caught.value.code == "stripe.incomplete"


@pytest.mark.parametrize("path", LISTS)
def test_a_window_is_as_complete_as_everything(account: SeededAccount, path: str) -> None:
    since, until = account.clock.now - 30 * 86_400, account.clock.now - 10 * 86_400
    assert codes(account.reconcile(since=since, until=until)) == []
    rows = [row for row in that_matter(path, account.objects(path)) if since + 86_400 < row["created"] < until - 86_400]
    account.http.on(without([rows[len(rows) // 2]["id"]]), path=f"/v1/{path}", when=unfiltered)
    assert accuses_nobody(account, account.reconcile(since=since, until=until))


def test_a_list_that_lies_once_is_read_again(account: SeededAccount) -> None:
    rows = account.objects("payment_intents")
    account.http.on(without([rows[0]["id"]]), path="/v1/payment_intents", at=1)
    report = account.reconcile()
    assert codes(report) == []
    assert report.complete


def test_a_key_that_may_not_read_balance_transactions_says_so(account: SeededAccount) -> None:
    rights = ["checkout_session", "payment_intent", "charge", "refund", "dispute", "event", "accounts_kyc_basic"]
    permissions = [f"rak_{right}_read" for right in rights]
    account.key = control(account.emulator, "POST", "/keys", permissions=permissions)["key"]
    report = account.reconcile()
    assert codes(report) == []
    assert report.complete
    assert report.basis.tie_out["balance_transactions"] is None
    assert "may not read balance transactions" in report.basis.tie_out["note"]


@pytest.mark.parametrize("path", LISTS[:-1])
def test_such_a_key_still_ties_the_lists_to_each_other(account: SeededAccount, path: str) -> None:
    account.http.on(answers(403), path="/v1/balance_transactions")
    rows = that_matter(path, account.objects(path))
    account.http.on(without([rows[len(rows) // 2]["id"]]), path=f"/v1/{path}", when=unfiltered)
    assert accuses_nobody(account, account.reconcile())


def test_sources_that_a_key_may_not_see_are_asked_for_by_name(account: SeededAccount) -> None:
    account.http.on(answers(403), path="/v1/balance_transactions", when=lambda request: "expand[0]" in request.query)
    assert account.reconcile().complete
    rows = account.objects("refunds")
    account.http.on(without([rows[1]["id"]]), path="/v1/refunds", when=unfiltered)
    assert accuses_nobody(account, account.reconcile())


def test_a_session_that_no_list_ever_shows_is_found_by_the_entry_that_names_it(account: SeededAccount) -> None:
    """The list of one payment lies like that of all; the session itself is there."""
    paid = next(row for row in account.objects("checkout/sessions") if row["payment_status"] == "paid")
    account.http.on(without([paid["id"]]), path="/v1/checkout/sessions")
    report = account.reconcile()
    assert accuses_nobody(account, report)
    assert report.basis.missing["checkout/sessions"] == (paid["id"],)
