"""Registry of all error, finding and check codes: how each ends a command or how bad it is, its meaning, its mend.

The data stand in `codes.toml` beside this file; `creditctl explain` and docs/codes.md show them.
"""

from __future__ import annotations

import difflib
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from creditctl.core.errors import ExitCode
from creditctl.core.findings import Severity

ANY = "*"
"""Last part of a code that stands for a family of codes, such as Stripe's own below `stripe.`."""

_MOST_NEAREST = 5


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """One code of the registry.

    Shape: `exit_codes` where it is an error, `severities` where it is a finding, `is_check` where it is a check's id;
           one code may be several of them.
    """

    code: str
    meaning: str
    mend: str
    exit_codes: tuple[ExitCode, ...] = ()
    severities: tuple[Severity, ...] = ()
    is_check: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it is: `error`, `finding`, `check`."""
        kinds = (("error", self.exit_codes), ("finding", self.severities), ("check", self.is_check))
        return tuple(name for name, there in kinds if there)

    @property
    def group(self) -> str:
        """The part before the first dot, by which lists are grouped."""
        return self.code.partition(".")[0]

    def as_dict(self) -> dict[str, Any]:
        """The code as JSON documents show it."""
        return {
            "code": self.code,
            "kinds": list(self.kinds),
            "exit_codes": [int(code) for code in self.exit_codes],
            "severities": [str(severity) for severity in self.severities],
            "meaning": self.meaning,
            "mend": self.mend,
        }


@functools.cache
def all_codes() -> Mapping[str, CodeInfo]:
    """Every code of creditctl, in order of name."""
    text = resources.files("creditctl.core").joinpath("codes.toml").read_text(encoding="utf-8")
    return parse_codes(text)


def parse_codes(text: str) -> dict[str, CodeInfo]:
    """The registry from its TOML text. Errors: KeyError, ValueError for an entry that is not whole."""
    tables = tomllib.loads(text)
    return {code: _info(code, tables[code]) for code in sorted(tables)}


def find_code(code: str, codes: Mapping[str, CodeInfo]) -> CodeInfo | None:
    """The entry of a code: its own, or the one of its family (`stripe.*`)."""
    family = f"{code.partition('.')[0]}.{ANY}"
    return codes.get(code) or (codes.get(family) if "." in code else None)


def nearest_codes(code: str, codes: Mapping[str, CodeInfo]) -> list[str]:
    """The codes that somebody may have meant: alike as a whole, or alike in the part after the last dot."""
    whole = difflib.get_close_matches(code, codes, n=_MOST_NEAREST, cutoff=0.6)
    last = code.rpartition(".")[2]
    parts = [known for known in codes if last and last in known and known not in whole]
    return [*whole, *parts][:_MOST_NEAREST]


def _info(code: str, table: Mapping[str, Any]) -> CodeInfo:
    unknown = table.keys() - {"exit", "severity", "check", "meaning", "mend"}
    if unknown:
        raise ValueError(f"{code}: {', '.join(sorted(unknown))}")
    return CodeInfo(
        code=code,
        meaning=table["meaning"],
        mend=table["mend"],
        exit_codes=tuple(ExitCode(number) for number in table.get("exit", ())),
        severities=tuple(Severity(name) for name in table.get("severity", ())),
        is_check=bool(table.get("check", False)),
    )
