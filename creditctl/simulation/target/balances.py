"""Balance readers: a user's credits from the backend's own answer, from an SQL query, or from a command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from creditctl.core.errors import ConfigurationError
from creditctl.simulation.target.commands import run_words

_MOST_DIGITS = 28
"""More of them, as in `1e999999999`, count nothing that anybody sold."""


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


def balance_by_sql(url: str, query: str, fields: Mapping[str, str]) -> int:
    """The credits that a query answers, None as 0. Errors: BalanceUnreadable; ConfigurationError without SQLAlchemy."""
    try:
        from sqlalchemy import create_engine, text
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:
        raise ConfigurationError(
            "Reading balances by SQL needs SQLAlchemy.",
            code="simulate.sql",
            fix="Install it: pip install 'creditctl[import]'.",
        ) from None
    try:
        engine = create_engine(url)
        with engine.connect() as connection:
            found = connection.execute(text(query), {"user": fields["user"]}).scalar()
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        raise BalanceUnreadable(f"the query failed: {type(error).__name__}") from error
    return whole_number(0 if found is None else found)
