"""File sources: CSV and JSON lines give their rows in our words, with their lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError, UsageError
from tests.support.clock import NOW
from tests.support.source_files import HEADER, ROW, opened, said, written


def test_a_csv_file_gives_its_rows_in_our_words_with_their_lines(tmp_path: Path) -> None:
    source = opened(written(tmp_path, f"\ufeff{HEADER},extra\n{ROW},x\n\n{ROW},y\n"))

    rows = said(source)

    assert [line for line, _ in rows] == [2, 4]
    assert rows[0][1]["user_id"] == "u1"
    assert rows[0][1]["note"] is None
    assert (source.name, source.row_field, source.ignored) == ("app", None, ("extra",))


def test_a_record_over_several_lines_counts_as_its_first(tmp_path: Path) -> None:
    source = opened(written(tmp_path, f'{HEADER},note\r\n{ROW},"two\r\nlines"\r\n{ROW},one\r\n'))

    assert [(line, row["note"]) for line, row in said(source)] == [(2, "two\r\nlines"), (4, "one")]


def test_a_row_of_another_width_is_bad_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = said(opened(written(tmp_path, f"{HEADER}\n{ROW},more\n{ROW}\n")))

    assert rows[0] == (2, "it has 9 columns, and the header has 8")
    assert rows[1][1]["payment_key"] == "pi_1"


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two columns 'kind'"):
        opened(written(tmp_path, f"{HEADER},kind\n"))


@pytest.mark.parametrize("content", [b"\xff\xfe,x\n1,2\n", f'{HEADER}\n"open\n'.encode()])
def test_a_file_that_is_no_text_or_no_csv_is_named(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)

    with pytest.raises(ConfigurationError, match=r"Cannot read .*app\.csv"):
        said(opened(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        opened(tmp_path / "gone.csv")


def test_json_lines_give_their_values_as_they_are(tmp_path: Path) -> None:
    row = dict(zip(HEADER.split(","), [NOW, "u1", "purchase", 1000, 10.5, "usd", "pi_1", False], strict=True))
    lines = [json.dumps(row), "", "[1]", "{", '{"user_id": "\\ud800"}', json.dumps({"created": 1})]
    source = opened(written(tmp_path, "\n".join(lines), "app.jsonl"))

    rows = said(source)

    assert [line for line, _ in rows] == [1, 3, 4, 5, 6]
    assert (rows[0][1]["amount"], rows[0][1]["livemode"]) == (10.5, False)
    assert rows[1][1] == "it is not a JSON object"
    assert rows[2][1].startswith("it is not JSON: ")
    assert rows[3][1].startswith("it is not JSON: ")
    assert rows[4][1]["created"] == 1
    assert rows[4][1]["user_id"] is None


def test_the_format_is_told_by_the_suffix_or_by_the_operator(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER}\n{ROW}\n".replace(",", ";"), "app.txt")

    with pytest.raises(UsageError, match=r"app\.txt may be CSV or JSON lines"):
        opened(path)
    assert len(said(opened(path, format="csv", delimiter=";"))) == 1
    tabs = written(tmp_path, f"{HEADER}\n{ROW}\n".replace(",", "\t"), "app.tsv")
    assert len(said(opened(tabs))) == 1


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_the_delimiter_and_the_encoding_are_found(tmp_path: Path, mark: str) -> None:
    text = f"{HEADER}\n{ROW}\n".replace(",", mark).replace("u1", "Jörg")

    (found,) = said(opened(written(tmp_path, text.encode("cp1252"))))

    assert found[1]["user_id"] == "Jörg"


def test_a_key_that_comes_only_later_in_json_lines_is_kept(tmp_path: Path) -> None:
    values = dict(zip(HEADER.split(","), ROW.split(","), strict=True))
    lines = [json.dumps(values), json.dumps({**values, "session_id": "cs_test_a1"})]

    rows = said(opened(written(tmp_path, "\n".join(lines), "app.jsonl")))

    assert [row[1]["session_id"] for row in rows] == [None, "cs_test_a1"]
