"""Files as sources: delimiters, encodings, numbers and dates are found; no column of JSON lines is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import SourceSection
from creditctl.sources.reading.file_rows import FileRows, pairs_of_file
from creditctl.sources.reading.raw_rows import OpenRows

NAMES = ("created", "user_id", "kind", "credits", "amount", "payment_key")
HEADER = ",".join(NAMES)
ROW = "2026-11-01,u1,purchase,1000,1000,pi_1"


def opened(folder: Path, content: str | bytes, name: str = "rows.csv") -> FileRows:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(data)
    return FileRows(folder / name, SourceSection(file=name))


def rows(opened: OpenRows) -> list[tuple[dict[str, object], int | None]]:
    return [(dict(row.columns), row.line) for row in opened.rows((*NAMES, "session"))]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiter_and_encoding_are_found(tmp_path: Path, mark: str, encoding: str) -> None:
    text = f"{HEADER}\r\n{ROW}\r\n".replace(",", mark).replace("u1", "Jörg")
    with opened(tmp_path, text.encode(encoding)).reading() as found:
        assert rows(found) == [(dict(zip(NAMES, ROW.replace("u1", "Jörg").split(","), strict=True)), 2)]
        assert bool(found.notes) is (encoding == "cp1252")


def test_a_line_that_names_the_delimiter_is_none_of_the_rows(tmp_path: Path) -> None:
    with opened(tmp_path, f"sep=;\n{HEADER}\n{ROW}\n".replace(",", ";")).reading() as found:
        assert [line for _, line in rows(found)] == [3]


def test_a_record_over_several_lines_counts_as_its_first(tmp_path: Path) -> None:
    text = f"{HEADER}\n{ROW.replace('u1', chr(34) + 'a' + chr(10) + 'b' + chr(34))}\n\n,,,,,\n{ROW}\n"
    with opened(tmp_path, text).reading() as found:
        assert [(row["user_id"], line) for row, line in rows(found)] == [("a\nb", 2), ("u1", 6)]


def test_json_lines_whose_columns_differ_lose_none(tmp_path: Path) -> None:
    lines = (
        '{"created": 1, "user_id": "u1", "kind": "usage", "credits": 1}\n\n'
        '{"created": 2, "user_id": "u2", "kind": "purchase", "credits": 2, "payment_key": "x", "session": "cs_1"}\n'
    )
    with opened(tmp_path, lines, "rows.jsonl").reading() as found:
        assert "session" in (found.columns or ())
        assert [(row.get("session"), line) for row, line in rows(found)] == [(None, 1), ("cs_1", 3)]


def test_a_json_array_is_taken(tmp_path: Path) -> None:
    text = '[{"created": 1, "user_id": "u1", "kind": "usage", "credits": 1, "payment_key": null}]'
    with opened(tmp_path, text, "rows.json").reading() as found:
        assert len(rows(found)) == 1


def test_numbers_and_dates_are_read_as_the_file_writes_them(tmp_path: Path) -> None:
    text = (
        (
            f"{HEADER}\n03/04/2026,u1,purchase,1.000,x,pi_1\n11/28/2026,u1,purchase,2.500,x,pi_2\n"
            "11/29/2026,u1,usage,12,x,pi_2\n"
        )
        .replace(",", ";")
        .replace(";x;", ";10,50;")
    )
    with opened(tmp_path, text).reading() as found:
        assert found.habits.month_first
        assert found.habits.marks == {"credits": ",", "amount": ","}


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (f"{HEADER},created\n", "r.csv", "two columns 'created'"),
        (f"{HEADER}\n{ROW},7\n", "r.csv", "line 2 has 7 columns"),
        ('{"a": 1\n', "r.jsonl", "line 1 is not JSON"),
        ('{"created": 1}\n[1]\n', "r.jsonl", "line 2 is no JSON object"),
        ("[1]", "r.json", "1. element is no object"),
        (f"{HEADER}\n28/11/2026,u,usage,1,1,x\n11/28/2026,u,usage,1,1,x\n", "r.csv", "day first"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message), opened(tmp_path, text, name).reading() as found:
        rows(found)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="No such file"),
        FileRows(tmp_path / "gone.csv", SourceSection(file="gone.csv")).reading(),
    ):
        pass


def test_pairs_come_from_the_first_two_columns(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("id;auth\n5;auth0|x\n6;auth0|y\n")
    assert list(pairs_of_file(tmp_path / "users.csv")) == [("5", "auth0|x"), ("6", "auth0|y")]
