"""The fields of an imported entry are the ledger's columns, in their order, and every value stands under its name."""

from __future__ import annotations

from creditctl.ledger.hashchain.chain import COLUMNS
from creditctl.sources.imported_entry import ImportedEntry, identity_of
from creditctl.sources.row import RowReader
from creditctl.sources.source import FIELDS
from tests.support.clock import NOW


def test_its_fields_are_the_columns_of_the_ledger_that_a_row_fills() -> None:
    assert ("id", "recorded", *ImportedEntry._fields, "hash") == COLUMNS


def test_the_row_reader_puts_every_value_under_its_name() -> None:
    values = {name: f"the {name}" for name in FIELDS} | {
        "created": "1790000000",
        "kind": "adjustment",
        "credits": "7",
        "amount": "9",
        "currency": "usd",
        "livemode": "false",
        "payment_key": "pi_1",
        "session_id": "cs_1",
    }
    entry = RowReader("app", "id", "acct_1", False, {})(1, [values[name] for name in FIELDS])

    assert entry == ImportedEntry(
        created=NOW,
        user_id="the user_id",
        kind="adjustment",
        credits=7,
        amount=9,
        currency="usd",
        payment_key="pi_1",
        session_id="cs_1",
        object_id="the object_id",
        package="the package",
        idempotency_key="import:app:the id",
        source_event="the source_event",
        corrects="import:app:the corrects",
        account="acct_1",
        livemode=0,
        note="the note (application key the idempotency_key)",
    )


def test_a_payment_is_purchased_once_but_may_be_refunded_in_parts() -> None:
    assert identity_of("pi_1", "purchase", 1000, 900) == identity_of("pi_1", "purchase", 500, 100)
    assert identity_of("pi_1", "refund", -1, -1) != identity_of("pi_1", "refund", -2, -1)
