"""What the adjustments of a source correct: by the source's own ids, in one run, in two, and where it is not there."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.ledger.store import Ledger
from creditctl.sources.report import ImportReport
from tests.support.imports import Rows, row, run
from tests.support.ledger_calls import read, write


def correction(n: int, of: object, **changes: Any) -> dict[str, Any]:
    """A row that takes back what another gave."""
    known = {"kind": "adjustment", "credits": -1000, "amount": 0, "currency": None, "payment_key": None}
    return row(n, **{**known, "package": None, "corrects": of, **changes})


def told(report: ImportReport) -> tuple[int, int, int, int]:
    return report.new, report.existing, report.changed, report.bad


def corrected(ledger: Ledger) -> list[tuple[int, int | None, str | None]]:
    return [(entry.id, entry.corrects, entry.payment_key) for entry in read(ledger).entries()]


@pytest.mark.parametrize("batch_rows", [1, 2, 10])
def test_a_row_says_what_it_corrects_and_gets_its_payment(ledger: Ledger, batch_rows: int) -> None:
    rows = [row(1), row(2), correction(3, 2), correction(4, "3", credits=1000)]

    first = run(ledger, Rows(rows), batch_rows=batch_rows)
    again = run(ledger, Rows(rows), batch_rows=batch_rows, full=True)

    assert (told(first), told(again)) == ((4, 0, 0, 0), (0, 4, 0, 0))
    assert corrected(ledger) == [(1, None, "pi_1"), (2, None, "pi_2"), (3, 2, "pi_2"), (4, 3, "pi_2")]


def test_what_was_imported_before_is_corrected_by_a_later_run(ledger: Ledger) -> None:
    run(ledger, Rows([row(1)]))
    assert told(run(ledger, Rows([row(1), correction(2, 1)])))[0] == 1
    assert corrected(ledger)[1] == (2, 1, "pi_1")
    assert read(ledger).verify().ok


def test_a_row_that_does_not_come_before_is_refused_or_counts_for_its_payment(ledger: Ledger) -> None:
    rows = [correction(1, 2), correction(2, 9, payment_key="pi_9"), row(3)]
    first = run(ledger, Rows(rows))
    assert told(first) == (2, 0, 0, 1)
    assert corrected(ledger) == [(1, None, "pi_9"), (2, None, "pi_3")]
    assert told(run(ledger, Rows(rows), full=True)) == (1, 2, 0, 0), "by then it is in the ledger before it"


def test_what_the_ledger_has_from_a_webhook_is_corrected_by_its_payment(ledger: Ledger) -> None:
    purchase = EntryDraft(1, "user1", EntryKind.PURCHASE, 1000, 1000, "usd", "pi_1", None, None, None, "purchase:pi_1")
    write(ledger).post(purchase)
    rows = [row(1), correction(2, 1)]
    assert told(run(ledger, Rows(rows)))[0] == 1
    assert corrected(ledger)[1] == (2, None, "pi_1")
    assert told(run(ledger, Rows(rows), full=True))[1:3] == (1, 0)


@pytest.mark.parametrize("kind", ["purchase", "refund"])
def test_only_an_adjustment_corrects_another_row(ledger: Ledger, kind: str) -> None:
    changes: dict[str, Any] = {"kind": kind, "corrects": 1}
    changes |= {"credits": -10, "amount": -10} if kind == "refund" else {}
    assert told(run(ledger, Rows([row(1), row(2, **changes)]))) == (1, 0, 0, 1)


def test_without_ids_no_row_can_be_named(ledger: Ledger) -> None:
    assert told(run(ledger, Rows([row(1), correction(2, 1)], row_field=None)))[3] == 1
