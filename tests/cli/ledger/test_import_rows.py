"""`creditctl ledger import` as an operator meets it: plan, bad rows, databases, and running it again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.ledger.store import Ledger
from tests.support.cli import Cli
from tests.support.clock import NOW

HEADER = "created,user_id,kind,credits,amount,currency,payment_key,package,livemode"


@pytest.fixture
def book(offline_cli: Cli) -> Cli:
    """The command line, and an empty ledger of test mode."""
    path = offline_cli.folder / "book.db"
    Ledger.open(path, account="acct_1", livemode=False, clock=offline_cli.clock).close()
    offline_cli.environ["CREDITCTL_LEDGER"] = "book.db"
    return offline_cli


def write(book: Cli, *lines: str, name: str = "app.csv", header: str = HEADER) -> Path:
    path: Path = book.folder / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def row(n: int, **changes: str) -> str:
    usual = dict(
        zip(
            HEADER.split(","),
            f"179000000{n},u{n},purchase,1000,1000,usd,pi_{n},starter,false".split(","),
            strict=True,
        )
    )
    return ",".join((usual | changes).values())


def test_a_dry_run_is_the_plan_and_writes_nothing(book: Cli) -> None:
    write(book, row(1), row(2))

    outcome = book("ledger", "import", "app.csv", "--dry-run", "--json")

    assert outcome.exit_code == 0
    assert (outcome.report["written"], outcome.report["new"]) == (False, 2)
    assert outcome.report["credits_by_kind"] == {"purchase": 2000}
    assert outcome.report["samples"][0]["idempotency_key"] == "import:app:2"
    assert book("ledger", "balance", "--json").report["balances"] == []


def test_a_dry_run_with_bad_rows_says_how_to_mend_them(book: Cli) -> None:
    write(book, row(1, amount="ten"))
    only_bad = book("ledger", "import", "app.csv", "--dry-run")
    write(book, row(1, amount="ten"), row(2))
    some_bad = book("ledger", "import", "app.csv", "--dry-run")

    assert (only_bad.exit_code, some_bad.exit_code) == (0, 0)
    assert only_bad.stdout.splitlines()[-1] == "Nothing was written. Next: correct the rows above and import again"
    assert "Next: correct the rows above, or import the good ones with --skip-bad" in some_bad.stdout


def test_an_import_is_written_and_running_it_again_changes_nothing(book: Cli) -> None:
    write(book, row(1), row(2))

    first = book("ledger", "import", "--yes", "app.csv")
    again = book("ledger", "import", "--yes", "app.csv", "--json")

    assert first.exit_code == 0
    assert "Wrote 2 entries. Next: `creditctl reconcile`" in first.stdout
    assert (again.exit_code, again.report["existing"], again.report["written"]) == (0, 2, False)
    assert book("ledger", "verify").exit_code == 0


def test_with_a_bad_row_nothing_is_written_unless_that_is_wanted(book: Cli) -> None:
    write(book, row(1), row(2, amount="10.00"), row(3, kind="gift"))

    refused = book("ledger", "import", "--yes", "app.csv", "--json")
    nothing = book("ledger", "balance", "--json").report["balances"]
    shown = book("ledger", "import", "--yes", "app.csv")
    skipped = book("ledger", "import", "--yes", "app.csv", "--skip-bad", "--json")
    write(book, row(1), row(2), row(3))
    mended = book("ledger", "import", "--yes", "app.csv", "--json")

    assert (refused.exit_code, nothing) == (1, [])
    assert [item["subject"] for item in refused.document["findings"]] == ["line 3", "line 4"]
    assert "line 3: amount '10.00' is not a whole number, in minor units (cents) of the currency" in shown.stdout
    assert "--skip-bad" in shown.stdout.splitlines()[-1]
    assert (skipped.exit_code, skipped.report["new"], skipped.report["bad"]) == (1, 1, 2)
    assert (mended.exit_code, mended.report["new"], mended.report["existing"]) == (0, 2, 1)


def test_columns_and_kinds_are_mapped(book: Cli) -> None:
    write(book, "1790000000,u1,topup,1000,1000,pi_1", header="ts,customer,type,points,cents,intent")

    outcome = book(
        *("ledger", "import", "--yes", "app.csv", "--map-kind", "topup=purchase", "--set", "currency=usd"),
        *("--set", "livemode=false", "--map", "created=ts", "--map", "user_id=customer", "--map", "kind=type"),
        *("--map", "credits=points", "--map", "amount=cents", "--map", "payment_key=intent", "--name", "legacy"),
    )

    assert outcome.exit_code == 0
    entry = book("ledger", "history", "--json").report["entries"][0]
    assert (entry["kind"], entry["currency"], entry["idempotency_key"]) == ("purchase", "usd", "import:legacy:2")


def test_columns_that_nothing_is_taken_from_are_named(book: Cli) -> None:
    write(book, row(1) + ",x", header=HEADER + ",colour")

    assert "Columns that nothing was taken from: colour." in book("ledger", "import", "--yes", "app.csv").stdout


def test_rows_of_the_other_mode_can_be_passed_over(book: Cli) -> None:
    write(book, row(1), row(2, livemode="true"))

    refused = book("ledger", "import", "--yes", "app.csv", "--json")
    passed = book("ledger", "import", "--yes", "app.csv", "--skip-other-mode", "--json")

    assert (refused.exit_code, refused.report["bad"]) == (1, 1)
    assert (passed.exit_code, passed.report["new"], passed.report["other_mode"]) == (0, 1, 1)


def test_a_file_in_which_lines_have_moved_is_not_imported(book: Cli) -> None:
    write(book, row(1), row(2))
    book("ledger", "import", "--yes", "app.csv")
    write(book, row(3), row(1), row(2))

    outcome = book("ledger", "import", "--yes", "app.csv", "--skip-bad")

    assert outcome.exit_code == 1
    assert "lines have moved" in outcome.stdout.splitlines()[-1]
    assert book("ledger", "history", "--json").report["entries"][-1]["payment_key"] == "pi_2"


def test_the_same_file_under_another_name_is_refused(book: Cli) -> None:
    write(book, row(1), name="october.csv")
    write(book, row(1), row(2), name="november.csv")
    book("ledger", "import", "--yes", "october.csv")

    refused = book("ledger", "import", "--yes", "november.csv")
    named = book("ledger", "import", "--yes", "november.csv", "--name", "october", "--json")

    assert refused.exit_code == 1
    assert "import:october:2" in refused.stdout
    assert (named.exit_code, named.report["new"], named.report["existing"]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "one source"),
        (["app.csv", "--url-env", "DATABASE_URL"], 2, "one source"),
        (["gone.csv"], 3, "no such file"),
        (["app.txt"], 2, "--format csv"),
        (["app.csv", "--format", "xml"], 2, "csv or jsonl"),
        (["app.csv", "--map", "customer"], 2, "ours=value"),
        (["app.csv", "--name", "a b"], 2, "--name"),
        (["--url-env", "DATABASE_URL"], 3, "DATABASE_URL is not set"),
        (["oracle://x/y"], 2, "no URL of a database"),
        (["sqlite:///book.db"], 2, "is the ledger itself"),
        (["sqlite:///gone.db"], 5, "unable to open"),
        (["app.csv", "--ledger", "gone.db"], 6, "There is no ledger"),
    ],
)
def test_what_cannot_be_imported_is_refused(book: Cli, arguments: list[str], code: int, words: str) -> None:
    write(book, row(1))
    (book.folder / "app.txt").write_text("")

    outcome = book(
        "ledger", "import", *arguments, *([] if "gone.db" in arguments else ["--table", "credit_transactions"])
    )

    assert outcome.exit_code == code
    assert words in outcome.stderr
    assert not (book.folder / "gone.db").exists()


def test_a_password_on_the_command_line_is_refused_and_not_repeated(book: Cli) -> None:
    outcome = book("ledger", "import", "--yes", "postgresql://app:" + "s3cr" + "et@127.0.0.1/app")

    assert outcome.exit_code == 2
    assert "--url-env DATABASE_URL" in outcome.stderr
    assert "s3cret" not in outcome.stdout + outcome.stderr


def make_application(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE credit_transactions (id INTEGER PRIMARY KEY, {HEADER})")
        for n in (1, 2):
            values = (n, NOW + n, f"u{n}", "purchase", 1000, 1000, "usd", f"pi_{n}", "starter", 0)
            connection.execute("INSERT INTO credit_transactions VALUES (?,?,?,?,?,?,?,?,?,?)", values)
        connection.commit()


def test_an_applications_table_is_imported_by_its_url(book: Cli) -> None:
    make_application(book.folder / "app.db")

    first = book("ledger", "import", "--yes", "sqlite:///app.db", "--json")
    again = book("ledger", "import", "--yes", "sqlite:///app.db")

    assert (first.exit_code, first.report["new"], first.report["source"]) == (0, 2, "app.credit_transactions")
    assert "2 there already" in again.stdout


def test_the_url_may_stand_in_the_env_file(book: Cli) -> None:
    make_application(book.folder / "app.db")
    book.write_env(["DATABASE_URL=sqlite:///app.db"])

    outcome = book("ledger", "import", "--yes", "--url-env", "DATABASE_URL", "--json")

    assert (outcome.exit_code, outcome.report["new"]) == (0, 2)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://app:SECRET@127.0.0.1:5x/app", 2),
        ("postgresql://app:p@SECRET@127.0.0.1:1/app", 5),
        ("postgresql://127.0.0.1:1/app?password=SECRET", 5),
    ],
)
def test_no_password_of_a_variable_is_in_any_output(book: Cli, url: str, code: int) -> None:
    secret = "s3cr" + "et"
    book.environ["DATABASE_URL"] = url.replace("SECRET", secret)

    for more in ([], ["--json"]):
        outcome = book("ledger", "import", "--yes", "--url-env", "DATABASE_URL", "--table", "t", *more)
        assert outcome.exit_code == code
        assert secret not in outcome.stdout + outcome.stderr


def application_of_another_shape(path: Path) -> None:
    """Amounts in dollars, a status, names of its own."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            'CREATE TABLE log ("entryId" INTEGER PRIMARY KEY, at TEXT, account TEXT, what TEXT, points NUMERIC,'
            " paid NUMERIC, intent TEXT, state TEXT)"
        )
        for n, state in ((1, "done"), (2, "open"), (3, "done")):
            values = (n, "2026-09-20 10:00:00", f"u{n}", "topup", 1000, 12.5, f"pi_{n}", state)
            connection.execute("INSERT INTO log VALUES (?,?,?,?,?,?,?,?)", values)
        connection.commit()


