"""A mapping is proposed with its reasons, and what nothing says is said; it is never silent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditctl.core.errors import UsageError
from creditctl.core.project_file.source import AmountUnit, SourceSection
from creditctl.core.project_file.writing import section_text
from creditctl.sources.guess.guess import guess_source, propose
from creditctl.sources.guess.source_guess import SourceGuess
from creditctl.sources.guess.writing import written_sections
from creditctl.sources.mapping.columns import FirstFilled
from creditctl.sources.mapping.places import Places
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


@pytest.mark.parametrize("written", [lambda ids: ids, json.dumps, lambda ids: ids[0].encode() if ids else None])
def test_payments_are_found_in_lists_and_in_bytes(written: Callable[[list[str]], object]) -> None:
    rows = [camel(n, stripePaymentIntentId=None, metadata=None) for n in range(10)]
    for n, row in enumerate(rows):
        row["stripe_ids"] = written([f"pi_{n}x", f"cs_test_{n}x"] if n % 2 else [])
        row["details"] = {"ids": [f"pi_{n}x"]} if n % 2 else {}

    guess = guessed(rows)

    assert guess.whole, guess
    assert set(guess.section.columns["payment_key"]) == {"stripe_ids", "details.ids"}


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


def ledger(n: int, direction: str, source: str, *, paid: bool = False, **more: Any) -> dict[str, Any]:
    """A row of a ledger whose numbers have no signs."""
    key = f"pi_{n}x" if paid else None
    row = {"id": n, "created_date": "2026-09-01 10:00:00", "app_user_id": n % 4, "amount": 10 + n, "payment_id": key}
    return {**row, "type": direction, "source": source, **more}


def test_a_word_says_what_gives_and_takes_where_numbers_have_no_sign() -> None:
    rows = [ledger(n, "credit", "purchase", paid=True) for n in range(10)]
    rows += [ledger(n, "debit", "generation") for n in range(10, 40)]
    rows += [ledger(n, "debit", "expiration") for n in range(40, 43)]
    rows += [ledger(n, "debit" if n % 3 else "credit", "chargeback", paid=True) for n in range(43, 50)]
    rows += [ledger(n, "debit" if n % 3 else "credit", "admin_adjustment") for n in range(50, 60)]

    guess = guessed(rows)

    assert guess.whole, guess
    assert (guess.section.columns["user_id"], guess.section.columns["created"]) == (("app_user_id",), ("created_date",))
    assert guess.section.columns["kind"] == ("source",)
    assert {word: guess.section.kind[word] for word in ("generation", "expiration", "chargeback")} == {
        "generation": "usage", "expiration": "usage", "chargeback": "dispute",
    }  # fmt: skip
    assert {rule.when: rule.kind for rule in guess.section.rules} == {
        "source = 'chargeback' and type = 'credit'": "dispute_reversal",
        "source = 'admin_adjustment' and type = 'credit'": "adjustment",
    }


def test_one_word_of_paid_and_unpaid_rows_is_told_by_the_payment() -> None:
    """A wallet's deposits are purchases and gifts, its withdrawals usage and refunds."""
    rows = [ledger(n, "deposit", "", paid=n < 10, confirmed=True) for n in range(20)]
    rows += [ledger(n, "withdraw", "", paid=n < 22, amount=-n, confirmed=True) for n in range(20, 60)]

    section = guessed([{k: v for k, v in row.items() if k != "source"} for row in rows]).section

    assert section.columns["kind"] == ("type",)
    assert section.kind == {"deposit": "adjustment", "withdraw": "usage"}
    assert {rule.when: rule.kind for rule in section.rules} == {
        "type = 'deposit' and payment_id is not null": "purchase",
        "type = 'withdraw' and payment_id is not null": "refund",
    }
    assert section.columns["status"] == ("confirmed",)
    assert {word: str(meaning) for word, meaning in section.status.items()} == {"True": "done", "False": "pending"}


def test_the_column_is_chosen_that_tells_payments_from_gifts() -> None:
    rows = [ledger(n, "deposit", "pack" if n < 10 else "bonus", paid=n < 10) for n in range(20)]
    renamed = [{("reason" if k == "source" else k): v for k, v in row.items()} for row in rows]
    renamed += [ledger(n, "withdraw", "", amount=-n, reason="render") for n in range(20, 60)]

    section = guessed([{k: v for k, v in row.items() if k != "source"} for row in renamed]).section

    assert section.columns["kind"] == ("reason",)
    assert section.kind == {"pack": "purchase", "bonus": "adjustment", "render": "usage"}


def test_a_few_purchases_without_a_payment_stay_purchases() -> None:
    rows = [ledger(n, "TOPUP", "", paid=n > 1) for n in range(20)]

    section = guessed([{k: v for k, v in row.items() if k != "source"} for row in rows]).section

    assert (section.kind, section.rules) == ({"TOPUP": "purchase"}, ())


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
    assert (section.amounts, section.credit_decimals) == (AmountUnit.MAJOR, 2)
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


@pytest.mark.parametrize(("credits", "value"), [("delta", "amount"), ("credits", "total"), ("credits", "price")])
def test_numbers_of_credits_are_no_money(credits: str, value: str) -> None:
    """Stripe may be out of reach, and a column such as `generated always as (abs(credits))` is called like money."""
    rows = [camel(n, metadata=None) for n in range(10)]
    for row in rows:
        row[credits] = row.pop("amount")
        row[value] = f"{abs(row[credits])}.00"
        row["price_cents"] = 900 if row["type"] == "TOPUP" else None

    guess = guessed(rows)

    assert guess.section.columns["amount"] == ("price_cents",)
    without = guessed([{name: each for name, each in row.items() if name != "price_cents"} for row in rows])
    assert without.section.columns.get("amount") == (() if value == "amount" else None)
    assert [line.reason for line in without.lines if line.value == "left out"] == [
        f"{value} is the number of credits in every row, without its sign: Stripe's amounts count"
    ]
    places = Places.of(without.section, list(rows[0]))
    assert (places.amount, without.section.amounts) == (FirstFilled(), None)


def test_a_number_that_usage_has_too_is_no_money() -> None:
    rows = [camel(n, credits=1000 if n % 2 else -3, amount=n + 7, metadata=None) for n in range(10)]

    assert guessed(rows).section.columns["amount"] == ()
    assert "amount = []" in section_text(written_sections(guessed(rows))[1])
