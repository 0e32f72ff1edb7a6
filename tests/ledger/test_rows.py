"""Columns of the row mapping: each table of the ledger has the columns that its rows are read and written by."""

from __future__ import annotations

from dataclasses import fields

import pytest

from creditctl.ledger import finding_rows, rows
from creditctl.ledger.models import Entry
from creditctl.ledger.store import Ledger


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("facts", rows.FACT_COLUMNS),
        ("findings", finding_rows.FINDING_COLUMNS),
        ("deliveries", rows.DELIVERY_COLUMNS),
        ("runs", rows.RUN_COLUMNS),
        ("attestations", rows.ATTESTATION_COLUMNS),
    ],
)
def test_every_column_of_a_table_is_mapped(ledger: Ledger, table: str, columns: tuple[str, ...]) -> None:
    assert sorted(columns) == sorted(columns_of(ledger, table))


def test_an_entry_has_the_columns_of_its_table_in_their_order(ledger: Ledger) -> None:
    """The order is part of the hash; a column that is added moves none."""
    assert [field.name for field in fields(Entry)] == columns_of(ledger, "credit_transactions")
    assert columns_of(ledger, "credit_transactions") == list(rows.ENTRY_COLUMNS)


def columns_of(ledger: Ledger, table: str) -> list[str]:
    with ledger.reading() as view:
        return [name for (name,) in view.connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
