"""User names of a source as its settings say them: a prefix, a form, or pairs that a query or a file gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import SourceUsers
from creditctl.sources.mapping.users import UserNames
from creditctl.sources.reading.file_rows import pairs_of_file
from creditctl.sources.reading.raw_rows import OtherTables
from creditctl.sources.values.texts import id_of

_NOTHING: Mapping[str, str] = MappingProxyType({})


def user_names(
    users: SourceUsers, tables: OtherTables | None, folder: Path, earlier: Mapping[str, str] = _NOTHING
) -> UserNames:
    """The translation of user ids. Errors: ConfigurationError; those of reading; BadRow for an id that is none.

    Shape: `earlier` are names that rows had before; they count for users whom the pairs no longer have, because the
           application deleted them: what they bought stays theirs.
    """
    pairs = ((id_of(theirs, "user"), id_of(stripe, "user")) for theirs, stripe in _pairs(users, tables, folder))
    known = {owner: named for owner, named in pairs if owner is not None and named is not None}
    return UserNames(users, known, {owner: named for owner, named in earlier.items() if owner not in known})


def needs_database(key: str) -> ConfigurationError:
    """The refusal of a setting that reads a table, where `[source]` names a file."""
    return ConfigurationError(
        f"{key} needs a database, and [source] names a file.", code="source.place", fix=f"Leave {key} out."
    )


def _pairs(users: SourceUsers, tables: OtherTables | None, folder: Path) -> Iterable[tuple[object, object]]:
    """The pairs of their user and Stripe's."""
    if users.query is not None:
        if tables is None:
            raise needs_database("[source.users] query")
        return tables.pairs(users.query)
    return () if users.file is None else pairs_of_file(folder / users.file)
