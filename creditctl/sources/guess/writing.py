"""A proposal as sections of creditctl.toml, with the reasons as comments."""

from __future__ import annotations

from creditctl.core.project_file.source import SourceBalance, SourceSection, SourceUsers
from creditctl.core.project_file.writing import Plain, WrittenSection
from creditctl.sources.guess.source_guess import SourceGuess, users_settings

_SOURCE = "source"


def written_sections(guess: SourceGuess) -> list[WrittenSection]:
    """The sections, in the order in which the documentation has them; a column that is called as ours needs no line."""
    section = guess.section
    columns = {ours: _value(names) for ours, names in section.columns.items() if names != (ours,)}
    tables: list[tuple[str, dict[str, Plain]]] = [
        (_SOURCE, _plain(section)),
        (f"{_SOURCE}.columns", columns),
        (f"{_SOURCE}.users", _users(section.users)),
        (f"{_SOURCE}.status", {word: str(meaning) for word, meaning in section.status.items() if word != str(meaning)}),
        (f"{_SOURCE}.kind", {word: ours for word, ours in section.kind.items() if word != ours}),
    ]
    if section.balance is not None:
        tables.append((f"{_SOURCE}.balance", _balance(section.balance)))
    found = [WrittenSection(name, values, _comments(guess, name)) for name, values in tables if values]
    rules = (
        WrittenSection(f"{_SOURCE}.rule", {"when": each.when, "kind": each.kind}, (), True) for each in section.rules
    )
    return [*found, *rules]


def _plain(section: SourceSection) -> dict[str, Plain]:
    values: dict[str, Plain | None] = {
        "url_env": section.url_env,
        "file": section.file,
        "table": section.table,
        "where": section.where,
        "amounts": None if section.amounts is None else str(section.amounts),
        "credit_decimals": section.credit_decimals,
        "zone": section.zone,
    }
    return {name: value for name, value in values.items() if value is not None}


def _users(users: SourceUsers) -> dict[str, Plain]:
    return {name: str(value) for name, value in users_settings(users) if value is not None}


def _balance(balance: SourceBalance) -> dict[str, Plain]:
    return {"table": balance.table, "user_id": balance.user_id, "column": balance.column}


def _value(names: tuple[str, ...]) -> Plain:
    return names[0] if len(names) == 1 else list(names)


def _comments(guess: SourceGuess, name: str) -> tuple[str, ...]:
    """The reasons of a table's lines."""
    before = name.removeprefix(_SOURCE).removeprefix(".")
    reasons = []
    for line in guess.lines:
        table, _, key = line.key.partition(".")
        if (
            (before and table == before)
            or (not before and not key and table not in ("rule", "balance"))
            or (before == table == "balance")
        ):
            reasons.append(f"{key or table}: {line.reason}")
    unknown = tuple(f"To be decided: {each}" for each in guess.unknown) if not before else ()
    return (*reasons, *unknown)