MAPPED = (
    *("--table", "log", "--set", "currency=usd", "--set", "livemode=false", "--map-kind", "topup=purchase"),
    *("--map", "id=entryId", "--map", "created=at", "--map", "user_id=account", "--map", "kind=what"),
    *("--map", "credits=points", "--map", "amount=paid", "--map", "payment_key=intent"),
)


def test_some_rows_of_a_table_are_imported_with_amounts_in_dollars(book: Cli) -> None:
    application_of_another_shape(book.folder / "app.db")
    only = ("--amounts", "major", "--where", "state = 'done'")

    first = book("ledger", "import", "sqlite+pysqlite:///app.db", *MAPPED, *only, "--yes", "--json")
    with closing(sqlite3.connect(book.folder / "app.db")) as connection:
        connection.execute("UPDATE log SET state = 'done'")
        connection.commit()
    again = book("ledger", "import", "sqlite:///app.db", *MAPPED, *only, "--yes", "--json")

    assert (first.exit_code, first.report["new"]) == (0, 2), first.stdout + first.stderr
    assert (again.exit_code, again.report["new"], again.report["existing"]) == (0, 1, 2)
    assert {entry["amount"] for entry in book("ledger", "history", "--json").report["entries"]} == {1250}


def test_a_column_of_a_condition_that_is_not_there_is_named(book: Cli) -> None:
    write(book, row(1))

    application_of_another_shape(book.folder / "app.db")

    for place in (["app.csv"], ["sqlite:///app.db", *MAPPED]):
        outcome = book("ledger", "import", *place, "--where", "colour = 'red'")
        assert (outcome.exit_code, "no column 'colour'" in outcome.stderr) == (3, True), outcome.stderr


