"""Guess of a source: looks at rows, proposes a mapping, and reads the rows by it to name those that do not fit."""

from __future__ import annotations

from collections.abc import Sequence

from creditctl.core.errors import ConfigurationError, UsageError
from creditctl.core.project_file.source import SourceSection
from creditctl.sources.guess.columns import guess_columns
from creditctl.sources.guess.meanings import guess_meanings
from creditctl.sources.guess.profile import profiles_of
from creditctl.sources.guess.sample import sample_of
from creditctl.sources.guess.source_guess import GuessDraft, SourceGuess
from creditctl.sources.mapping.row_mapper import Habits, RowMapper
from creditctl.sources.reading.habits import habits_of
from creditctl.sources.reading.opening import zone_of
from creditctl.sources.reading.raw_rows import RawRow, RawRows
from creditctl.sources.values.bad_value import BadRow

_MOST_MISFITS = 20


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
    if not sample:
        raise UsageError(
            f"{rows.shown} has no rows yet, so nothing can be guessed of it.",
            code="source.guess",
            fix="Name its columns under [source.columns] in creditctl.toml.",
        )
    return propose(sample, columns, place)


def propose(sample: Sequence[RawRow], columns: Sequence[str], place: SourceSection) -> SourceGuess:
    """The proposal from a sample of rows. Pure."""
    raw = [row.columns for row in sample]
    draft = GuessDraft(place)
    guess_columns(draft, profiles_of(raw, columns))
    guess_meanings(draft, raw, columns)
    misfits = () if draft.unknown else _misfits(sample, columns, draft.section)
    return SourceGuess(draft.section, tuple(draft.lines), len(sample), misfits, tuple(draft.unknown))


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
