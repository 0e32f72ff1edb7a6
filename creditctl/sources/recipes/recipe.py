"""Recipe: settings of `[source]` under a name, and for what they are."""

from __future__ import annotations

from dataclasses import dataclass

from creditctl.core.project_file.source import SourceSection


@dataclass(frozen=True, slots=True)
class SourceRecipe:
    """Ready settings. Shape: `about` is one sentence: which stack, which table."""

    name: str
    about: str
    section: SourceSection
