"""Source guess: a proposed `[source]`, the reason for each of its lines, and what does not fit it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from creditctl.core.project_file.source import SourceSection, SourceUsers
from creditctl.sources.guess.evidence import Evidence


def users_settings(users: SourceUsers) -> tuple[tuple[str, str | None], ...]:
    """The settings of `[source.users]`, by their names."""
    return (("form", users.form), ("prefix", users.prefix), ("query", users.query), ("file", users.file))


LEFT_OUT = "left out"
"""What stands in a line for the value of a field that no column says."""


def without_column(
    columns: Mapping[str, tuple[str, ...]], ours: str, available: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """The columns without one of a field. Shape: where one is called as ours, settings have to say that it is none."""
    rest = {name: theirs for name, theirs in columns.items() if name != ours}
    is_taken = any(ours in theirs for theirs in rest.values())
    return {**rest, ours: ()} if ours in available and not is_taken else rest


@dataclass(frozen=True, slots=True)
class GuessedLine:
    """One line of the proposal: its key, its value as it would be written, and why."""

    key: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceGuess:
    """A proposal.

    Shape: `looked_at` rows were read for it; `misfits` are rows that it cannot read, with their reasons; `unknown` is
           what nothing says, so that a person has to; `evidence` is what its rows come to by it. `places` are the
           columns, and the paths in them at which something stands; `tables` those of the database, where it says it.
    """

    section: SourceSection
    lines: tuple[GuessedLine, ...] = ()
    looked_at: int = 0
    misfits: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    evidence: Evidence = field(default_factory=Evidence, repr=False)
    places: tuple[str, ...] = ()
    tables: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)

    @property
    def whole(self) -> bool:
        """Whether it could be used as it stands."""
        return not self.misfits and not self.unknown

    def as_dict(self) -> dict[str, Any]:
        """The proposal as a JSON document shows it."""
        return {
            "lines": [{"key": each.key, "value": each.value, "reason": each.reason} for each in self.lines],
            "looked_at": self.looked_at,
            "misfits": list(self.misfits),
            "unknown": list(self.unknown),
            "whole": self.whole,
        }


@dataclass
class GuessDraft:
    """A proposal that is being made."""

    section: SourceSection
    lines: list[GuessedLine] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def say(self, key: str, value: str, reason: str, **changes: Any) -> None:
        """Adds a line, and what it changes in the settings."""
        self.lines.append(GuessedLine(key, value, reason))
        self.section = replace(self.section, **changes)

    def column(self, ours: str, theirs: tuple[str, ...], reason: str) -> None:
        """Says which column a field is; one that is called as ours needs no line, but is shown all the same."""
        columns = {**self.section.columns, ours: theirs}
        value = theirs[0] if len(theirs) == 1 else f"[{', '.join(theirs)}]"
        self.say(f"columns.{ours}", value, reason, columns=columns)

    def no_column(self, ours: str, reason: str, available: Collection[str]) -> None:
        """Says that no column is a field, though one is called so."""
        columns = without_column(self.section.columns, ours, available)
        self.say(f"columns.{ours}", LEFT_OUT, reason, columns=columns)
