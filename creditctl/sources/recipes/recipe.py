"""Recipe: settings of `[source]` under a name, and for what they are."""

from __future__ import annotations

from dataclasses import dataclass

from creditctl.core.project_file.source import SourceSection


@dataclass(frozen=True, slots=True)
class SourceRecipe:
    """Ready settings.

    Shape: `about` is one sentence: which stack, which table. `mark` is a table, or a column of one, by which the stack
           can be told in its database.
    """

    name: str
    about: str
    section: SourceSection
    mark: str | None = None
