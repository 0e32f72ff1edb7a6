"""A guess is said by a recipe where one says most of it; what is left reads every row as the guess does."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from creditctl.core.project_file.source import SourceSection, SourceUsers, UserForm
from creditctl.core.project_file.writing import section_text
from creditctl.sources.guess.by_recipe import by_recipe
from creditctl.sources.guess.guess import propose
from creditctl.sources.guess.source_guess import SourceGuess
from creditctl.sources.guess.writing import written_sections
from creditctl.sources.mapping.row_mapper import RowMapper
from creditctl.sources.reading.raw_rows import RawRow
from creditctl.sources.recipes.applying import with_recipe
from creditctl.sources.recipes.fitting import fitted_recipe

WHEN = "2026-09-01 10:00:00"


def camel(n: int) -> dict[str, Any]:
    paid = n % 2 == 1
    return {"id": n, "userId": f"u{n % 4}", "amount": 1000 if paid else -3, "type": "TOPUP" if paid else "BURN",
            "stripePaymentIntentId": f"pi_{n}x" if paid else None, "createdAt": WHEN}  # fmt: skip


def snake(n: int) -> dict[str, Any]:
    paid = n % 2 == 1
    meta = f'{{"payment_intent": "pi_{n}x"}}' if paid else None
    return {"id": n, "user_id": f"u{n % 4}", "amount": 1000 if paid else -3, "type": "deposit" if paid else "usage",
            "meta": meta, "created_at": WHEN}  # fmt: skip


def gringotts(n: int) -> dict[str, Any]:
    paid = n % 2 == 1
    return {"id": n, "user_id": n % 4, "amount": 1000 if paid else -5, "balance_after": n,
            "kind": "purchase" if paid else "charge", "external_id": f"cs_test_{n}x" if paid else None,
            "endpoint": None if paid else "/api", "amount_cents": 900 if paid else None,
            "currency": "usd" if paid else None, "payment_intent_id": f"pi_{n}x" if paid else None,
            "created_at": WHEN}  # fmt: skip


def guessed(rows: list[dict[str, Any]], table: str) -> SourceGuess:
    return propose([RawRow(row, None) for row in rows], list(rows[0]), SourceSection(table=table))


def written(guess: SourceGuess) -> dict[str, Any]:
    found = tomllib.loads("\n".join(map(section_text, written_sections(by_recipe(guess)))))
    source: dict[str, Any] = found["source"]
    return source


@pytest.mark.parametrize(
    ("rows", "table", "source"),
    [
        ([camel(n) for n in range(9)], "CreditTransaction", {"recipe": "prisma", "kind": {"BURN": "usage"}}),
        ([snake(n) for n in range(9)], "credit_transactions", {"recipe": "laravel"}),
        ([snake(n) for n in range(9)], "wallet_rows", {"recipe": "laravel", "table": "wallet_rows"}),
        ([gringotts(n) for n in range(9)], "credit_transactions", {"recipe": "gringotts-api"}),
    ],
)
def test_what_a_recipe_says_needs_no_line(rows: list[dict[str, Any]], table: str, source: dict[str, Any]) -> None:
    assert written(guessed(rows, table)) == source


@pytest.mark.parametrize("make", [camel, snake])
def test_rows_are_read_as_by_the_guess(make: Callable[[int], dict[str, Any]]) -> None:
    rows = [make(n) for n in range(9)]
    guess = guessed(rows, "credit_transactions")
    one, other = (
        RowMapper(section, list(rows[0])) for section in (guess.section, with_recipe(by_recipe(guess).section))
    )

    assert [one(row, None) for row in rows] == [other(row, None) for row in rows]


@pytest.mark.parametrize(
    ("tables", "name"),
    [
        ({"alembic_version": ["version_num"]}, "sqlalchemy"),
        ({"migrations": ["id", "migration", "batch"]}, "laravel"),
        ({}, "drizzle"),
    ],
)
def test_the_mark_of_a_stack_decides_between_alike_ones(tables: Mapping[str, Sequence[str]], name: str) -> None:
    rows = [{**snake(n), "stripe_payment_intent_id": f"pi_{n}x" if n % 2 else None, "meta": None} for n in range(9)]
    guess = guessed(rows, "credit_transactions")

    found = fitted_recipe(guess.section, guess.places, tables)

    assert found is not None
    assert found.recipe.name == name


def test_users_that_are_uuids_need_no_line_beside_supabase() -> None:
    section = guessed([snake(n) for n in range(9)], "t").section
    columns = list(snake(1))

    assert _named(section, columns, uuids=True, mark="auth.users") == "supabase"
    assert _named(section, columns, uuids=False, mark="auth.users") == "laravel"


def _named(section: SourceSection, columns: list[str], *, uuids: bool, mark: str) -> str | None:
    found = fitted_recipe(section, [*columns, "meta.payment_intent"], {mark: []}, uuids=uuids)
    return None if found is None else found.recipe.name


def test_a_recipe_that_would_see_more_than_the_guess_is_none() -> None:
    rows = [{**camel(n), "price": "9.00", "status": "odd"} for n in range(9)]
    section = propose([RawRow(camel(n), None) for n in range(9)], list(camel(1)), SourceSection(table="T")).section

    assert fitted_recipe(section, list(rows[0]), {}) is None


def test_users_of_another_form_stay_a_line() -> None:
    guess = guessed([snake(n) for n in range(9)], "t")
    users = SourceUsers(form=UserForm.UUID)
    found = fitted_recipe(SourceSection(**{**_values(guess.section), "users": users}), guess.places, {})

    assert found is not None
    assert with_recipe(found.rest).users == users


def _values(section: SourceSection) -> dict[str, Any]:
    return {name: getattr(section, name) for name in ("table", "columns", "kind", "status")}
