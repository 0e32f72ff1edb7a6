"""Flag of a row, such as `livemode`: a column, a path or a condition; a leading `!` inverts it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import tzinfo

from creditctl.sources.mapping.columns import FirstFilled, RawColumns, reference
from creditctl.sources.mapping.conditions import Condition, is_condition, parse_condition
from creditctl.sources.values.texts import flag_of, is_empty


@dataclass(frozen=True)
class Flag:
    """How a flag is told. Shape: by the condition where there is one, else by the place; with neither never."""

    name: str
    condition: Condition | None = None
    place: FirstFilled = field(default_factory=FirstFilled)
    inverted: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs."""
        compared = () if self.condition is None else self.condition.comparisons
        return (*(each.place.column for each in compared), *(each.column for each in self.place.places))

    def value(self, row: RawColumns) -> bool | None:
        """What a row says; None where it says nothing. Errors: BadRow."""
        if self.condition is not None:
            return self.condition.holds(row) is not self.inverted
        value = self.place.value(row)
        return None if is_empty(value) else flag_of(value, self.name) is not self.inverted


def parse_flag(name: str, text: str | None, available: Collection[str] | None, zone: tzinfo) -> Flag:
    """A flag from its text, such as `!is_test` or `env = 'production'`. Errors: ConfigurationError."""
    if text is None:
        return Flag(name)
    inverted, plain = text.startswith("!"), text.removeprefix("!").strip()
    if is_condition(plain):
        return Flag(name, parse_condition(plain, available, zone), inverted=inverted)
    return Flag(name, None, FirstFilled((reference(plain, available),)), inverted)
