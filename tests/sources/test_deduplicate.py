"""Deduplication of imported rows: what came before, in this source or another way, is not taken twice."""

from __future__ import annotations

from creditctl.ledger.models import Outcome
from creditctl.ledger.store import Ledger
from creditctl.sources.importer import Spool
from tests.support.imports import Rows, job, row, run
from tests.support.ledger_calls import read
from tests.support.ledgers import MakePurchase


def test_the_last_row_of_one_source_is_not_that_of_another(ledger: Ledger) -> None:
    run(ledger, Rows([row(70_000)], name="app-2"))
    run(ledger, Rows([row(90_000)], name="ap"))

    report = run(ledger, Rows([row(1)], name="app"))

    assert (report.resumed_after, report.new) == (None, 1)


def test_a_row_that_changed_is_named_with_what_changed(ledger: Ledger) -> None:
    run(ledger, Rows([row(1), row(2)]))

    report = run(ledger, Rows([row(1, credits=5500), row(2)]))

    assert (report.changed, report.new, read(ledger).count()) == (1, 0, 2)
    (finding,) = report.findings
    assert (finding.code, finding.subject) == ("import.changed", "line 2")
    assert "import:app:1 was imported before: credits was 1000 and is 5500" in finding.message


def test_a_row_that_comes_twice_is_written_once_and_said(ledger: Ledger) -> None:
    report = run(ledger, Rows([row(1), row(1)]))
    across = run(ledger, Rows([row(2), row(3), row(2)], numbered=False), batch_rows=2)

    assert (report.new, report.repeated, across.new, read(ledger).count()) == (1, 1, 2, 3)
    assert report.findings[0].code == "import.repeated"
    assert across.existing + across.repeated == 1


def test_two_rows_of_one_payment_both_go_in(ledger: Ledger) -> None:
    run(ledger, Rows([row(1), row(2, payment_key="pi_1", user_id="user1")]))

    assert read(ledger).balance("user1") == 2000


def test_a_webhook_still_finds_the_purchase_that_was_imported(ledger: Ledger, purchase: MakePurchase) -> None:
    run(ledger, Rows([row(1)]))

    with ledger.transaction() as tx:
        posting = tx.post(purchase(1, session_id=None))

    assert posting.outcome is Outcome.EXISTS


def test_the_same_rows_under_another_name_are_not_taken_twice(ledger: Ledger) -> None:
    refund = row(3, kind="refund", credits=-400, amount=-400, payment_key="pi_1")
    run(ledger, Rows([row(1), row(2), refund], name="october"))
    another = row(5, kind="refund", credits=-300, amount=-300, payment_key="pi_1")

    report = run(ledger, Rows([row(1), row(2), refund, row(4), another], name="november"))

    assert (report.elsewhere, report.new, read(ledger).count()) == (3, 2, 5)
    assert report.findings[0].code == "import.known"
    assert "entry 1 (import:october:1) says that of payment pi_1 already" in report.findings[0].message


def test_a_purchase_that_a_webhook_posted_is_not_taken_twice(ledger: Ledger, purchase: MakePurchase) -> None:
    with ledger.transaction() as tx:
        tx.post(purchase(1))

    with Spool(ledger.path.parent) as spool:
        work = job(ledger, Rows([row(1), row(2)]))
        checked = work.check(spool)
        with ledger.transaction() as tx:
            tx.post(purchase(2))  # between the check and the writing
        report = work.load(spool, checked)

    assert (checked.elsewhere, checked.new) == (1, 1)
    assert (report.elsewhere, report.new, read(ledger).count()) == (2, 0, 2)
    assert not any(report.rows_by_kind.values())
    assert not any(report.amounts.values())


def test_what_is_known_can_be_written_all_the_same(ledger: Ledger, purchase: MakePurchase) -> None:
    with ledger.transaction() as tx:
        tx.post(purchase(1))

    report = run(ledger, Rows([row(1)]), allow_known=True)

    assert (report.elsewhere, report.new, read(ledger).balance("user1")) == (0, 1, 2000)


def test_rows_told_apart_by_line_are_not_taken_when_lines_have_moved(ledger: Ledger) -> None:
    first, second, third = (row(n) for n in (1, 2, 3))
    run(ledger, Rows([first, second], row_field=None, numbered=False))

    with Spool(ledger.path.parent) as spool:
        report = job(ledger, Rows([third, first, second], row_field=None, numbered=False)).check(spool)

    assert (report.changed, report.new, report.lines_moved) == (2, 1, True)
    assert not report.may_load(skip_bad=True)
