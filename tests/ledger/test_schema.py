"""Schema of a ledger: its triggers refuse every change of an entry, and older ledgers keep what they say."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.findings import Finding, Severity, Stake
from creditctl.ledger.hashchain.chain import COLUMNS
from creditctl.ledger.models import Dismissal, Posting
from creditctl.ledger.schema import MIGRATIONS
from creditctl.ledger.store import Ledger
from tests.support.ledger_books import PROPOSAL
from tests.support.ledgers import MakePurchase


def post(ledger: Ledger, draft: EntryDraft) -> Posting:
    with ledger.transaction() as tx:
        return tx.post(draft)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credit_transactions SET credits = 1",
        "DELETE FROM credit_transactions",
        "INSERT OR REPLACE INTO credit_transactions SELECT * FROM credit_transactions WHERE id = 1",
        "INSERT INTO credit_transactions SELECT 7, " + ", ".join(COLUMNS[1:]) + " FROM credit_transactions",
    ],
)
def test_entries_cannot_be_changed_with_plain_sqlite(
    ledger: Ledger, purchase: MakePurchase, path: Path, statement: str
) -> None:
    post(ledger, purchase())
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


OLDER = MIGRATIONS[:3]
"""The formats before dismissals had a stake."""


def older_ledger(path: Path) -> None:
    """A ledger in which a run saw one finding before it was dismissed, a webhook made one, and one is open."""
    Ledger.open(path, account="acct_1", livemode=False, clock=lambda: 100, migrations=OLDER).close()
    proposal = json.dumps(PROPOSAL.as_dict())
    rows = [
        (1, "reconcile.orphan_credit", "pi_1", None, "dismissed", "a gift", 70),
        (2, "fulfilment.quantity", "pi_2", proposal, "dismissed", "refunded", 80),
        (3, "reconcile.wrong_user", "pi_3", None, "dismissed", "the same person", 90),
        (4, "reconcile.wrong_amount", "pi_4", None, "open", None, None),
    ]
    connection = sqlite3.connect(path)
    for number, code, subject, offered, *settled in rows:
        connection.execute(
            "INSERT INTO findings (id, recorded, code, severity, subject, message, fix, proposal, status, reason, "
            "resolved) VALUES (?, 60, ?, 'high', ?, 'What.', 'How.', ?, ?, ?, ?)",
            (number, code, subject, offered, *settled),
        )
    for code, subject, credits in (("reconcile.orphan_credit", "pi_1", 1000), ("reconcile.wrong_user", "pi_3", 0)):
        connection.execute(
            "INSERT INTO sightings (code, subject, severity, message, fix, credits, amount, first_seen) "
            "VALUES (?, ?, 'high', 'What.', 'How.', ?, 0, 60)",
            (code, subject, credits),
        )
    connection.commit()
    connection.close()


def test_an_older_ledgers_dismissals_are_worth_what_a_run_or_a_webhook_saw_last(path: Path) -> None:
    older_ledger(path)
    opened = Ledger.open(path, account=None, livemode=None, clock=lambda: 200, create=False)
    with opened as ledger, ledger.reading() as view:
        stakes = {each.id: each.dismissal and each.dismissal.stake for each in view.findings(None)}
        first = view.finding(1)
        assert view.verify().ok
    assert stakes == {1: Stake(1000), 2: PROPOSAL.stake, 3: None, 4: None}
    assert first is not None
    assert first.dismissal == Dismissal(70, "a gift", Stake(1000))
    assert [first.dismissed_at(Stake(credits)) for credits in (1000, 1001)] == [True, False]


def test_a_dismissal_by_a_program_of_an_older_format_covers_all_until_a_run_notes_its_stake(path: Path) -> None:
    """A server that was started before the upgrade goes on, and writes no row of its own for a dismissal."""
    with Ledger.open(path, account="acct_1", livemode=False, clock=lambda: 100) as ledger:
        with ledger.transaction() as tx:
            number = tx.add_finding(Finding("reconcile.orphan_credit", Severity.HIGH, "pi_1", "What.", "How."))
            query = "UPDATE findings SET status = 'dismissed', reason = 'a gift', resolved = 50, credits = NULL"
            tx.connection.execute(query)
        with ledger.transaction() as tx:
            stored = tx.finding(number)
            assert stored is not None
            assert stored.dismissed_at(Stake(10**9))
            tx.note_dismissed_stake(stored, Stake(1000))
            noted = tx.finding(number)
            assert noted is not None
            assert noted.dismissal == Dismissal(50, "a gift", Stake(1000))


KILLED = """
import os, signal, sys
from pathlib import Path
from creditctl.ledger.schema import MIGRATIONS
from creditctl.ledger.store import Ledger

def killed(database):
    MIGRATIONS[3][1](database)
    os.kill(os.getpid(), signal.SIGKILL)

steps = (*MIGRATIONS[:3], (MIGRATIONS[3][0], killed))
Ledger.open(Path(sys.argv[1]), account=None, livemode=None, clock=lambda: 1, create=False, migrations=steps)
"""


def test_an_upgrade_that_is_killed_or_runs_many_times_at_once_is_made_once(path: Path) -> None:
    older_ledger(path)
    died = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(OLDER)

    def opened() -> int:
        upgraded = Ledger.open(path, account=None, livemode=None, clock=lambda: 1, create=False)
        with upgraded as ledger, ledger.reading() as view:
            return int(view.connection.execute("SELECT count(*) FROM dismissals").fetchone()[0])

    with ThreadPoolExecutor(8) as pool:
        assert [each.result() for each in [pool.submit(opened) for _ in range(8)]] == [3] * 8
