"""What reconcile tells an application to book leads to what its users are due; once it is booked, nothing is left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from creditctl.core.findings import Finding, Severity
from creditctl.ledger.archive.source_models import SourceRow
from creditctl.ledger.archive.source_queries import SourceRows
from creditctl.ledger.archive.source_store import begin
from creditctl.ledger.archive.store import Archive
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.reconciliation.report import ReconcileReport
from creditctl.reconciliation.todo import COLUMNS, todo_rows
from tests.support.payment_shop import ACCOUNT, Shop

STEP = re.compile(r"(give|take) ([\d,]+) credits? (?:to|from) user (\w+)(?: \(its row (\w+)\)| for payment (\w+))")


class Application:
    """A shop whose application keeps its own rows, and a person who books there what is printed."""

    def __init__(self, shop: Shop, archive: Archive) -> None:
        self.shop, self.archive, self.rows = shop, archive, list[SourceRow]()

    def add(
        self, kind: str, user: str, credits: int, key: str | None, about: str | None = None, corrects: str | None = None
    ) -> None:
        """One more row, which counts."""
        made = self.shop.now - 3000 + len(self.rows)
        name = f"r{len(self.rows) + 1}"
        rest = (user, kind, "done", credits, False, None, None, key, about, None, corrects)
        self.rows.append(SourceRow(name, made, None, *rest))

    def reconcile(self) -> ReconcileReport:
        """One run over the rows as they are now."""
        self.shop.later()
        writer = begin(self.archive, whole=True, started=self.shop.now, fingerprint="f", named=True)
        assert writer.store(self.rows, ()) is None
        writer.finish(self.shop.now, None)
        return self.shop.reconcile(keeper=SourceKeeper(SourceRows(self.archive), livemode=False))

    def obey(self, report: ReconcileReport) -> None:
        """Books what the findings and the to-do list say, one after the other."""
        for finding in report.findings:
            for verb, number, user, row, key in STEP.findall(finding.fix or ""):
                credits = int(number.replace(",", "")) * (1 if verb == "give" else -1)
                self.add("adjustment", user, credits, key or None, corrects=row or None)
        for kind, user, due, _, _, key, about, *_ in todo_rows(report):
            self.add(str(kind), str(user), int(str(due)), str(key), about if about is None else str(about))

    def left(self) -> list[str]:
        """What another run finds, but for what it says of findings that are over."""
        return [each.code for each in self.reconcile().findings if each.severity is not Severity.INFO]

    def balances(self) -> dict[str, int]:
        """What its users have, but for those who have none."""
        held: Counter[str] = Counter()
        for row in self.rows:
            held[row.user_id or ""] += row.credits
        return {user: credits for user, credits in held.items() if credits}


@pytest.fixture
def application(shop: Shop, tmp_path: Path) -> Iterator[Application]:
    """An application that has booked nothing yet."""
    with Archive.open(tmp_path / "archive.db", account=ACCOUNT, livemode=False) as archive:
        yield Application(shop, archive)


Booked = tuple[str, str, int, bool]
"""Kind, user, credits, and whether the row names the refund."""

STORIES: dict[str, tuple[int, list[Booked], dict[str, int]]] = {
    "given to another, refund taken of the buyer": (
        500, [("purchase", "bob", 1000, False), ("adjustment", "ann", -500, False)], {"ann": 500},
    ),
    "a refund taken of another for nothing": (
        0, [("purchase", "ann", 1000, False), ("dispute", "bob", -100, False)], {"ann": 1000},
    ),
    "a refund taken twice": (
        1000, [("purchase", "ann", 1000, False), ("refund", "ann", -1000, False), ("refund", "ann", -1000, False)], {},
    ),
    "given too few, and a part refunded": (
        500, [("purchase", "ann", 700, False), ("refund", "ann", -500, True)], {"ann": 500},
    ),
    "given twice, and the refund booked as an adjustment": (
        500, [("purchase", "ann", 1000, False), ("adjustment", "ann", -500, True), ("purchase", "ann", 1000, False)],
        {"ann": 500},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_what_an_application_is_told_to_book_ends_in_the_truth(application: Application, name: str) -> None:
    """A row that corrects another one need not name the payment: it counts as the other one does."""
    amount, booked, due = STORIES[name]
    key = application.shop.pay(user="ann")
    refund = application.shop.refund(key, amount) if amount else None
    for kind, user, credits, named in booked:
        application.add(kind, user, credits, key, refund if named else None)

    report = application.reconcile()
    assert report.findings
    application.obey(report)

    assert application.balances() == due
    assert application.left() == []


def test_what_went_back_and_is_taken_already_is_not_on_the_list_of_what_to_book(application: Application) -> None:
    key = application.shop.pay(user="ann")
    application.shop.refund(key, 500)
    application.add("adjustment", "ann", -500, key)

    report = application.reconcile()

    assert [(kind, credits) for kind, _, credits, *_ in todo_rows(report)] == [("purchase", 1000)]
    application.obey(report)
    assert application.balances() == {"ann": 500}
    assert application.left() == []


def test_the_reason_to_book_is_the_finding_that_it_settles_not_another_one_of_its_payment(
    application: Application,
) -> None:
    key = application.shop.pay(user="ann")
    older = Finding("reconcile.unattributed_payment", Severity.MEDIUM, key, "No session.", "Find the buyer.")
    with application.shop.ledger.transaction() as tx:
        tx.add_finding(older, payment_key=key)

    (row,) = todo_rows(application.reconcile())

    assert dict(zip(COLUMNS, row, strict=True))["reason"] == "reconcile.missing_credit"


def test_corrections_that_are_dated_before_what_they_correct_count_for_its_payment(application: Application) -> None:
    """Their rows carry no payment of their own, and the archive numbers them first."""
    key = application.shop.pay(user="ann")
    application.add("adjustment", "ann", 50, None, corrects="r2")
    application.add("adjustment", "ann", -350, None, corrects="r3")
    application.add("purchase", "ann", 1300, key)
    application.add("adjustment", "ann", -7, None, corrects="r5")
    application.add("adjustment", "ann", 7, None, corrects="r4")

    assert [each.code for each in application.reconcile().findings] == []
