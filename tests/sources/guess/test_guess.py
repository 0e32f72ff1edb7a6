"""A mapping is proposed with its reasons, and what nothing says is said; it is never silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from creditctl.core.errors import UsageError
from creditctl.core.project_file.source import AmountUnit, SourceSection
from creditctl.sources.guess.guess import guess_source, propose
from creditctl.sources.guess.source_guess import SourceGuess
from creditctl.sources.reading.file_rows import FileRows
from creditctl.sources.reading.raw_rows import RawRow


def camel(n: int, **changes: Any) -> dict[str, Any]:
    paid = n % 2 == 1
    row = {
        "id": f"c{n}",
        "userId": f"u{n % 4}",
        "amount": 1000 if paid else -3,
        "type": "TOPUP" if paid else "GENERATION",
        "stripePaymentIntentId": f"pi_{n}x" if paid else None,
        "metadata": f'{{"stripe": {{"charge": "ch_{n}x"}}}}' if paid else None,
        "createdAt": "2026-09-01 10:00:00",
        "status": "COMPLETED",
        "isTest": 0,
        "balanceAfter": 5 * n,
        "email": "a@example.com",
    }
    return row | changes


def guessed(rows: list[dict[str, Any]]) -> SourceGuess:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return propose([RawRow(row, None) for row in rows], columns, SourceSection(table="t"))


def test_a_table_in_camel_case_is_understood() -> None:
    guess = guessed([camel(n) for n in range(10)])

    assert guess.whole, guess
    assert guess.section.columns == {
        "id": ("id",),
        "payment_key": ("stripePaymentIntentId", "metadata.stripe.charge"),
        "created": ("createdAt",),
        "user_id": ("userId",),
        "kind": ("type",),
        "status": ("status",),
        "credits": ("amount",),
        "livemode": ("!isTest",),
    }
    assert guess.section.kind == {"TOPUP": "purchase", "GENERATION": "usage"}
    assert all(line.reason for line in guess.lines)


def test_words_are_told_by_the_rows_that_have_them() -> None:
    rows = [camel(n) for n in range(10)]
    rows += [camel(n, type="burn", metadata=None) for n in range(20, 30, 2)]
    rows += [camel(n, type="pack") for n in range(31, 41, 2)]
    rows += [camel(n, type="hello", amount=5, stripePaymentIntentId=None, metadata=None) for n in range(41, 51, 2)]
    rows += [camel(n, type="refund", amount=5, stripePaymentIntentId=None, metadata=None) for n in range(51, 61, 2)]

    kinds = guessed(rows).section.kind

    assert kinds["burn"] == "usage"
    assert kinds["pack"] == "purchase"
    assert kinds["hello"] == "adjustment"
    assert kinds["refund"] == "adjustment"


def test_without_a_column_of_kinds_sign_and_payment_say_them() -> None:
    rows = [{k: v for k, v in camel(n, metadata=None).items() if k not in ("type", "status")} for n in range(10)]

    guess = guessed(rows)

    assert guess.whole, guess
    assert [rule.kind for rule in guess.section.rules] == ["purchase", "refund", "usage", "adjustment"]


def test_what_nothing_says_is_said() -> None:
    rows = [
        {"nr": n, "wer": f"u{n}", "art": "xyz", "wert": n, "am": "2026-09-01", "state": "odd" if n else "paid"}
        for n in range(5)
    ]

    guess = guessed(rows)

    assert not guess.whole
    assert [each.partition(":")[0] for each in guess.unknown] == ["payment_key", "user_id", "credits", "kind 'xyz'"]


def test_rows_that_do_not_fit_are_named() -> None:
    guess = guessed([*(camel(n) for n in range(30)), camel(99, amount=None)])

    assert guess.misfits == ("row c99: credits None is not a number",)


def test_money_and_decimals_are_found() -> None:
    rows = [camel(n, credits=f"{n}.50", amount=f"{n}0.00", currency="EUR", metadata=None) for n in range(10)]

    section = guessed(rows).section

    assert (section.columns["credits"], section.columns["amount"]) == (("credits",), ("amount",))
    assert (section.amounts, section.credit_decimals) == (AmountUnit.MAJOR, 1)
    assert section.columns["currency"] == ("currency",)


def test_deleted_rows_are_left_out() -> None:
    rows = [camel(n, deletedAt="2026-09-02" if n == 3 else None) for n in range(10)]

    assert guessed(rows).section.where == "deletedAt is null"


def test_a_file_is_guessed_and_an_empty_one_is_not(tmp_path: Path) -> None:
    text = "Nr;Datum;user_id;type;credits;pi\n1;01.09.2026;u1;purchase;1.000;pi_1a\n"
    text += "2;28.09.2026;u1;usage;-3;\n3;01.09.2026;u1;usage;-1,5;\n"
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "b.csv").write_text("a;b\n")
    place = SourceSection(file="a.csv")

    guess = guess_source(FileRows(tmp_path / "a.csv", place), place)

    assert guess.section.columns["created"] == ("Datum",)
    assert guess.whole, guess
    with pytest.raises(UsageError, match="no rows yet"):
        guess_source(FileRows(tmp_path / "b.csv", place), place)


@pytest.mark.parametrize(("name", "flag"), [("isLive", "isLive"), ("livemode", "livemode"), ("isTest", "!isTest")])
def test_a_flag_of_the_mode_is_never_taken_for_a_status(name: str, flag: str) -> None:
    """PostgreSQL hands out true and false, which are usual words of a status as well: all rows would be pending."""
    rows = [
        {k: v for k, v in camel(n, **{name: False}).items() if k not in {"status", "isTest"} - {name}}
        for n in range(10)
    ]

    columns = guessed(rows).section.columns

    assert columns.get("livemode") == (flag,)
    assert "status" not in columns


def test_the_end_of_a_path_is_a_name_where_no_column_has_it() -> None:
    rows = [camel(n) for n in range(10)]
    for row in rows:
        row["paid"] = '{"amountCents": 900, "currency": "usd"}' if row["stripePaymentIntentId"] else None

    columns = guessed(rows).section.columns

    assert (columns["amount"], columns["currency"]) == (("paid.amountCents",), ("paid.currency",))
