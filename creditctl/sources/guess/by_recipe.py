"""A proposal said by a recipe, where one says most of it: what is left to write stands beside that. Pure."""

from __future__ import annotations

from dataclasses import replace

from creditctl.core.entitlement.user_ids import canonical_uuid
from creditctl.sources.guess.source_guess import GuessedLine, SourceGuess
from creditctl.sources.recipes.fitting import fitted_recipe, rest_of_whole
from creditctl.sources.recipes.table import RECIPES


def by_recipe(guess: SourceGuess) -> SourceGuess:
    """The proposal as it is written: by a recipe, and what that does not say; as it is where none is worth it.

    Shape: its lines stay, for each was guessed; the settings no longer read rows by themselves.
    """
    section = guess.section
    if section.recipe is not None:
        return replace(guess, section=rest_of_whole(section, RECIPES[section.recipe]))
    owners = guess.evidence.sums
    uuids = bool(owners) and all(canonical_uuid(each) is not None for each in owners)
    found = fitted_recipe(section, guess.places, guess.tables, uuids=uuids) if guess.whole else None
    if found is None:
        return guess
    line = GuessedLine("recipe", found.recipe.name, found.reason)
    return replace(guess, section=found.rest, lines=(line, *guess.lines))
