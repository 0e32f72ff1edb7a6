"""Whatever a file holds, an import ends in a report or in a sentence, and what was written holds together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.errors import ConfigurationError, UsageError
from creditctl.ledger.store import Ledger
from creditctl.sources.files import open_file
from creditctl.sources.importer import Import, Spool
from creditctl.sources.row import RowReader
from creditctl.sources.source import FIELDS, ColumnMap
from tests.support.clock import NOW
from tests.support.ledger_calls import read

HEADER = b"created,user_id,kind,credits,amount,currency,payment_key,livemode,id\n"
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["purchase", "usd", "false", "1", "-1", "1790000000", "2026-11-01", "9" * 40, "\0", "\ud800"])
    | st.lists(st.none(), max_size=1)
    | st.dictionaries(st.text(max_size=1), st.none(), max_size=1)
)
LINES = st.lists(st.dictionaries(st.sampled_from(FIELDS), VALUES), max_size=6)
PLAUSIBLE = {
    "created": NOW,
    "user_id": "u",
    "kind": "purchase",
    "credits": 1000,
    "amount": 1000,
    "currency": "usd",
    "payment_key": "pi_1",
    "livemode": False,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("anything")


def imported(path: Path) -> None:
    """Imports a file as far as it goes, and proves the ledger afterwards."""
    with Ledger.open(path.with_name("ledger.db"), account="acct_1", livemode=False, clock=lambda: 1) as ledger:
        try:
            source = open_file(path, ColumnMap(), format=None, name=None, delimiter=None)
            work = Import(ledger, source, RowReader("app", source.row_field, "acct_1", False, {}))
            before = read(ledger).count()
            with Spool(path.parent) as spool:
                checked = work.check(spool)
                done = work.load(spool, checked)
        except (ConfigurationError, UsageError):
            return
        assert done.read == done.new + done.existing + done.repeated + done.refused
        assert read(ledger).count() == before + done.new
        assert read(ledger).verify().ok


@given(st.binary(max_size=200))
def test_any_bytes_as_csv(folder: Path, content: bytes) -> None:
    path = folder / "app.csv"
    path.write_bytes(HEADER + content)

    imported(path)


@given(st.binary(max_size=200))
def test_any_bytes_as_json_lines(folder: Path, content: bytes) -> None:
    path = folder / "app.jsonl"
    path.write_bytes(json.dumps(PLAUSIBLE).encode() + b"\n" + content)

    imported(path)


@given(LINES)
def test_any_values_in_json_lines(folder: Path, lines: list[dict[str, Any]]) -> None:
    path = folder / "app.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (PLAUSIBLE, *lines)))

    imported(path)


@given(st.lists(st.tuples(st.sampled_from(FIELDS), VALUES), max_size=6))
def test_one_odd_value_in_a_plausible_row(folder: Path, changes: list[tuple[str, Any]]) -> None:
    path = folder / "app.jsonl"
    path.write_text("".join(json.dumps(PLAUSIBLE | {name: value}) + "\n" for name, value in [("id", 1), *changes]))

    imported(path)
