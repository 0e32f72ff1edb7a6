"""Guess of a join: rows whose payments stand in another table, to which a column of theirs leads, by a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from creditctl.core.errors import ConfigurationError, Unreachable
from creditctl.core.project_file.source import SourceSection
from creditctl.sources.guess.guess import guess_source
from creditctl.sources.guess.naming import ENVIRONMENT, LIVE, NAMES, TEST, folded
from creditctl.sources.guess.profile import names_payment, profiles_of
from creditctl.sources.guess.source_guess import GuessedLine, SourceGuess
from creditctl.sources.reading.raw_rows import OtherTables, RawRows
from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.texts import id_of, is_empty

_KEY = re.compile(r"(.+)_(?:id|uuid|pk|key)")
_SHORTEST = 4
"""Units: characters. A shorter name stands at the end of too many others."""

_MOST_ROWS = 20_000
_MOST_PERCENT = 60
_KNOWN_PERCENT = 95
_BESIDE = frozenset((*NAMES["amount"], *NAMES["currency"], *LIVE, *TEST, *ENVIRONMENT))
"""What else is taken from the other table; its user, times and status are those of the payment, not of the credits."""

_TAKEN_AMOUNT = "amount_paid"
"""What the other table's amount is called where the rows have a column of that name: it is money then."""


@dataclass(frozen=True, slots=True)
class JoinedTable:
    """A table that a column of the rows leads to. Shape: `taken` are its columns by the names that they get."""

    own: str
    columns: Sequence[str]
    key: str
    table: str
    table_id: str
    taken: Mapping[str, str]
    tables: OtherTables

    def query(self, wanted: Callable[[str], bool] = lambda _name: True) -> str:
        """The query that joins both, for the columns that are wanted."""
        written = self.tables.written
        own = [f"t.{written(name)}" for name in self.columns if wanted(name)]
        other = [
            f"p.{written(name)}" if alias == name else f"p.{written(name)} as {alias}"
            for alias, name in self.taken.items()
            if wanted(alias)
        ]
        return (
            f"select {', '.join((*own, *other))} from {self._relation(self.own)} t"  # noqa: S608 - for a person to see
            f" left join {self._relation(self.table)} p on p.{written(self.table_id)} = t.{written(self.key)}"
        )

    def _relation(self, table: str) -> str:
        schema, _, name = table.rpartition(".")
        return ".".join(map(self.tables.written, filter(None, (schema, name))))


def guess_joined(
    rows: RawRows, guess: SourceGuess, open_query: Callable[[str], RawRows]
) -> tuple[SourceGuess, RawRows]:
    """The proposal of a query, and its rows, where the payments of a table's rows stand in another one.

    Shape: what there was, where no other table has them, or where it may not be looked at.
    """
    if guess.section.table is None or not _lacks_payments(guess):
        return guess, rows
    try:
        with rows.reading() as opened:
            found = [] if opened.tables is None else list(_joins(opened.tables, guess.section.table))
            for join in found:
                proposed = _proposed(join, guess.section, open_query)
                if proposed is not None:
                    return proposed
    except (Unreachable, ConfigurationError):
        pass
    return guess, rows


def _lacks_payments(guess: SourceGuess) -> bool:
    return any(each.startswith("payment_key:") for each in guess.unknown)


def _proposed(
    join: JoinedTable, place: SourceSection, open_query: Callable[[str], RawRows]
) -> tuple[SourceGuess, RawRows] | None:
    """The proposal by one join, with the columns alone that it uses; None where it shows no payments either."""
    query = join.query()
    section = SourceSection(url_env=place.url_env, query=query)
    guess = guess_source(open_query(query), section)
    if _lacks_payments(guess):
        return None
    said = guess.section
    texts = [text for theirs in said.columns.values() for text in theirs]
    texts += [said.where or "", *(rule.when for rule in said.rules)]

    def is_used(name: str) -> bool:
        return any(_has_word(text, name) for text in texts)

    query = join.query(is_used)
    reason = f"{join.key} leads to {join.table}, where Stripe's ids stand"
    line = GuessedLine("query", f"{join.own} with {join.table}", reason)
    places = tuple(each for each in guess.places if is_used(each.partition(".")[0]))
    written = replace(guess, section=replace(said, query=query), lines=(line, *guess.lines), places=places)
    return written, open_query(query)


def _has_word(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _joins(tables: OtherTables, own: str) -> Iterator[JoinedTable]:
    """The tables with Stripe's ids to which a column of the rows leads, by its name and by what stands in it."""
    catalogue = tables.catalogue()
    bare = own.removeprefix("public.")
    columns = catalogue.get(bare, ())
    names = {folded(name) for name in columns}
    for key in columns:
        stem = _KEY.fullmatch(folded(key))
        if stem is None or f"{stem[1]}_type" in names or folded(key) in NAMES["id"]:
            continue
        for table, others in catalogue.items():
            table_id = next((name for name in others if folded(name) in ("id", "uuid", folded(key))), None)
            if table == bare or table_id is None or not _is_called(stem[1], table):
                continue
            join = JoinedTable(own, columns, key, table, table_id, _taken(tables, table, others, columns), tables)
            if join.taken and _leads_there(tables, join):
                yield join


def _is_called(stem: str, table: str) -> bool:
    """Whether a table is called as the column that leads to it: `payment_id` to `payments` or `billing_payment`."""
    name = folded(table.rpartition(".")[2])
    one = re.sub(r"ies$", "y", name) if name.endswith("ies") else name.removesuffix("s")
    return any(
        each == stem or stem.endswith(f"_{each}") or (len(stem) >= _SHORTEST and each.endswith(stem))
        for each in (name, one)
    )


def _taken(tables: OtherTables, table: str, names: Sequence[str], own: Sequence[str]) -> dict[str, str]:
    """The columns of the other table to take, by the names that they get; none where it has no ids of Stripe's."""
    rows = [dict(zip(names, row, strict=True)) for row in tables.look(table, names, _MOST_ROWS)]
    profiles = profiles_of(rows, names)
    stripe = [each.name for each in profiles.values() if each.share(names_payment) * 100 >= _MOST_PERCENT]
    if not stripe:
        return {}
    ids = {name if name in names else name.partition(".")[0] for name in stripe}
    free = {name: name for name in names if name not in own and (name in ids or folded(name) in _BESIDE)}
    amount = next((name for name in names if name in own and folded(name) in NAMES["amount"]), None)
    if amount is not None and _TAKEN_AMOUNT not in (*own, *names):
        free[_TAKEN_AMOUNT] = amount
    return free


def _leads_there(tables: OtherTables, join: JoinedTable) -> bool:
    """Whether what stands in the key stands there too, as far as can be seen."""
    known = _ids(tables, join.table, join.table_id)
    wanted = set(_ids(tables, join.own, join.key))
    return len(known) >= _MOST_ROWS or len(wanted & set(known)) * 100 >= len(wanted) * _KNOWN_PERCENT


def _ids(tables: OtherTables, table: str, column: str) -> list[str]:
    found = []
    for (value,) in tables.look(table, (column,), _MOST_ROWS):
        try:
            text = None if is_empty(value) else id_of(value, "it")
        except BadRow:
            continue
        found += [] if text is None else [text]
    return found