def test_where_and_amounts_hold_for_a_file_too(book: Cli) -> None:
    write(book, row(1, amount="10.00"), row(2, amount="10.00", user_id="u9"))

    outcome = book("ledger", "import", "app.csv", "--where", "user_id != 'u9'", "--amounts", "major", "--yes", "--json")

    assert (outcome.exit_code, outcome.report["new"]) == (0, 1), outcome.stdout
    assert book("ledger", "history", "--json").report["entries"][0]["amount"] == 1000


def test_the_mapping_of_the_project_file_reads_another_database_too(book: Cli) -> None:
    application_of_another_shape(book.folder / "old.db")
    (book.folder / "creditctl.toml").write_text(
        '[source]\ntable = "log"\namounts = "major"\nwhere = "state = \'done\'"\n[source.columns]\nid = "entryId"\n'
        'created = "at"\nuser_id = "account"\nkind = "what"\ncredits = "points"\namount = "paid"\n'
        'payment_key = "intent"\n[source.kind]\ntopup = "purchase"\n'
    )

    outcome = book("ledger", "import", "sqlite:///old.db", "--set", "currency=usd", "--yes", "--json")
    narrower = book("ledger", "import", "sqlite:///old.db", "--where", "points > 5000", "--dry-run", "--json")

    assert (outcome.exit_code, outcome.report["new"]) == (0, 2), outcome.stdout + outcome.stderr
    assert narrower.report["read"] == 0
    (book.folder / "creditctl.toml").unlink()
    assert {entry["amount"] for entry in book("ledger", "history", "--json").report["entries"]} == {1250}
