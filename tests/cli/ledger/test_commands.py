"""`creditctl ledger` as an operator meets it: what it shows, what it posts, what it refuses."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.settlement import EntryKind, Purchase
from creditctl.core.findings import Finding, Severity
from creditctl.ledger.hashchain.chain import COLUMNS
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import write

START = 1_790_000_000
LIVE_KEY = "sk_live_" + "example" * 4


def purchase(n: int, user: str = "user1") -> Purchase:
    return Purchase(user, 1000, 1000, "usd", f"pi_{n}", f"cs_{n}", "starter", START - 86_400 * n)


def fill(path: Path, count: int = 3, *, livemode: bool = False) -> Path:
    with Ledger.open(path, account="acct_1", livemode=livemode, clock=lambda: START) as ledger:
        for n in range(1, count + 1):
            with ledger.transaction() as tx:
                tx.post(purchase(n, f"user{n}").draft(source_event=f"evt_{n}"))
    return path


@pytest.fixture
def book(offline_cli: Any) -> Any:
    """The command line, and a ledger of test mode with three purchases, named by CREDITCTL_LEDGER."""
    fill(offline_cli.folder / "book.db")
    offline_cli.environ["CREDITCTL_LEDGER"] = "book.db"
    return offline_cli


@pytest.fixture
def live_book(offline_cli: Any) -> Any:
    """The same in live mode."""
    fill(offline_cli.folder / "book.db", livemode=True)
    offline_cli.environ["CREDITCTL_LEDGER"] = "book.db"
    return offline_cli


def add_finding(path: Path, proposal: Proposal | None) -> int:
    finding = Finding("fulfilment.amount", Severity.HIGH, "cs_9", "cs_9 paid [too] little", "resolve {id}")
    with Ledger.open(path, account=None, livemode=None, clock=lambda: START) as ledger, ledger.transaction() as tx:
        return tx.add_finding(finding, payment_key="pi_9", source_event="evt_9", proposal=proposal)


PROPOSAL = Proposal("pi_9", "cs_9", "user9", 1000, 900, "usd", "starter", START)


# init


def test_init_reads_the_owner_from_stripe(cli: Any, emulator: Any) -> None:
    outcome = cli("ledger", "init", "--json")

    assert outcome.exit_code == 0
    assert outcome.report["account"].startswith("acct_")
    assert outcome.report["livemode"] is False
    assert outcome.report["ledger"] == str(cli.folder / "creditctl-emulator.db")
    assert Path(outcome.report["ledger"]).exists()


def test_init_takes_the_owners_word_without_a_network(offline_cli: Any) -> None:
    outcome = offline_cli("ledger", "init", "--account", "acct_7", "--livemode")

    assert outcome.exit_code == 0
    assert "acct_7, live mode" in outcome.stdout
    with closing(sqlite3.connect(offline_cli.folder / "creditctl.db")) as connection:
        meta = dict(connection.execute("SELECT key, value FROM ledger_meta"))
    assert meta["account"] == "acct_7"
    assert meta["livemode"] == "1"


def test_init_leaves_a_ledger_that_exists_alone(book: Any) -> None:
    outcome = book("ledger", "init", "--account", "acct_2", "--test")

    assert outcome.exit_code == 3
    assert "acct_1, test mode, 3 entries. It was left as it is." in outcome.stderr


def test_init_without_a_key_says_both_ways(offline_cli: Any) -> None:
    outcome = offline_cli("ledger", "init")

    assert outcome.exit_code == 3
    assert "--account acct_… --test" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--account", "acct_1"], 2),
        (["--test"], 2),
        (["--account", "someone", "--test"], 2),
        (["--account", "acct_1", "--livemode"], 3),
        (["--account", "acct_2", "--test"], 3),
        (["--account", "acct_1", "--test", "--mode", "live"], 3),
    ],
)
def test_init_refuses_an_owner_that_contradicts(offline_cli: Any, arguments: list[str], code: int) -> None:
    offline_cli.environ |= {"STRIPE_SECRET_KEY": "sk_test_" + "example0", "STRIPE_ACCOUNT_ID": "acct_1"}

    assert offline_cli("ledger", "init", *arguments).exit_code == code
    assert not list(offline_cli.folder.glob("*.db"))


# which ledger


def test_without_a_key_or_a_name_no_ledger_is_guessed(offline_cli: Any) -> None:
    fill(offline_cli.folder / "creditctl-test.db")

    outcome = offline_cli("ledger", "balance")

    assert outcome.exit_code == 3
    assert "--ledger FILE or CREDITCTL_LEDGER" in outcome.stderr


def test_a_missing_ledger_is_6_and_is_not_made(offline_cli: Any) -> None:
    outcome = offline_cli("ledger", "balance", "--ledger", "gone.db")

    assert outcome.exit_code == 6
    assert "creditctl ledger init" in outcome.stderr
    assert not (offline_cli.folder / "gone.db").exists()


def test_a_key_of_the_other_mode_is_refused(book: Any) -> None:
    book.environ["STRIPE_SECRET_KEY"] = LIVE_KEY

    outcome = book("ledger", "balance")

    assert outcome.exit_code == 3
    assert "belongs to test mode" in outcome.stderr


def test_another_pinned_account_is_refused(book: Any) -> None:
    book.environ["STRIPE_ACCOUNT_ID"] = "acct_2"

    assert book("ledger", "balance").exit_code == 3


def test_an_expected_mode_is_compared_with_the_ledger_where_there_is_no_key(live_book: Any) -> None:
    assert live_book("ledger", "balance", "--mode", "test").exit_code == 3
    assert live_book("ledger", "balance", "--mode", "live", "--json").document["mode"] == "live"


# balance and history


def test_balance_of_one_user(book: Any) -> None:
    assert "user2: 1,000 credits" in book("ledger", "balance", "user2").stdout
    assert book("ledger", "balance", "user2", "--json").report == {"user_id": "user2", "credits": 1000, "known": True}
    unknown = book("ledger", "balance", "nobody")
    assert "nobody: 0 credits" in unknown.stdout
    assert "No entry names this user" in unknown.stdout


def test_balances_come_page_by_page(book: Any) -> None:
    first = book("ledger", "balance", "--limit", "2", "--json").report
    rest = book("ledger", "balance", "--after", first["next_after"], "--json").report

    assert [each["user_id"] for each in first["balances"]] == ["user1", "user2"]
    assert rest == {"balances": [{"user_id": "user3", "credits": 1000, "entries": 1}], "next_after": None}
    assert "--after user2" in book("ledger", "balance", "--limit", "2").stdout


def test_json_lines_are_not_cut_into_pages(offline_cli: Any) -> None:
    fill(offline_cli.folder / "book.db", 60)

    balances = offline_cli("ledger", "balance", "--jsonl", "--ledger", "book.db").stdout.splitlines()
    entries = offline_cli("ledger", "history", "--jsonl", "--ledger", "book.db").stdout.splitlines()
    few = offline_cli("ledger", "history", "--jsonl", "--limit", "7", "--ledger", "book.db").stdout.splitlines()
    page = offline_cli("ledger", "history", "--ledger", "book.db")

    assert (len(balances), len(entries), len(few)) == (60, 60, 7)
    assert json.loads(entries[59])["payment_key"] == "pi_60"
    assert "--after-id 50" in page.stdout


@pytest.mark.parametrize(
    ("arguments", "payments"),
    [
        ([], ["pi_1", "pi_2", "pi_3"]),
        (["--user", "user2"], ["pi_2"]),
        (["--kind", "refund"], []),
        (["--payment", "pi_3"], ["pi_3"]),
        (["--since", "50h"], ["pi_1", "pi_2"]),
        (["--until", "50h"], ["pi_3"]),
        (["--since", "3d", "--until", "2d"], ["pi_3"]),
        (["--after-id", "1"], ["pi_2", "pi_3"]),
        (["--newest-first", "--limit", "2"], ["pi_3", "pi_2"]),
        (["--newest-first", "--after-id", "3"], ["pi_2", "pi_1"]),
    ],
)
def test_history_is_filtered(book: Any, arguments: list[str], payments: list[str]) -> None:
    report = book("ledger", "history", *arguments, "--json").report

    assert [entry["payment_key"] for entry in report["entries"]] == payments


def test_history_as_csv_has_every_column(book: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(book("ledger", "history", "--csv").stdout)))

    assert list(rows[0]) == list(COLUMNS)
    assert [row["idempotency_key"] for row in rows] == ["purchase:pi_1", "purchase:pi_2", "purchase:pi_3"]


def test_two_forms_at_once_are_refused(book: Any) -> None:
    outcome = book("ledger", "history", "--csv", "--json")

    assert outcome.exit_code == 2
    assert outcome.document["error"]["code"] == "usage.form"


def test_what_users_are_called_cannot_steer_the_terminal(offline_cli: Any) -> None:
    with Ledger.open(offline_cli.folder / "book.db", account="acct_1", livemode=False, clock=lambda: START) as ledger:
        write(ledger).adjust(user_id="[bold]\x1b[2J", credits=5, reason="[red]why\x07", key="k")

    for arguments in (["balance"], ["history"]):
        shown = offline_cli("ledger", *arguments, "--ledger", "book.db").stdout
        assert "[bold]\\x1b[2J" in shown
        assert "\x1b" not in shown
        assert "\x07" not in shown


# adjust


def test_an_adjustment_is_an_entry_with_its_reason(book: Any) -> None:
    outcome = book("ledger", "adjust", "--user", "user1", "--credits", "-250", "--reason", "sent twice", "--json")

    assert outcome.exit_code == 0
    assert (outcome.report["outcome"], outcome.report["balance"]) == ("posted", 750)
    entry = outcome.report["entry"]
    assert (entry["kind"], entry["credits"], entry["note"]) == (EntryKind.ADJUSTMENT, -250, "sent twice")
    assert entry["idempotency_key"] == f"adjustment:{outcome.report['key']}"
    assert "sent twice" in book("ledger", "history", "--kind", "adjustment").stdout


def test_the_same_key_adjusts_once_and_never_something_else(book: Any) -> None:
    usual = ["ledger", "adjust", "--user", "user1", "--reason", "gift", "--key", "ticket-7"]
    first = book(*usual, "--credits", "100")
    again = book(*usual, "--credits", "100")
    other = book(*usual, "--credits", "999", "--json")

    assert (first.exit_code, again.exit_code, other.exit_code) == (0, 0, 1)
    assert "ticket-7" in first.stdout
    assert "nothing was written" in again.stdout
    assert other.document["findings"][0]["code"] == "ledger.key_conflict"
    assert book("ledger", "balance", "user1", "--json").report["credits"] == 1100


def test_without_a_key_each_adjustment_has_its_own(book: Any) -> None:
    for _ in range(2):
        book("ledger", "adjust", "--user", "user1", "--credits", "10", "--reason", "gift")

    assert book("ledger", "balance", "user1", "--json").report["credits"] == 1020


def test_a_dry_run_posts_nothing(book: Any) -> None:
    outcome = book("ledger", "adjust", "--user", "user1", "--credits", "10", "--reason", "gift", "--dry-run", "--json")

    assert outcome.exit_code == 0
    assert outcome.report["plan"]["balance_after"] == 1010
    assert book("ledger", "balance", "user1", "--json").report["credits"] == 1000


def test_slips_of_the_keyboard_are_pointed_out(book: Any) -> None:
    outcome = book("ledger", "adjust", "--user", "usr1", "--credits", "-10", "--reason", "gift")

    assert "usr1 has no entry yet" in outcome.stderr
    assert "fewer than no credits: -10" in outcome.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--credits", "10"],
        ["--credits", "10", "--reason", "  "],
        ["--credits", "0", "--reason", "gift"],
        ["--credits", "1.5", "--reason", "gift"],
        ["--credits", "10", "--reason", "gift", "--corrects", "99"],
    ],
)
def test_an_adjustment_that_makes_no_sense_is_refused(book: Any, arguments: list[str]) -> None:
    assert book("ledger", "adjust", "--user", "user1", *arguments).exit_code == 2
    assert book("ledger", "balance", "user1", "--json").report["credits"] == 1000


# the live guard


LIVE_WRITES = [
    ["adjust", "--user", "user1", "--credits", "10", "--reason", "gift"],
    ["resolve", "1", "--credit", "--reason", "seen on the statement"],
    ["import", "app.csv"],
]


@pytest.fixture
def guarded(live_book: Any) -> Any:
    add_finding(live_book.folder / "book.db", PROPOSAL)
    (live_book.folder / "app.csv").write_text(
        "created,user_id,kind,credits,amount,currency,payment_key,livemode\n1790000000,u1,usage,-5,0,,,true\n"
    )
    return live_book


@pytest.mark.parametrize("write", LIVE_WRITES, ids=lambda write: write[0])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--mode live"),
        (["--yes"], "--mode live"),
        (["--mode", "live"], "Add --confirm acct_1; --yes alone is not enough"),
        (["--mode", "live", "--yes"], "Add --confirm acct_1"),
        (["--mode", "live", "--confirm", "acct_2"], "but acct_2 was confirmed"),
        (["--mode", "test", "--confirm", "acct_1"], "is live, but --mode test was said"),
        (["--confirm", "acct_1"], "--mode live"),
    ],
)
def test_a_live_ledger_is_guarded(guarded: Any, write: list[str], arguments: list[str], words: str) -> None:
    outcome = guarded("ledger", *write, *arguments)

    assert outcome.exit_code == 3
    assert words in outcome.stderr
    with closing(sqlite3.connect(guarded.folder / "book.db")) as connection:
        assert connection.execute("SELECT count(*) FROM credit_transactions").fetchone() == (3,)


@pytest.mark.parametrize("write", LIVE_WRITES, ids=lambda write: write[0])
def test_a_live_ledger_takes_what_was_confirmed(guarded: Any, write: list[str]) -> None:
    assert guarded("ledger", *write, "--mode", "live", "--confirm", "acct_1").exit_code == 0
    with closing(sqlite3.connect(guarded.folder / "book.db")) as connection:
        assert connection.execute("SELECT count(*) FROM credit_transactions").fetchone() == (4,)


def test_reading_and_dismissing_are_not_guarded(guarded: Any) -> None:
    assert guarded("ledger", "history").exit_code == 0
    assert guarded("ledger", "import", "app.csv", "--dry-run").exit_code == 0
    assert guarded("ledger", "resolve", "1", "--dismiss", "--reason", "refunded by hand").exit_code == 0


def test_a_confirmation_that_names_another_account_is_refused_in_test_mode_too(book: Any) -> None:
    arguments = ["--user", "user1", "--credits", "1", "--reason", "gift", "--confirm", "acct_2"]

    assert book("ledger", "adjust", *arguments).exit_code == 3


# export, verify, backup


def test_export_streams_every_entry(book: Any) -> None:
    as_csv = list(csv.DictReader(io.StringIO(book("ledger", "export").stdout)))
    as_lines = [json.loads(line) for line in book("ledger", "export", "--format", "jsonl").stdout.splitlines()]

    assert (
        [row["payment_key"] for row in as_csv] == [row["payment_key"] for row in as_lines] == ["pi_1", "pi_2", "pi_3"]
    )
    assert book("ledger", "export", "--json").report["count"] == 3


def test_export_writes_a_new_file_and_no_other(book: Any) -> None:
    first = book("ledger", "export", "--output", "out.csv", "--json")
    again = book("ledger", "export", "--output", "out.csv")

    assert (first.report["count"], again.exit_code) == (3, 3)
    assert len((book.folder / "out.csv").read_text().splitlines()) == 4
    assert "already something" in again.stderr


def test_what_was_exported_can_be_imported_elsewhere(book: Any) -> None:
    book("ledger", "export", "--output", "out.csv")
    fill(book.folder / "other.db", 0)

    outcome = book("ledger", "import", "out.csv", "--ledger", "other.db", "--json")

    assert (outcome.exit_code, outcome.report["new"]) == (0, 3)
    assert (
        book("ledger", "balance", "--ledger", "other.db", "--json").report == book("ledger", "balance", "--json").report
    )


def test_verify_prints_count_and_head(book: Any) -> None:
    report = book("ledger", "verify", "--json").report
    expected = book("ledger", "verify", "--expect-head", report["head"])

    assert (report["count"], report["faults"], len(report["head"])) == (3, [], 64)
    assert expected.exit_code == 0
    assert "holds the expected head" in expected.stdout


def tamper(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for name in ("no_update", "no_delete"):
            connection.execute(f"DROP TRIGGER credit_transactions_{name}")
        connection.execute(statement)
        connection.commit()


def test_verify_names_an_edited_row_and_ends_with_6(book: Any) -> None:
    tamper(book.folder / "book.db", "UPDATE credit_transactions SET credits = 9000 WHERE id = 2")

    outcome = book("ledger", "verify", "--json")

    assert (outcome.exit_code, outcome.document["ok"]) == (6, False)
    assert {(item["code"], item["subject"]) for item in outcome.document["findings"]} >= {
        ("ledger.edited", "entry 2"),
        ("ledger.protection", "ledger"),
    }
    assert "entry 2 was edited" in book("ledger", "verify").stdout


def test_verify_finds_a_cut_tail_by_the_head_that_was_noted(book: Any) -> None:
    head = book("ledger", "verify", "--json").report["head"]
    tamper(book.folder / "book.db", "DELETE FROM credit_transactions WHERE id = 3")

    outcome = book("ledger", "verify", "--expect-head", head, "--json")

    assert outcome.exit_code == 6
    assert "ledger.head" in {item["code"] for item in outcome.document["findings"]}


def test_a_backup_is_a_ledger_and_overwrites_nothing(book: Any) -> None:
    head = book("ledger", "verify", "--json").report["head"]
    outcome = book("ledger", "backup", "copy.db", "--json")
    again = book("ledger", "backup", "copy.db")

    assert (outcome.exit_code, outcome.report["head"], outcome.report["count"]) == (0, head, 3)
    assert again.exit_code == 6
    assert "already something" in again.stderr
    assert book("ledger", "verify", "--ledger", "copy.db", "--expect-head", head).exit_code == 0


def test_a_backup_is_taken_while_somebody_writes(book: Any) -> None:
    path = book.folder / "book.db"
    with (
        Ledger.open(path, account=None, livemode=None, clock=lambda: START) as ledger,
        ledger.transaction() as tx,
    ):
        tx.post(purchase(9).draft())
        outcome = book("ledger", "backup", "copy.db", "--json")

    assert (outcome.exit_code, outcome.report["count"]) == (0, 3)


# findings and resolve


def test_findings_are_listed_until_they_are_settled(book: Any) -> None:
    add_finding(book.folder / "book.db", PROPOSAL)

    found = book("ledger", "findings", "--json")
    settled = book("ledger", "resolve", "1", "--credit", "--reason", "agreed with the buyer", "--json")
    rest = book("ledger", "findings", "--json")
    shown = book("ledger", "findings", "--status", "all")

    assert (found.exit_code, found.document["findings"][0]["code"]) == (1, "fulfilment.amount")
    assert (settled.exit_code, settled.report["balance"]) == (0, 1000)
    assert settled.report["entry"]["note"] == "agreed with the buyer"
    assert (rest.exit_code, rest.report["count"]) == (0, 0)
    assert shown.exit_code == 0
    assert "cs_9 paid [too] little" in shown.stdout
    assert "credited: agreed with the buyer" in shown.stdout


def test_a_finding_is_dismissed_with_a_reason_and_only_once(book: Any) -> None:
    add_finding(book.folder / "book.db", None)

    credit = book("ledger", "resolve", "1", "--credit", "--reason", "x")
    dismissed = book("ledger", "resolve", "1", "--dismiss", "--reason", "a test of ours")
    again = book("ledger", "resolve", "1", "--dismiss", "--reason", "a test of ours")

    assert (credit.exit_code, dismissed.exit_code, again.exit_code) == (2, 0, 2)
    assert "proposes no purchase" in credit.stderr
    assert "Finding 1 is dismissed: a test of ours" in dismissed.stdout
    assert "dismissed already" in again.stderr


def test_what_a_finding_leaves_open_is_said_by_the_operator(book: Any) -> None:
    add_finding(book.folder / "book.db", Proposal("pi_9", "cs_9", None, None, 900, "usd", None, START))
    usual = ["ledger", "resolve", "1", "--reason", "seen"]

    missing = book(*usual, "--credit")
    done = book(*usual, "--credit", "--user", "user9", "--credits", "900", "--json")

    assert missing.exit_code == 2
    assert "--user and --credits" in missing.stderr
    assert (done.report["entry"]["user_id"], done.report["balance"]) == ("user9", 900)


@pytest.mark.parametrize(
    "arguments", [["--reason", "x"], ["--dismiss", "--reason", "x", "--user", "u"], ["--dismiss"], ["--credit"]]
)
def test_a_settlement_that_is_not_clear_is_refused(book: Any, arguments: list[str]) -> None:
    add_finding(book.folder / "book.db", PROPOSAL)

    assert book("ledger", "resolve", "1", *arguments).exit_code == 2


def test_findings_as_json_lines(book: Any) -> None:
    add_finding(book.folder / "book.db", PROPOSAL)

    outcome = book("ledger", "findings", "--jsonl")

    assert outcome.exit_code == 1
    assert json.loads(outcome.stdout)["proposal"]["credits"] == 1000


OPERATIONS: list[Callable[[Any], Any]] = [
    lambda book: book("ledger", "balance"),
    lambda book: book("ledger", "history"),
    lambda book: book("ledger", "verify"),
    lambda book: book("ledger", "findings"),
    lambda book: book("ledger", "balance", "user1"),
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_people_read_ends_with_what_to_run_next(book: Any, operation: Callable[[Any], Any]) -> None:
    assert "Next: " in operation(book).stdout.splitlines()[-1]
