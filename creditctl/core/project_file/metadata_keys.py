"""Metadata of Stripe objects as the project file names it: `metadata.KEY`, and tables of keys and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from creditctl.core.project_file.faults import shown
from creditctl.core.project_file.tables import TomlTable

_PREFIX = "metadata."
_MOST_KEY_CHARACTERS = 40
_MOST_VALUE_CHARACTERS = 500
"""Source: Stripe API reference, "Metadata": keys have up to 40 characters, values up to 500."""


def metadata_key(text: str) -> str | None:
    """The KEY of `metadata.KEY`; None for another text."""
    key = text.removeprefix(_PREFIX)
    return key if text.startswith(_PREFIX) and is_metadata_key(key) else None


def is_metadata_key(key: str) -> bool:
    """Whether Stripe takes it as a key of metadata. Source: as above; square brackets are refused."""
    return 1 <= len(key) <= _MOST_KEY_CHARACTERS and not set(key) & set("[]")


def flat_metadata(table: TomlTable, key: str, prefix: str = "") -> tuple[tuple[str, str], ...]:
    """A table of metadata as pairs in its order; each value is a text, because Stripe keeps nothing else.

    Shape: `prefix` is what each key has to begin with, and is left out of the pairs; a dotted key may be quoted or not.
    """
    value = table.values.get(key)
    if value is None:
        return ()
    if not isinstance(value, dict) or not value:
        table.fault(key, f"must be a table of metadata, not {shown(value)}")
        return ()
    pairs = []
    for name, text in _flat(value):
        plain = name.removeprefix(prefix)
        if not name.startswith(prefix) or not is_metadata_key(plain):
            table.fault(key, f'has the key {name!r}; each must be "{prefix}KEY"')
        elif not isinstance(text, str) or not 1 <= len(text) <= _MOST_VALUE_CHARACTERS:
            table.fault(key, f"has {name} = {shown(text)}; metadata is text, so write it in quotes")
        else:
            pairs.append((plain, text))
    return tuple(pairs)


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
