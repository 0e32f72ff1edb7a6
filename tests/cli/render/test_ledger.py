"""The ledger for people: nothing steers the terminal, nothing is cut, and the last line says what to run next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind, Purchase
from creditctl.core.findings import Finding, Severity
from creditctl.ledger.store import Ledger
from tests.support.cli import Cli, Outcome
from tests.support.clock import NOW
from tests.support.ledger_books import book_of
from tests.support.ledger_calls import adjusted


@pytest.fixture
def book(offline_cli: Cli) -> Cli:
    return book_of(offline_cli)


def test_what_users_are_called_cannot_steer_the_terminal(offline_cli: Cli) -> None:
    with Ledger.open(offline_cli.folder / "book.db", account="acct_1", livemode=False, clock=lambda: NOW) as ledger:
        adjusted(ledger, user_id="[bold]", credits=5, reason="[red]why\x07", key="k")
        with ledger.transaction() as tx:
            (entry,) = tx.entries()
            # An id that is refused today, but that a ledger from before may hold.
            legacy = EntryDraft(
                created=1, user_id="[bold]\x1b[2J", kind=EntryKind.USAGE, credits=-5, amount=0, currency=None,
                payment_key=None, session_id=None, object_id=None, package=None, idempotency_key="k2", note=entry.note,
            )  # fmt: skip
            tx._append(legacy)

    for arguments in (["balance"], ["history"]):
        shown = offline_cli("ledger", *arguments, "--ledger", "book.db").stdout
        assert "[bold]\\x1b[2J" in shown
        assert "\x1b" not in shown
        assert "\x07" not in shown


OPERATIONS: list[Callable[[Cli], Outcome]] = [
    lambda book: book("ledger", "balance"),
    lambda book: book("ledger", "history"),
    lambda book: book("ledger", "verify"),
    lambda book: book("ledger", "findings"),
    lambda book: book("ledger", "balance", "user1"),
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_people_read_ends_with_what_to_run_next(book: Cli, operation: Callable[[Cli], Outcome]) -> None:
    assert "Next: " in operation(book).stdout.splitlines()[-1]


PAYMENT = "pi_3QABCDEFGHIJKLMNOPQRSTUVWX"
SESSION = "cs_test_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8"
USER = "auth0|66b1f0c2d3e4f5a6b7c8d9e0"
TERMINAL = {"FORCE_COLOR": "1", "COLUMNS": "80"}


@pytest.fixture
def long_book(offline_cli: Cli) -> Cli:
    """A ledger with ids as long as Stripe's, and an open finding about them."""
    message = f"{SESSION} paid $9,876.54 of $12,345.67, not 12,345.67 EUR, for user {USER}: see https://shop.example/orders/{SESSION}"
    finding = Finding(
        "fulfilment.amount", Severity.HIGH, SESSION, message, f"creditctl ledger resolve {{id}} {SESSION}"
    )
    proposal = Proposal(PAYMENT, SESSION, USER, 1_234_567, 987_654, "usd", "starter", NOW)
    bought = Purchase(USER, 1_234_567, 1_234_567, "usd", PAYMENT, SESSION, "starter", NOW)
    path = offline_cli.folder / "book.db"
    with Ledger.open(path, account="acct_1", livemode=False, clock=lambda: NOW) as ledger, ledger.transaction() as tx:
        tx.post(bought.draft(source_event="evt_1"))
        tx.add_finding(finding, payment_key=PAYMENT, source_event="evt_1", proposal=proposal)
    offline_cli.environ["CREDITCTL_LEDGER"] = "book.db"
    return offline_cli


@pytest.mark.parametrize("environ", [TERMINAL, TERMINAL | {"NO_COLOR": ""}, {"COLUMNS": "80"}], ids=str)
@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        (["history"], [PAYMENT, USER, "+1,234,567", "$12,345.67", "2026-09-21T"]),
        (
            ["findings"],
            [SESSION, USER, f"https://shop.example/orders/{SESSION}", "$9,876.54", "$12,345.67", "12,345.67 EUR"],
        ),
        (["findings"], [f"creditctl ledger resolve 1 {SESSION}"]),
        (["balance"], [USER, "1,234,567"]),
        (["balance", USER], [f"`creditctl ledger history --user '{USER}'`", "1,234,567"]),
    ],
)
def test_every_id_url_and_amount_is_whole_at_eighty_columns_and_in_a_pipe(
    long_book: Cli, arguments: list[str], whole: list[str], environ: dict[str, str]
) -> None:
    long_book.environ |= environ

    shown = long_book("ledger", *arguments).stdout

    assert [part for part in whole if part not in shown] == []


def test_the_history_is_one_line_an_entry_in_a_pipe(long_book: Cli) -> None:
    lines = long_book("ledger", "history").stdout.splitlines()

    assert [line.split()[0] for line in lines[:3]] == ["Entries", "Id", "1"]
    assert all(part in lines[2] for part in (PAYMENT, USER, "+1,234,567", "$12,345.67"))
