"""Source of an import: columns are mapped and set, rows told apart, sources named."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.core.errors import UsageError
from creditctl.sources.source import FIELDS, ColumnMap, source_name
from tests.support.source_files import HEADER, ROW, opened, said, written


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


def test_rows_are_told_apart_by_id_before_key(tmp_path: Path) -> None:
    both = opened(written(tmp_path, f"{HEADER},idempotency_key,id\n"))
    key = opened(written(tmp_path, f"{HEADER},idempotency_key\n"))

    assert (both.row_field, key.row_field) == ("id", "idempotency_key")


def test_names_of_sources_fit_into_keys() -> None:
    assert source_name("My export (2)", given=False) == "My_export_2"
    assert source_name("app-1", given=True) == "app-1"
    for bad in ("a:b", "", "a b"):
        with pytest.raises(UsageError, match="cannot name"):
            source_name(bad, given=True)
