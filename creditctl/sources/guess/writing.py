"""A proposal as sections of creditctl.toml, with the reasons as comments."""

from __future__ import annotations

from collections.abc import Collection

from creditctl.core.project_file.source import SourceBalance, SourceSection, SourceUsers
from creditctl.core.project_file.writing import Plain, WrittenSection, section_text
from creditctl.sources.guess.source_guess import SourceGuess, users_settings

_SOURCE = "source"
_USUAL_VARIABLE = "DATABASE_URL"
_LONGEST_INLINE = 120
"""How long a table may be that stands in one line beside a recipe. Units: characters."""


def written_sections(guess: SourceGuess) -> list[WrittenSection]:
    """The sections, in the order in which the documentation has them; a column that is called as ours needs no line.

    Shape: what is left beside a recipe stands in its lines, where it is short.
    """
    section = guess.section
    columns = {ours: _value(names) for ours, names in section.columns.items() if names != (ours,)}
    tables: dict[str, dict[str, Plain]] = {
        "columns": columns,
        "users": _users(section.users),
        "status": {word: str(meaning) for word, meaning in section.status.items() if word != str(meaning)},
        "kind": {word: ours for word, ours in section.kind.items() if word != ours},
        "balance": {} if section.balance is None else _balance(section.balance),
    }
    inline = {name for name, values in tables.items() if section.recipe is not None and _is_short(name, values)}
    beside = {name: values for name, values in tables.items() if values and name in inline}
    found = [WrittenSection(_SOURCE, {**_plain(section), **beside}, _comments(guess, ("", "rule", *inline)))]
    found += [
        WrittenSection(f"{_SOURCE}.{name}", values, _comments(guess, (name,)))
        for name, values in tables.items()
        if values and name not in inline
    ]
    return found


def _is_short(name: str, values: dict[str, Plain]) -> bool:
    return len(section_text(WrittenSection(name, values, inline=True))) <= _LONGEST_INLINE


def _plain(section: SourceSection) -> dict[str, Plain]:
    rules: list[Plain] = [{"when": each.when, "kind": each.kind} for each in section.rules]
    values: dict[str, Plain | None] = {
        "recipe": section.recipe,
        "url_env": None if section.url_env == _USUAL_VARIABLE else section.url_env,
        "file": section.file,
        "table": section.table,
        "query": section.query,
        "where": section.where,
        "amounts": None if section.amounts is None else str(section.amounts),
        "credit_decimals": section.credit_decimals,
        "zone": section.zone,
        "rule": rules or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _users(users: SourceUsers) -> dict[str, Plain]:
    return {name: str(value) for name, value in users_settings(users) if value is not None}


def _balance(balance: SourceBalance) -> dict[str, Plain]:
    return {"table": balance.table, "user_id": balance.user_id, "column": balance.column}


def _value(names: tuple[str, ...]) -> Plain:
    return names[0] if len(names) == 1 else list(names)


def _comments(guess: SourceGuess, tables: Collection[str]) -> tuple[str, ...]:
    """The reasons of the lines of some tables. Shape: those of `[source]` itself are of the table ""."""
    reasons = []
    for line in guess.lines:
        table, _, key = line.key.partition(".")
        own = "" if not key and table not in ("rule", "balance") else table
        if own in tables and _is_written(guess.section, table, key):
            is_inline = key and "" in tables
            reasons.append(f"{line.key if is_inline else key or table}: {line.reason}")
    unknown = tuple(f"To be decided: {each}" for each in guess.unknown) if "" in tables else ()
    return (*dict.fromkeys(reasons), *unknown)


def _is_written(section: SourceSection, table: str, key: str) -> bool:
    """Whether a line stands in the settings, and is not said by their recipe."""
    if section.recipe is None or table == "recipe":
        return True
    if table == "users":
        return section.users != SourceUsers()
    said: Collection[str] | None = getattr(section, "rules" if table == "rule" else table)
    return bool(said) and (not key or key in (said or ()))
