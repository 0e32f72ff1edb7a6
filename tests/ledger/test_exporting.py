"""Entries as CSV and JSON lines, and files that are whole or not there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.errors import ConfigurationError
from creditctl.ledger.exporting import from_cell, new_file, to_cell, write_csv, write_json_lines
from creditctl.ledger.hashchain.chain import COLUMNS, GENESIS, entry_hash
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import read
from tests.support.ledgers import MakePurchase


@pytest.fixture
def filled(ledger: Ledger, purchase: MakePurchase) -> Ledger:
    with ledger.transaction() as tx:
        for n in (1, 2, 3):
            tx.post(replace(purchase(n, user_id=f'user "{n}", of Köln'), note="one line,\nand another"))
    return ledger


def test_csv_brings_every_column_back(filled: Ledger) -> None:
    stream = io.StringIO(newline="")

    count = write_csv(read(filled).export(), COLUMNS, stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))

    assert (count, list(rows[0])) == (3, list(COLUMNS))
    assert rows[1]["user_id"] == 'user "2", of Köln'
    assert rows[1]["note"] == "one line,\nand another"
    assert (rows[1]["livemode"], rows[1]["corrects"]) == ("0", "")


def test_json_lines_are_enough_to_recompute_the_chain(filled: Ledger) -> None:
    stream = io.StringIO()
    write_json_lines(read(filled).export(), stream)
    previous = GENESIS
    for line in stream.getvalue().splitlines():
        row = json.loads(line)
        previous = entry_hash(previous, [row[name] for name in COLUMNS[:-1]])

    assert previous == read(filled).head().hash


def test_booleans_are_0_and_1_in_csv() -> None:
    stream = io.StringIO()

    write_csv([{"a": True, "b": None}], ("a", "b"), stream)

    assert stream.getvalue() == "a,b\n1,\n"


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    with new_file(path) as stream:
        stream.write("half")
        assert not path.exists()

    assert path.read_text() == "half"
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]


def write(path: Path, meanwhile: Callable[[], object]) -> None:
    with new_file(path) as stream:
        stream.write("ours")
        meanwhile()


def test_a_file_that_failed_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "out.csv", lambda: 1 // 0)

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_even_when_it_comes_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    with pytest.raises(ConfigurationError, match="already something"):
        write(path, lambda: path.write_text("theirs"))
    with pytest.raises(ConfigurationError, match="already something"):
        write(path, lambda: pytest.fail("it was opened"))

    assert path.read_text() == "theirs"
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\uff201", "'\uff201"),
        ("'=1", "''=1"),
        ("''@a", "'''@a"),
        ("'quoted", "'quoted"),
        ("user_1", "user_1"),
        ("", ""),
    ],
)
def test_a_text_that_a_spreadsheet_would_run_is_a_text_there_and_comes_back(text: str, cell: str) -> None:
    assert to_cell(text) == cell
    assert from_cell(cell) == text


@pytest.mark.parametrize(("value", "cell"), [(-500, -500), (0, 0), (None, None), (True, 1)])
def test_numbers_stay_numbers(value: object, cell: object) -> None:
    assert to_cell(value) == cell


@given(st.text("'=+-@\t\r\na1 ", max_size=6))
def test_any_text_comes_back_from_a_file_of_cells(text: str) -> None:
    stream = io.StringIO(newline="")
    write_csv([{"note": text, "credits": -5}], ["note", "credits"], stream)
    _, row = csv.reader(io.StringIO(stream.getvalue(), newline=""), strict=True)

    assert (from_cell(row[0]), row[1]) == (text, "-5")
    assert row[0][:1] not in ("=", "+", "-", "@", "\t", "\r")


def test_for_people_what_does_not_print_is_spelled_out() -> None:
    stream = io.StringIO()
    write_csv([{"user": "\u202e=1\u200b"}, {"user": "=\u202e"}], ["user"], stream, for_people=True)
    assert stream.getvalue() == "user\n\\u202e=1\\u200b\n'=\\u202e\n"
