"""Guess of a source: looks at rows, proposes a mapping, and reads the rows by it to name those that do not fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from creditctl.core.errors import ConfigurationError, Unreachable, UsageError
from creditctl.core.project_file.source import SourceSection, SourceUsers
from creditctl.sources.guess.columns import guess_columns
from creditctl.sources.guess.evidence import Evidence, evidence_of
from creditctl.sources.guess.meanings import guess_meanings
from creditctl.sources.guess.other_tables import guess_balance, guess_users
from creditctl.sources.guess.profile import profiles_of
from creditctl.sources.guess.sample import sample_of
from creditctl.sources.guess.source_guess import GuessDraft, GuessedLine, SourceGuess, users_settings
from creditctl.sources.mapping.row_mapper import Habits, RowMapper
from creditctl.sources.reading.habits import habits_of
from creditctl.sources.reading.opening import zone_of
from creditctl.sources.reading.raw_rows import OpenRows, OtherTables, RawRow, RawRows
from creditctl.sources.reading.user_names import user_names
from creditctl.sources.recipes.applying import with_recipe
from creditctl.sources.recipes.fitting import whole_recipe
from creditctl.sources.values.bad_value import BadRow

_MOST_MISFITS = 20
_FROM = re.compile(r"""\bfrom\s+(?:public\.)?([\w."`]+)""", re.IGNORECASE)


def guess_source(rows: RawRows, place: SourceSection) -> SourceGuess:
    """The proposal for an application's rows. Shape: `place` says where they are, and nothing else yet.

    Errors: those of reading; UsageError where there are no rows to look at.
    """
    with rows.reading() as opened:
        if opened.columns is None:
            raise UsageError(
                "The columns of that table cannot be looked at: its user may read some of them only.",
                code="source.guess",
                fix="Name them under [source.columns] in creditctl.toml.",
            )
        columns = tuple(opened.columns)
        sample = sample_of(opened.rows(columns))
        guess = propose(sample, columns, place) if sample else None
        evidence = _evidence(opened, guess, columns)
    if guess is None:
        raise UsageError(
            f"{rows.shown} has no rows yet, so nothing can be guessed of it.",
            code="source.guess",
            fix="Name its columns under [source.columns] in creditctl.toml.",
        )
    return _with_neighbours(rows, replace(guess, evidence=evidence))


def witnessed(rows: RawRows, section: SourceSection, folder: Path) -> SourceGuess:
    """What all rows say by settings that are there already. Shape: its users are written as on Stripe.

    Errors: those of reading and of the settings.
    """
    with rows.reading() as opened:
        users = user_names(section.users, opened.tables, folder)
        mapper = RowMapper(section, opened.columns, zone=zone_of(section), users=users, habits=opened.habits)
        return SourceGuess(section, evidence=evidence_of(opened, mapper))


def _evidence(opened: OpenRows, guess: SourceGuess | None, columns: Sequence[str]) -> Evidence:
    """What all rows say by the proposal, if it can read them."""
    if guess is None or guess.unknown:
        return Evidence()
    try:
        return evidence_of(opened, RowMapper(guess.section, columns, zone=zone_of(guess.section), habits=opened.habits))
    except ConfigurationError:
        return Evidence()


def _with_neighbours(rows: RawRows, guess: SourceGuess) -> SourceGuess:
    """The proposal with what the tables around the rows say; what may not be looked at says nothing."""
    try:
        with rows.reading() as opened:
            tables = opened.tables
            if tables is None:
                return guess
            return _with_balance(tables, replace(guess, tables=tables.catalogue()))
    except (Unreachable, ConfigurationError):
        return guess


def _with_balance(tables: OtherTables, guess: SourceGuess) -> SourceGuess:
    """The proposal with the cached balance, if a column bears it out. Errors: those of reading."""
    section, evidence = guess.section, guess.evidence
    if not evidence.whole or not evidence.sums or section.balance is not None:
        return guess
    found = guess_balance(tables, _own_table(section), evidence.sums, section.credit_decimals or 0)
    if found is None:
        return guess
    line = GuessedLine("balance", f"{found.table}.{found.column}", "for most users it is the sum of their rows")
    return replace(guess, section=replace(section, balance=found), lines=(*guess.lines, line))


def _own_table(section: SourceSection) -> str | None:
    """The table whose rows these are; of a query the one that it begins with."""
    first = _FROM.search(section.query or "")
    return re.sub(r'["`]', "", first[1]) if first else section.table


def with_users(rows: RawRows, guess: SourceGuess, pairs: Sequence[tuple[str, str]]) -> SourceGuess | None:
    """The proposal with how users are written on Stripe. Shape: `pairs` are of the application and of Stripe.

    None where nothing says it.
    """
    try:
        with rows.reading() as opened:
            users = guess_users(pairs, opened.tables)
    except (Unreachable, ConfigurationError):
        return None
    if users is None or users == SourceUsers():
        return None if users is None else guess
    (key, value) = next((name, str(each)) for name, each in users_settings(users) if each)
    line = GuessedLine(f"users.{key}", value, f"{pairs[0][0]} is {pairs[0][1]} on Stripe, and so on")
    return replace(guess, section=replace(guess.section, users=users), lines=(*guess.lines, line))


def propose(sample: Sequence[RawRow], columns: Sequence[str], place: SourceSection) -> SourceGuess:
    """The proposal from a sample of rows. Pure."""
    raw = [row.columns for row in sample]
    profiles = profiles_of(raw, columns)
    draft = GuessDraft(place)
    recipe = whole_recipe(place, columns, lambda name: profiles[name].words if name in profiles else ())
    if recipe is None:
        guess_columns(draft, raw, columns, profiles)
        guess_meanings(draft, raw, columns, profiles)
    else:
        draft.say("recipe", recipe.name, f"these are rows as it knows them: {recipe.about.rstrip('.')}")
        draft.section = with_recipe(replace(place, recipe=recipe.name))
    misfits = () if draft.unknown else _misfits(sample, columns, draft.section)
    return SourceGuess(
        draft.section, tuple(draft.lines), len(sample), misfits, tuple(draft.unknown), places=tuple(profiles)
    )


def _misfits(sample: Sequence[RawRow], columns: Sequence[str], section: SourceSection) -> tuple[str, ...]:
    """The rows that cannot be read by the proposal, and why."""
    try:
        habits = habits_of(lambda: sample, section, columns) if section.file is not None else Habits()
        mapper = RowMapper(section, columns, zone=zone_of(section), habits=habits)
    except ConfigurationError as error:
        return (error.message,)
    found: list[str] = []
    for row in sample:
        try:
            mapper(row.columns, row.line)
        except BadRow as error:
            found.append(f"{mapper.name_of(row.columns) if row.line is None else f'line {row.line}'}: {error}")
        if len(found) == _MOST_MISFITS:
            break
    return tuple(found)
