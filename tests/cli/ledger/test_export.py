"""`creditctl ledger export`: every entry, streamed, into a new file, and importable elsewhere."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

from creditctl.cli.app import run
from tests.support.cli import Cli
from tests.support.ledger_books import fill


def test_export_streams_every_entry(book: Cli) -> None:
    as_csv = list(csv.DictReader(io.StringIO(book("ledger", "export").stdout)))
    as_lines = [json.loads(line) for line in book("ledger", "export", "--format", "jsonl").stdout.splitlines()]

    assert (
        [row["payment_key"] for row in as_csv] == [row["payment_key"] for row in as_lines] == ["pi_1", "pi_2", "pi_3"]
    )
    assert book("ledger", "export", "--json").report["count"] == 3


def test_export_writes_a_new_file_and_no_other(book: Cli) -> None:
    first = book("ledger", "export", "--output", "out.csv", "--json")
    again = book("ledger", "export", "--output", "out.csv")

    assert (first.report["count"], again.exit_code) == (3, 3)
    assert len((book.folder / "out.csv").read_text().splitlines()) == 4
    assert "already something" in again.stderr


def test_what_was_exported_can_be_imported_elsewhere(book: Cli) -> None:
    book("ledger", "export", "--output", "out.csv")
    fill(book.folder / "other.db", 0)

    outcome = book("ledger", "import", "out.csv", "--yes", "--ledger", "other.db", "--json")

    assert (outcome.exit_code, outcome.report["new"]) == (0, 3)
    assert (
        book("ledger", "balance", "--ledger", "other.db", "--json").report == book("ledger", "balance", "--json").report
    )


def test_what_a_spreadsheet_would_run_is_defused_and_imported_as_it_was(book: Cli) -> None:
    odd = ["=HYPERLINK(1)", "'=1", "+49", "@x", "'plain"]
    for user in odd:
        given = ("--user", user, "--credits", "-5", "--reason", f"={user}", "--key", f"k{user}", "--yes")
        assert book("ledger", "adjust", *given).exit_code == 0
    book("ledger", "export", "--output", "out.csv")
    fill(book.folder / "other.db", 0)

    outcome = book("ledger", "import", "out.csv", "--ledger", "other.db", "--yes", "--json")

    assert (outcome.exit_code, outcome.report["new"]) == (0, 3 + len(odd))
    with (book.folder / "out.csv").open(newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert {cell for cell in cells if cell[:1] in ("=", "+", "-", "@")} == {"-5"}
    for user in odd:
        here, there = (
            book("ledger", "history", "--user", user, "--json", *more).report["entries"]
            for more in ((), ("--ledger", "other.db"))
        )
        assert [(row["credits"], row["note"]) for row in here] == [(-5, f"={user}")]
        key = f"(application key adjustment:k{user})"
        assert [(row["credits"], row["note"]) for row in there] == [(-5, f"={user} {key}")]


def test_an_export_to_a_pipe_is_exact_and_a_list_for_people_spelled_out(book: Cli) -> None:
    odd = "user\u202e_1 محمد"
    for user in (odd, "می\u200cخواهم"):
        given = ("--user", user, "--credits", "5", "--reason", f"for {user}", "--key", f"k{user}", "--yes")
        assert book("ledger", "adjust", *given).exit_code == 0
    exported = book("ledger", "export").stdout
    (book.folder / "out.csv").write_text(exported, encoding="utf-8")
    fill(book.folder / "other.db", 0)

    outcome = book("ledger", "import", "out.csv", "--ledger", "other.db", "--yes", "--json")
    listed = book("ledger", "history", "--csv").stdout

    assert outcome.report["new"] == 5
    there = book("ledger", "export", "--ledger", "other.db").stdout
    assert [row["user_id"] for row in csv.DictReader(io.StringIO(there))][-2:] == [odd, "می\u200cخواهم"]
    assert "\u202e" not in listed
    assert "user\\u202e_1 محمد" in listed


def test_a_csv_is_utf_8_whatever_the_locale(book: Cli) -> None:
    given = ("--user", "محمد", "--credits", "5", "--reason", "gift", "--key", "k", "--yes")
    assert book("ledger", "adjust", *given).exit_code == 0
    data = io.BytesIO()
    stdout = io.TextIOWrapper(data, encoding="ascii", errors="replace")

    code = run(["ledger", "history", "--csv"], replace(book.wiring(), stdout=stdout))
    stdout.flush()

    assert code == 0
    assert ",محمد," in data.getvalue().decode()
