"""A command line with a ledger of three purchases behind it, and findings to put into it."""

from __future__ import annotations

from pathlib import Path

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.settlement import Purchase
from creditctl.core.findings import Finding, Severity, Stake
from creditctl.ledger.store import Ledger
from tests.support.cli import Cli
from tests.support.clock import NOW

PROPOSAL = Proposal("pi_9", "cs_9", "user9", 1000, 900, "usd", "starter", NOW)
"""What the finding proposes: 1,000 credits for user9."""


def purchase(n: int, user: str = "user1") -> Purchase:
    """The n-th purchase, n days ago."""
    return Purchase(user, 1000, 1000, "usd", f"pi_{n}", f"cs_{n}", "starter", NOW - 86_400 * n)


def fill(path: Path, count: int = 3, *, livemode: bool = False) -> Path:
    """Makes a ledger with as many purchases, each of its own user."""
    with Ledger.open(path, account="acct_1", livemode=livemode, clock=lambda: NOW) as ledger:
        for n in range(1, count + 1):
            with ledger.transaction() as tx:
                tx.post(purchase(n, f"user{n}").draft(source_event=f"evt_{n}"))
    return path


def add_finding(path: Path, proposal: Proposal | None, subject: str = "cs_9", stake: Stake | None = None) -> int:
    """Puts an open finding into a ledger; its number."""
    finding = Finding("fulfilment.amount", Severity.HIGH, subject, "cs_9 paid [too] little", "resolve {id}", stake)
    with Ledger.open(path, account=None, livemode=None, clock=lambda: NOW) as ledger, ledger.transaction() as tx:
        return tx.add_finding(finding, payment_key="pi_9", source_event="evt_9", proposal=proposal)


def book_of(offline_cli: Cli, *, livemode: bool = False) -> Cli:
    """The command line, and a ledger with three purchases, named by CREDITCTL_LEDGER."""
    fill(offline_cli.folder / "book.db", livemode=livemode)
    offline_cli.environ["CREDITCTL_LEDGER"] = "book.db"
    return offline_cli
