"""Faults of a TOML document: collected while it is read, each with its line, and refused all at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.lines import Path, key_lines, line_of
from creditctl.core.text import cut_text

_MOST_SHOWN_CHARACTERS = 60
_DECLARED_BEFORE = ("immutable namespace", "twice")
"""What the parser says of a header whose section stands in the other form."""


@dataclass
class DocumentFaults:
    """What is wrong with one document. Shape: `text` is what lines are looked up in, empty where there is none."""

    text: str = ""
    sentences: list[str] = field(default_factory=list)

    @cached_property
    def _lines(self) -> Mapping[Path, int]:
        return key_lines(self.text)

    def add(self, path: Path, sentence: str) -> None:
        """Notes a fault of the value at a path."""
        line = line_of(path, self._lines)
        self.sentences.append(sentence if line is None else f"line {line}: {sentence}")

    def __bool__(self) -> bool:
        return bool(self.sentences)

    def __str__(self) -> str:
        return "; ".join(self.sentences)


def parse_toml(text: str) -> dict[str, Any]:
    """Parses TOML, a byte order mark before it too. Errors: ValueError with the parser's reason, line included."""
    import tomllib

    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        if not any(each in str(error) for each in _DECLARED_BEFORE):
            raise
        more = (
            "it stands above already, perhaps without a header, as `package = [ … ]` or `webhook.path = …`: add to it"
        )
        raise ValueError(f"{error}; {more} there") from None


def nearest_key(key: str, known: Collection[str]) -> str:
    """The end of a sentence about an unknown key: the one that was probably meant, or those there are."""
    import difflib

    close = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    return f", did you mean {close[0]!r}?" if close else f" (there are: {', '.join(known)})"


def ended(faults: object) -> str:
    """Faults as the end of a sentence: a full stop after them, unless they end by asking."""
    text = str(faults)
    return text if text.endswith("?") else f"{text}."


def shown(value: object) -> str:
    """A wrong value as a message shows it, cut where it is long."""
    return cut_text(repr(value), _MOST_SHOWN_CHARACTERS)


def invalid_file(source: str, faults: object) -> ConfigurationError:
    """The refusal of a project file, with everything that is wrong with it."""
    return ConfigurationError(
        f"{source} is not valid: {ended(faults)}",
        code="project.invalid",
        fix=f"Correct what is named in {source}; docs/creditctl-toml.md has every section and key.",
    )
