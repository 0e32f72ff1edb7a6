"""An application that counts hundredths of credits: what a row gives beside a whole pack is found, exactly."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.existing_shop import ExistingShop

TABLE = "CREATE TABLE credit_transactions (id INTEGER PRIMARY KEY, created, user_id, kind, credits, payment_key)"


@pytest.mark.parametrize(
    ("given", "said", "what"),
    [
        ("1000.00", None, None),
        ("999.75", "999.75", "give 0.25 of a credit to user u1"),
        ("1000.50", "1,000.5", "take 0.5 of a credit from user u1"),
        ("1.25", "1.25", "give 998.75 of a credit to user u1"),
    ],
)
def test_a_fraction_of_a_pack_is_named_as_it_is(
    cli: Cli, shop: ExistingShop, given: str, said: str | None, what: str | None
) -> None:
    sale = shop.buy("u1")
    cli.environ["DATABASE_URL"] = "sqlite:///app.db"
    (cli.folder / "creditctl.toml").write_text('[source]\ntable = "credit_transactions"\ncredit_decimals = 2\n')
    with closing(sqlite3.connect(cli.folder / "app.db")) as connection:
        connection.execute(TABLE)
        for kind, credits, key in (("purchase", given, sale.intent), ("usage", "-0.25", None)):
            row = (sale.created, sale.user, kind, credits, key)
            connection.execute(
                "INSERT INTO credit_transactions (created, user_id, kind, credits, payment_key) VALUES (?,?,?,?,?)", row
            )
        connection.commit()
    shop.later()

    found = cli("reconcile", "--json").document["findings"]

    assert [each["code"] for each in found] == ([] if said is None else ["reconcile.wrong_amount"])
    if said is not None and what is not None:
        assert f"due 1,000 credits and has {said}." in found[0]["message"]
        assert what in found[0]["fix"]
