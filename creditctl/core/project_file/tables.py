"""Typed reader of one TOML table: each key by its type, unknown keys and wrong types become faults."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import TypeVar

from creditctl.core.project_file.faults import DocumentFaults, nearest_key, shown
from creditctl.core.project_file.lines import Path

_Choice = TypeVar("_Choice", bound=StrEnum)
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


@dataclass(frozen=True)
class TomlTable:
    """One table that is being read.

    Shape: `label` stands before a key in messages, such as `source.`; `path` is where the table stands in the document.
    """

    values: Mapping[str, object]
    faults: DocumentFaults
    label: str = ""
    path: Path = ()

    def fault(self, key: str, sentence: str) -> None:
        """Notes what is wrong with a key."""
        self.faults.add((*self.path, key), f"{self.label}{key} {sentence}")

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Keys that nothing reads are faults, each with the one that was probably meant: a slip must not be silent."""
        for key in self.values:
            if key not in known:
                label = self.label.removesuffix(".")
                where = f"{label}: " if label and not label.endswith(" ") else label
                self.faults.add((*self.path, key), f"{where}unknown key {key!r}{nearest_key(key, known)}")

    def text(self, key: str) -> str | None:
        """A text that is not blank; None where the key is absent, or at fault."""
        return self.matching(key, re.compile(r"(?s).*\S.*"), "a text that is not empty")

    def matching(self, key: str, pattern: re.Pattern[str], meant: str) -> str | None:
        """A text of a certain shape. Shape: `meant` says which, in words."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        self.fault(key, f"must be {meant}, not {shown(value)}")
        return None

    def env_name(self, key: str) -> str | None:
        """The name of an environment variable that holds a secret; what stands there instead is never shown."""
        value = self.values.get(key)
        if value is None or (isinstance(value, str) and _ENV_NAME.fullmatch(value)):
            return value
        self.fault(key, 'must be the name of an environment variable, such as "DATABASE_URL"')
        return None

    def texts(self, key: str, *, or_none: bool = False) -> tuple[str, ...]:
        """One text or several, none of them blank; empty where the key is absent, or says so where it may."""
        value = self.values.get(key, [])
        several = value if isinstance(value, list) else [value]
        if all(isinstance(each, str) and each.strip() for each in several) and (
            several or or_none or key not in self.values
        ):
            return tuple(several)
        self.fault(key, f"must be a text or a list of texts, not {shown(value)}")
        return ()

    def whole(self, key: str, *, least: int, most: int) -> int | None:
        """A whole number within bounds."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.fault(key, f"must be a whole number from {least} to {most}, not {shown(value)}")
        return None

    def flag(self, key: str) -> bool:
        """true or false; absent is false."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            self.fault(key, f"must be true or false, not {shown(value)}")
        return value is True

    def choice(self, key: str, words: type[_Choice]) -> _Choice | None:
        """One of a few words."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, str) and value in list(words):
            return words(value)
        self.fault(key, f"must be {alternatives(words)}, not {shown(value)}")
        return None

    def moment(self, key: str) -> int | None:
        """A date or a time as TOML writes them, without quotes. Units: Unix seconds; what names no zone is UTC."""
        value = self.values.get(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time(), UTC)
        if isinstance(value, datetime):
            return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
        if value is not None:
            self.fault(key, f"must be a date or a time without quotes, such as 2026-06-01, not {shown(value)}")
        return None

    def table(self, key: str, label: str | None = None) -> TomlTable | None:
        """The table below a key. Shape: `label` is what stands before its keys in messages, its own name as a rule."""
        value = self.values.get(key)
        if isinstance(value, dict):
            return TomlTable(value, self.faults, f"{self.label}{key}." if label is None else label, (*self.path, key))
        if value is not None:
            self.fault(key, f"must be a table, not {shown(value)}")
        return None

    def tables(self, key: str) -> Iterator[TomlTable]:
        """The tables of an array, `[[key]]` or `key = [{ … }]`, in their order."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            self.fault(key, f"must be a list of tables, not {shown(value)}")
            return
        for place, each in enumerate(value):
            path = (*self.path, key, place)
            if isinstance(each, dict):
                yield TomlTable(each, self.faults, f"{self.label}{key}[{place + 1}].", path)
            else:
                self.faults.add(path, f"{self.label}{key}: {shown(each)} is not a table")


def alternatives(words: Collection[str] | type[StrEnum]) -> str:
    """Words to choose from, as a sentence has them: "a", "b" or "c"."""
    *first, last = (f'"{word}"' for word in words)
    return f"{', '.join(first)} or {last}" if first else last
