"""Owners of several models: the user 7 and the team 7 are two, and only one of them may have bought."""

from __future__ import annotations

from typing import Any

from creditctl.core.project_file.source import SourceSection
from creditctl.sources.guess.guess import propose
from creditctl.sources.guess.source_guess import SourceGuess
from creditctl.sources.reading.raw_rows import RawRow


def row(n: int, model: str, *, paid: bool = False, **more: Any) -> dict[str, Any]:
    kind, credits, key = ("purchase", 100, f"pi_{n}x") if paid else ("usage", -1, None)
    owner = {"billable_type": f"App\\Models\\{model}", "billable_id": n % 3 + 1}
    return {"id": n, **owner, "kind": kind, "credits": credits, "stripe_id": key, "created_at": 1_780_000_000, **more}


def guessed(rows: list[dict[str, Any]]) -> SourceGuess:
    return propose([RawRow(each, None) for each in rows], list(rows[0]), SourceSection(table="t"))


def test_rows_of_models_that_never_pay_are_left_out() -> None:
    rows = [row(n, "Team", paid=n % 2 == 0) for n in range(8)]

    assert guessed(rows).section.where is None
    guess = guessed([*rows, row(8, "Item"), row(9, "O'Brien")])
    assert guess.section.where == "billable_type = 'App\\Models\\Team'"
    assert guess.whole, guess


def test_where_several_models_pay_a_person_has_to_tell_them_apart() -> None:
    rows = [row(n, ("Team", "User")[n % 2], paid=n < 6) for n in range(12)]

    (unknown,) = guessed(rows).unknown
    assert unknown.startswith(
        "user_id: billable_type is one of App\\Models\\Team, App\\Models\\User, and billable_id 7"
    )
    assert unknown.endswith("a query can write both as one id")


def test_rows_that_are_deleted_are_left_out_too() -> None:
    rows = [
        row(n, ("Team", "Item")[n % 2], paid=n % 2 == 0, deleted_at="2026-09-01" if n == 2 else None) for n in range(8)
    ]

    assert guessed(rows).section.where == "deleted_at is null and billable_type = 'App\\Models\\Team'"
