"""Guesses from other tables: where a cached balance stands, and which table says how users are written on Stripe."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from creditctl.core.entitlement.user_ids import canonical_uuid
from creditctl.core.project_file.source import SourceBalance, SourceUsers, UserForm
from creditctl.sources.guess.naming import NAMES, folded
from creditctl.sources.reading.raw_rows import OtherTables
from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.numbers import decimal_of, whole_units
from creditctl.sources.values.texts import id_of

_BALANCE = re.compile(r"credit|balance|token|point|coin")
_PEOPLE = re.compile(r"user|account|customer|wallet|member|profile|buyer|owner|team|org|tenant|workspace|holder|people")
_MOST_ROWS = 20_000
_MOST_TABLES = 40
_FEWEST = 3
_MOST_PERCENT = 60
"""Of users whose balance agrees: the others may be what a reconcile shall find."""

_USERS_PERCENT = 80


def guess_balance(tables: OtherTables, own: str | None, sums: Mapping[str, int], decimals: int) -> SourceBalance | None:
    """The column whose values are the sums of most users' rows. Errors: those of reading."""
    best: tuple[int, SourceBalance | None] = (0, None)
    for table, columns in _people(tables, own):
        for key, column in product(_user_keys(columns), [name for name in columns if _BALANCE.search(folded(name))]):
            agreeing = _agreeing(tables.look(table, (key, column), _MOST_ROWS), sums, decimals)
            if key != column and agreeing > best[0]:
                best = agreeing, SourceBalance(table, key, column)
    return best[1]


def _user_keys(columns: Sequence[str]) -> list[str]:
    """The columns that may name a user: what is called so goes before the table's own id, which may be the same."""
    by_name = [name for name in columns if folded(name) in NAMES["user_id"]]
    return [*by_name, *(name for name in columns if folded(name) == "id")]


def _agreeing(rows: Iterator[Sequence[object]], sums: Mapping[str, int], decimals: int) -> int:
    """How many users' balance is the sum of their rows; none where too few are."""
    agreeing = counted = 0
    for user, value in rows:
        owner = _id(user)
        if owner is not None and owner in sums and (units := _units(value, decimals)) is not None:
            counted += 1
            agreeing += units == sums[owner]
    return agreeing if agreeing >= _FEWEST and agreeing * 100 >= counted * _MOST_PERCENT else 0


def are_same(pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether users are written on Stripe as the application writes them."""
    return len(pairs) >= _FEWEST and _is_most(owner == buyer for owner, buyer in pairs)


def guess_users(pairs: Sequence[tuple[str, str]], tables: OtherTables | None) -> SourceUsers | None:
    """How users are written on Stripe. Shape: `pairs` are of the application and of Stripe; None where nothing says it.

    Errors: those of reading.
    """
    if len(pairs) < _FEWEST:
        return None
    if are_same(pairs):
        return SourceUsers()
    if _is_most(canonical_uuid(owner) == canonical_uuid(buyer) is not None for owner, buyer in pairs):
        return SourceUsers(form=UserForm.UUID)
    ends = [buyer.removesuffix(owner) for owner, buyer in pairs if buyer.endswith(owner) and buyer != owner]
    if ends and _is_most(buyer == f"{ends[0]}{owner}" for owner, buyer in pairs):
        return SourceUsers(prefix=ends[0])
    return None if tables is None else _by_table(pairs, tables)


def _is_most(fitting: Iterator[bool]) -> bool:
    found = list(fitting)
    return sum(found) * 100 >= len(found) * _USERS_PERCENT


def _by_table(pairs: Sequence[tuple[str, str]], tables: OtherTables) -> SourceUsers | None:
    """A table that has the application's id in one column and Stripe's in another."""
    wanted = dict(pairs)
    for table, columns in _people(tables, None):
        rows = [[_id(value) for value in row] for row in tables.look(table, columns, _MOST_ROWS)]
        for here, there in product(range(len(columns)), repeat=2):
            known = {row[here]: row[there] for row in rows if row[here] in wanted} if here != there else {}
            if len(known) >= _FEWEST and _is_most(known.get(owner) == buyer for owner, buyer in pairs):
                return SourceUsers(query=tables.query_of(table, (columns[here], columns[there])))
    return None


def _people(tables: OtherTables, own: str | None) -> list[tuple[str, Sequence[str]]]:
    """The tables that may be about users, those of a user's own name first."""
    found = [
        (name, columns)
        for name, columns in tables.catalogue().items()
        if name != own and (_PEOPLE.search(table := folded(name.rpartition(".")[2])) or _BALANCE.search(table))
    ]
    return sorted(found, key=lambda e: (not _PEOPLE.search(folded(e[0])), len(e[0]), e[0]))[:_MOST_TABLES]


def _id(value: object) -> str | None:
    try:
        return id_of(value, "it")
    except BadRow:
        return None


def _units(value: object, decimals: int) -> int | None:
    try:
        return whole_units(decimal_of(value, "it"), decimals)
    except BadRow:
        return None
