"""Places of a row's fields: which columns of the application say what. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import SourceSection
from creditctl.sources.mapping.columns import FirstFilled, is_optional, reference, references

_NOWHERE = FirstFilled()
_NEEDED = ("created", "user_id", "credits", "payment_key")


@dataclass(frozen=True)
class Places:
    """Where each field stands; a place without any column is always empty. Shape: no `id` where a file has none."""

    id: FirstFilled | None
    created: FirstFilled
    user_id: FirstFilled
    kind: FirstFilled
    credits: FirstFilled
    amount: FirstFilled
    currency: FirstFilled
    payment_key: FirstFilled
    status: FirstFilled
    corrects: FirstFilled

    @classmethod
    def of(cls, section: SourceSection, available: Collection[str] | None) -> Places:
        """The places that the settings name; a column that is called as ours needs no line.

        Errors: ConfigurationError where one that is needed is nowhere.
        """
        found = {name: place_of(section, name, available) for name in (each.name for each in fields(cls))}
        needed = (*_NEEDED, *(() if section.rules else ("kind",)), *(() if section.file else ("id",)))
        missing = [name for name in needed if not found[name].places]
        if missing:
            raise _missing(missing, available)
        if any(map(is_optional, section.columns.get("amount", ()))) and found["amount"] == found["credits"]:
            found["amount"] = FirstFilled()  # a recipe's only column of the name counts credits, and no money
        own_id = found.pop("id")
        return cls(id=own_id if own_id.places else None, **found)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that they use."""
        places = [getattr(self, each.name) for each in fields(self)]
        return tuple(each.column for place in places if place is not None for each in place.places)

    @staticmethod
    def own(name: str, available: Collection[str] | None) -> tuple[str, ...]:
        """The column that is called as ours."""
        return (name,) if available is not None and name in available else ()


def _untaken(section: SourceSection, name: str, available: Collection[str] | None) -> tuple[str, ...]:
    """The column that is called as ours; one that need not be there, unless a line says that it holds something else,
    as `credits = "amount"` does.
    """
    if name in ("id", *_NEEDED, "kind"):
        return Places.own(name, available)
    taken = {text.removesuffix("?") for ours, texts in section.columns.items() if ours != name for text in texts}
    return tuple(own for own in Places.own(name, available) if own not in taken)


def place_of(section: SourceSection, name: str, available: Collection[str] | None) -> FirstFilled:
    """Where one field stands; nowhere, where nothing says it. Errors: ConfigurationError for a column that is none."""
    texts = section.columns.get(name, ())
    if texts:
        found = references(texts, available)
        # Of alternatives in a recipe the first that there is says it; a payment may be named by any of them.
        alone = name != "payment_key" and any(map(is_optional, texts))
        return FirstFilled(found.places[:1]) if alone else found
    if name in section.columns:
        return _NOWHERE
    if available is None:
        usual = ("id", *_NEEDED, *(() if section.rules else ("kind",)))
        return FirstFilled((reference(name, None),)) if name in usual else _NOWHERE
    return references(_untaken(section, name, available), available)


def _missing(missing: Collection[str], available: Collection[str] | None) -> ConfigurationError:
    there = f" There are: {', '.join(available)}." if available else ""
    return ConfigurationError(
        f"The source has no column for: {', '.join(missing)}.",
        code="source.column",
        fix=f"Say which under [source.columns], ours = theirs; `creditctl ledger import --guess` proposes it.{there}",
    )
