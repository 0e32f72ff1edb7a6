"""Habits of a file: its decimal mark, and whether its dates have the month first, by all values of the columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import SourceSection
from creditctl.sources.mapping.places import Places
from creditctl.sources.mapping.row_mapper import Habits
from creditctl.sources.reading.raw_rows import RawRow
from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.numbers import decimal_mark
from creditctl.sources.values.times import is_month_first


def habits_of(read: Callable[[], Iterable[RawRow]], section: SourceSection, columns: Collection[str]) -> Habits:
    """How rows write numbers and dates. Shape: `read` gives all of them, each time it is called.

    Errors: ConfigurationError where a column is not there, or its dates contradict each other.
    """
    places = Places.of(section, columns)
    try:
        month_first = is_month_first(places.created.value(row.columns) for row in read())
    except BadRow as error:
        raise ConfigurationError(f"Dates cannot be read: {error}.", code="source.row") from error
    marks = {
        "credits": decimal_mark(places.credits.value(row.columns) for row in read()),
        "amount": decimal_mark(places.amount.value(row.columns) for row in read()),
    }
    known = next(filter(None, marks.values()), None)  # one program writes all its numbers alike
    return Habits({name: mark or known for name, mark in marks.items()}, month_first)
