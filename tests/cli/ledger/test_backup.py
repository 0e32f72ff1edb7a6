"""`creditctl ledger backup`: a copy that is a ledger, taken while somebody writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.ledger.store import Ledger
from tests.support.cli import Cli
from tests.support.clock import NOW
from tests.support.ledger_books import purchase


def test_a_backup_is_a_ledger_and_overwrites_nothing(book: Cli) -> None:
    head = book("ledger", "verify", "--json").report["head"]
    outcome = book("ledger", "backup", "copy.db", "--json")
    again = book("ledger", "backup", "copy.db")

    assert (outcome.exit_code, outcome.report["head"], outcome.report["count"]) == (0, head, 3)
    assert again.exit_code == 3
    assert "already something" in again.stderr
    assert book("ledger", "verify", "--ledger", "copy.db", "--expect-head", head).exit_code == 0


def test_a_backup_is_taken_while_somebody_writes(book: Cli) -> None:
    path = book.folder / "book.db"
    with (
        Ledger.open(path, account=None, livemode=None, clock=lambda: NOW) as ledger,
        ledger.transaction() as tx,
    ):
        tx.post(purchase(9).draft())
        outcome = book("ledger", "backup", "copy.db", "--json")

    assert (outcome.exit_code, outcome.report["count"]) == (0, 3)


def test_a_copy_gets_its_name_only_when_it_was_looked_at_to_the_end(book: Cli) -> None:
    with Ledger.open(book.folder / "book.db", account=None, livemode=None, clock=lambda: NOW) as ledger:

        def killed(copy: Path) -> None:
            assert copy.exists()
            assert not (book.folder / "copy.db").exists()
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ledger.backup(book.folder / "copy.db", killed)

    assert book("ledger", "backup", "copy.db").exit_code == 0
    assert [path.name for path in book.folder.glob("*copy*")] == ["copy.db"]
