"""Balance readers: a user's credits from the backend's own answer, from an SQL query, or from a command."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from creditctl.core.errors import Unreachable
from creditctl.simulation.target.commands import run_words
from creditctl.sources.databases.database import Database, MissingTable, Values

_MOST_DIGITS = 28
"""More of them, as in `1e999999999`, count nothing that anybody sold."""

_TRIES = 3
_PARTS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|::|:user\b|%""")
"""What is looked at in a query: texts, quoted names, casts, the user, and the percent sign."""


class BalanceUnreadable(Exception):
    """A balance could not be read; the text says why."""


def pointed_at(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer. Errors: LookupError. Source: RFC 6901."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document


def whole_number(value: Any) -> int:
    """Credits as a whole number. Errors: BalanceUnreadable for what is none."""
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    known = number.is_finite() and number.adjusted() < _MOST_DIGITS
    if isinstance(value, bool) or not known or number != number.to_integral_value():
        raise BalanceUnreadable(f"{str(value)[:80]!r} is no whole number of credits")
    return int(number)


def balance_in(text: str, pointer: str) -> int:
    """The credits in a JSON document. Errors: BalanceUnreadable."""
    try:
        return whole_number(pointed_at(json.loads(text), pointer))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise BalanceUnreadable(f"there is no {pointer} in {text[:120]!r}") from None


def balance_by_command(command: str, fields: Mapping[str, str]) -> int:
    """The credits that a command prints. Errors: BalanceUnreadable."""
    answer = run_words(command, fields)
    if not answer.ok:
        raise BalanceUnreadable(answer.problem)
    return whole_number(answer.stdout)


def balance_by_sql(url: str, query: str, fields: Mapping[str, str], folder: Path) -> int:
    """The credits that a query answers, None as 0.

    Shape:  `:user` in the query is the user; a relative SQLite file lies in `folder`.
    Errors: BalanceUnreadable; UsageError for what is no URL, ConfigurationError without the database's driver.
    """
    from creditctl.sources.databases.opening import open_database
    from creditctl.sources.databases.url import parse_url

    statement, count = with_places(query)
    # A balance is one user's: what a policy shows the reader is what counts.
    database = open_database(parse_url(url), folder, row_security=True)
    try:
        found = _first_value(database, statement, [fields["user"]] * count)
    except Unreachable as error:
        raise BalanceUnreadable(f"the query failed: {error.message}") from error
    return whole_number(0 if found is None else found)


def _first_value(database: Database, statement: str, values: Values) -> object:
    """The first value of the first row, None where there is none. Errors: Unreachable."""
    for left in reversed(range(_TRIES)):
        try:
            with database.reading() as snapshot:
                return next((row[0] for row in snapshot.rows(statement, values)), None)
        except MissingTable:
            raise
        except Unreachable:  # a file that its application wrote to while it was read
            if not left:
                raise
    return None


def with_places(query: str) -> tuple[str, int]:
    """A query as `Snapshot.rows` takes it, and how often the user stands in it; texts, names and casts stay."""
    count = 0

    def placed(match: re.Match[str]) -> str:
        nonlocal count
        count += match[0] == ":user"
        return "%s" if match[0] == ":user" else match[0].replace("%", "%%")

    return _PARTS.sub(placed, query.strip().rstrip(";")), count
