"""Fit of recipes: which one says most of a mapping, and what of it is left to write beside that one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import SOURCE_KINDS, RowStatus, SourceSection, SourceUsers
from creditctl.core.text import plural
from creditctl.sources.mapping.columns import ColumnReference, FirstFilled, is_optional, references
from creditctl.sources.mapping.conditions import parse_condition
from creditctl.sources.mapping.places import Places, place_of
from creditctl.sources.mapping.words import Words
from creditctl.sources.recipes.applying import with_recipe
from creditctl.sources.recipes.recipe import SourceRecipe
from creditctl.sources.recipes.table import RECIPES

_LEAST_SAVED = 3
"""Fewer lines than these are not worth a word that a person has to look up."""

_MARK_WORTH = 2
"""How many lines more a recipe may leave whose stack left its mark in the database."""

_PLAIN = ("where", "amounts", "credit_decimals", "zone", "updated", "other", "balance")
_Meaning = TypeVar("_Meaning", str, RowStatus)


@dataclass(frozen=True, slots=True)
class FittedRecipe:
    """A recipe for a mapping. Shape: `rest` names it, and holds what is left to write beside it."""

    recipe: SourceRecipe
    rest: SourceSection
    saved: int
    reason: str


def fitted_recipe(
    section: SourceSection, columns: Collection[str], tables: Mapping[str, Sequence[str]], *, uuids: bool = False
) -> FittedRecipe | None:
    """The recipe that leaves least to write of a mapping and says the same; None where none is worth its word.

    Shape: `columns` are those of the rows, and the paths in them at which something stands; `tables` those of the
           database around them; `uuids` says that every user of the rows is one.
    """
    found = [
        fitted
        for recipe in RECIPES.values()
        if not is_whole(recipe) and (fitted := _fitted(section, recipe, columns, tables, uuids=uuids)) is not None
    ]
    worth = [each for each in found if each.saved >= _LEAST_SAVED]
    return max(worth, key=lambda each: each.saved + _MARK_WORTH * _is_marked(each.recipe, tables), default=None)


def whole_recipe(
    section: SourceSection, columns: Collection[str], words: Callable[[str], Collection[str]]
) -> SourceRecipe | None:
    """The recipe of a program or an export whose rows these are as it writes them; None where they are not.

    Shape: `words` gives the different values of a column, none where there are too many.
    """
    return next((each for each in RECIPES.values() if is_whole(each) and _is_of(each, section, columns, words)), None)


def is_whole(recipe: SourceRecipe) -> bool:
    """Whether a recipe is of one program's rows as they are, and tells them by rules."""
    return bool(recipe.section.rules)


def rest_of_whole(section: SourceSection, recipe: SourceRecipe) -> SourceSection:
    """What is left to write beside the recipe of a program: where its rows are, and what Stripe said of them."""
    rest = SourceSection(recipe=recipe.name, url_env=section.url_env, file=section.file)
    plain = {name: getattr(section, name) for name in ("zone", "amounts", "balance")}
    changed = {name: value for name, value in plain.items() if value != getattr(recipe.section, name)}
    users = SourceUsers() if section.users == recipe.section.users else section.users
    return replace(rest, table=_table_left(section, recipe), users=users, **changed)


def _is_of(
    recipe: SourceRecipe, section: SourceSection, columns: Collection[str], words: Callable[[str], Collection[str]]
) -> bool:
    """Whether rows are those of a program: its table, the columns that it always has, and its words."""
    of = recipe.section
    if (of.table is None) != (section.file is not None) or (of.table and _table_left(section, recipe)):
        return False
    needed = {text for texts in of.columns.values() for text in texts if not is_optional(text)}
    said = {word for text in of.columns.get("kind", ()) for word in words(text)}
    return needed <= set(columns) and said <= set(of.kind) and all(_can_hold(rule.when, columns) for rule in of.rules)


def _can_hold(condition: str, columns: Collection[str]) -> bool:
    try:
        parse_condition(condition, columns)
    except ConfigurationError:
        return False
    return True


