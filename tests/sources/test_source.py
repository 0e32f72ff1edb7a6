"""Where imported rows come from: column maps, CSV and JSON lines, told by their lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from creditctl.core.errors import ConfigurationError, UsageError
from creditctl.sources.files import FileSource, open_file
from creditctl.sources.source import FIELDS, BadRow, ColumnMap, source_name

HEADER = "created,user_id,kind,credits,amount,currency,payment_key,livemode"
ROW = "1790000000,u1,purchase,1000,1000,usd,pi_1,false"


def opened(path: Path, columns: ColumnMap | None = None, **options: Any) -> FileSource:
    return open_file(path, columns or ColumnMap(), **{"format": None, "name": None, "delimiter": None} | options)


def written(folder: Path, text: str | bytes, name: str = "app.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def said(source: FileSource) -> list[tuple[Any, Any]]:
    return [
        (line, str(values) if isinstance(values, BadRow) else dict(zip(FIELDS, values, strict=True)))
        for line, values in source.rows()
    ]


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


def test_columns_are_mapped_and_set(tmp_path: Path) -> None:
    path = written(tmp_path, "ts,customer,points,cents,stripe_id\n1790000000,u1,1000,1000,pi_1\n")
    columns = ColumnMap.parse(
        ["created=ts", "user_id=customer", "credits=points", "amount=cents", "payment_key=stripe_id"],
        ["kind=purchase", "currency=usd", "livemode=false"],
    )

    (row,) = said(opened(path, columns))

    assert row[1] | {"note": None} == dict.fromkeys(FIELDS) | {
        "created": "1790000000",
        "user_id": "u1",
        "kind": "purchase",
        "credits": "1000",
        "amount": "1000",
        "currency": "usd",
        "payment_key": "pi_1",
        "livemode": "false",
    }


def test_a_column_that_is_used_for_another_field_is_not_used_twice(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER},note\n{ROW},n1\n")

    (row,) = said(opened(path, ColumnMap.parse(["package=note"])))

    assert (row[1]["package"], row[1]["note"]) == ("n1", None)


@pytest.mark.parametrize(
    ("renamed", "constants", "message"),
    [
        (["customer"], [], "is not ours=value"),
        (["user=customer"], [], "'user' is no column of a ledger import"),
        (["user_id=a", "user_id=b"], [], "comes twice"),
        (["kind=type"], ["kind=purchase"], "both mapped and set"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused(renamed: list[str], constants: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ColumnMap.parse(renamed, constants)


def test_missing_columns_are_named_together_with_those_that_are_there(tmp_path: Path) -> None:
    path = written(tmp_path, "created,customer\n1,2\n")

    with pytest.raises(UsageError, match="no column for: user_id, kind, credits, amount") as caught:
        opened(path)
    assert "There are: created, customer." in caught.value.fix
    with pytest.raises(UsageError, match="has no column 'buyer'"):
        opened(path, ColumnMap.parse(["user_id=buyer"]))


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
    row = dict(zip(HEADER.split(","), [1_790_000_000, "u1", "purchase", 1000, 10.5, "usd", "pi_1", False], strict=True))
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


def test_rows_are_told_apart_by_id_before_key(tmp_path: Path) -> None:
    both = opened(written(tmp_path, f"{HEADER},idempotency_key,id\n"))
    key = opened(written(tmp_path, f"{HEADER},idempotency_key\n"))

    assert (both.row_field, key.row_field) == ("id", "idempotency_key")


def test_the_format_is_told_by_the_suffix_or_by_the_operator(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER}\n{ROW}\n".replace(",", ";"), "app.txt")

    with pytest.raises(UsageError, match=r"app\.txt may be CSV or JSON lines"):
        opened(path)
    assert len(said(opened(path, format="csv", delimiter=";"))) == 1
    tabs = written(tmp_path, f"{HEADER}\n{ROW}\n".replace(",", "\t"), "app.tsv")
    assert len(said(opened(tabs))) == 1


def test_names_of_sources_fit_into_keys() -> None:
    assert source_name("My export (2)", given=False) == "My_export_2"
    assert source_name("app-1", given=True) == "app-1"
    for bad in ("a:b", "", "a b"):
        with pytest.raises(UsageError, match="cannot name"):
            source_name(bad, given=True)
