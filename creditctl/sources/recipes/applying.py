"""Applying a recipe: it fills every line of `[source]` that is not written."""

from __future__ import annotations

from dataclasses import replace

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import SourceSection, SourceUsers
from creditctl.sources.recipes.table import RECIPES


def with_recipe(section: SourceSection) -> SourceSection:
    """The settings with what their recipe says of everything they do not.

    Shape:  tables of words and columns are merged line by line; a place of their own leaves the recipe's out.
    Errors: ConfigurationError for a recipe that there is not.
    """
    if section.recipe is None:
        return section
    recipe = RECIPES.get(section.recipe)
    if recipe is None:
        raise ConfigurationError(
            f"There is no recipe {section.recipe!r}.",
            code="source.recipe",
            fix=f"There are: {', '.join(RECIPES)}. Or leave it out, and name the columns yourself.",
        )
    of = recipe.section
    placed = bool(section.file or section.table or section.query)
    return replace(
        section,
        table=section.table if placed else of.table,
        query=section.query if placed else of.query,
        where=section.where or of.where,
        amounts=section.amounts or of.amounts,
        credit_decimals=of.credit_decimals if section.credit_decimals is None else section.credit_decimals,
        zone=section.zone or of.zone,
        updated=section.updated or of.updated,
        other=section.other or of.other,
        columns={**of.columns, **section.columns},
        users=of.users if section.users == SourceUsers() else section.users,
        status={**of.status, **section.status},
        kind={**of.kind, **section.kind},
        rules=(*section.rules, *of.rules),
        balance=section.balance or of.balance,
    )