def _fitted(
    section: SourceSection,
    recipe: SourceRecipe,
    columns: Collection[str],
    tables: Mapping[str, Sequence[str]],
    *,
    uuids: bool,
) -> FittedRecipe | None:
    of = recipe.section
    users = section.users
    if users == of.users or (uuids and users == SourceUsers()):
        users = SourceUsers()
    elif of.users != SourceUsers():
        return None
    plain = {name: getattr(section, name) for name in _PLAIN}
    rest = SourceSection(
        recipe=recipe.name,
        url_env=section.url_env,
        file=section.file,
        table=_table_left(section, recipe),
        query=section.query,
        users=users,
        columns=_columns_left(section, recipe, columns),
        kind=_words_left(section.kind, {**of.kind}, SOURCE_KINDS),
        status=_words_left(section.status, {**of.status}, tuple(RowStatus)),
        rules=section.rules,
        **{name: value for name, value in plain.items() if value != getattr(of, name)},
    )
    saved = _size(section) - _size(rest)
    if not _says_the_same(rest, section, columns):
        return None
    return FittedRecipe(recipe, rest, saved, _reason(recipe, section, rest, tables))


def _reason(
    recipe: SourceRecipe, section: SourceSection, rest: SourceSection, tables: Mapping[str, Sequence[str]]
) -> str:
    """What a recipe says of the mapping, and what speaks for its stack."""
    columns, words = len(section.columns) - len(rest.columns), len(section.kind) + len(section.status)
    words -= len(rest.kind) + len(rest.status)
    said = [] if rest.table or section.table is None else [f"the table {section.table}"]
    said += [plural(count, name) for count, name in ((columns, "column"), (words, "word")) if count]
    mark = f"; the database has {recipe.mark}" if _is_marked(recipe, tables) else ""
    return f"it says the same of {', '.join(said)}{mark}"


def _is_marked(recipe: SourceRecipe, tables: Mapping[str, Sequence[str]]) -> bool:
    """Whether the recipe's stack left its mark in the database: a table, or a column of one."""
    mark = recipe.mark
    return mark is not None and (
        mark in tables or any(f"{name}.{each}" == mark for name in tables for each in tables[name])
    )


def _table_left(section: SourceSection, recipe: SourceRecipe) -> str | None:
    bare = [None if each is None else each.removeprefix("public.") for each in (section.table, recipe.section.table)]
    return None if bare[0] == bare[1] else section.table


def _columns_left(section: SourceSection, recipe: SourceRecipe, columns: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The columns that a recipe does not find by itself."""
    return {
        ours: theirs
        for ours, theirs in section.columns.items()
        if not _found_alike(recipe.section, section, ours, columns)
    }


def _found_alike(one: SourceSection, other: SourceSection, name: str, columns: Collection[str]) -> bool:
    try:
        if name == "livemode":
            return _flag(one, columns) == _flag(other, columns)
        return _filled(place_of(one, name, columns)) == _filled(place_of(other, name, columns))
    except ConfigurationError:
        return False


def _filled(found: FirstFilled | None) -> tuple[ColumnReference, ...]:
    """The places at which something stands: a path with values is among the columns, and leads nowhere further."""
    return () if found is None else tuple(each for each in found.places if not each.path)


def _flag(section: SourceSection, columns: Collection[str]) -> str | None:
    """Which column says the mode, as the row mapper takes it: the first that there is."""
    texts = section.columns.get("livemode")
    if texts == ():
        return None
    there = (
        each.removesuffix("?") for each in texts or () if not is_optional(each) or references((each,), columns).places
    )
    return next(there, "livemode" if "livemode" in columns else None)


def _words_left(
    said: Mapping[str, _Meaning], of: Mapping[str, _Meaning], ours: Collection[_Meaning]
) -> dict[str, _Meaning]:
    """The words that a recipe does not know, or knows otherwise."""
    words = Words("kind", {word: str(each) for word, each in of.items()}, [str(each) for each in ours])
    return {word: each for word, each in said.items() if not words.knows(word, str(each))}


def _says_the_same(rest: SourceSection, section: SourceSection, columns: Collection[str]) -> bool:
    """Whether what is left, with its recipe, finds every field where the mapping has it, and none besides."""
    whole = with_recipe(rest)
    try:
        one, other = Places.of(whole, columns), Places.of(section, columns)
    except ConfigurationError:
        return False
    same = all(_filled(getattr(one, each.name)) == _filled(getattr(other, each.name)) for each in fields(Places))
    plain = all(getattr(whole, name) == getattr(section, name) for name in _PLAIN)
    return same and plain and whole.rules == section.rules and _found_alike(whole, section, "livemode", columns)


def _size(section: SourceSection) -> int:
    """How many lines settings take. Shape: the place and what both have alike are left out."""
    columns = [ours for ours, theirs in section.columns.items() if theirs != (ours,)]
    words = [word for said in (section.kind, section.status) for word, each in said.items() if word != str(each)]
    plain = [name for name in ("table", "recipe", *_PLAIN) if getattr(section, name) is not None]
    return len(columns) + len(words) + len(plain) + len(section.rules)
