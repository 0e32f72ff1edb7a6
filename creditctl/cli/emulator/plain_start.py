"""Plain start of the emulator: its usual options, read without Typer, which takes longer to load than the emulator.

Only what reads in one way is taken: known options in full, each once, its value a word of its own. All else, help and
mistakes among it, is left to Typer, which knows how to say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from creditctl.cli.wiring import Wiring

HIGHEST_PORT = 65_535
_MOST_DIGITS = 18
FLAGS = ("--livemode", "--strict-urls", "--raw-cards", "--json")


def _port(word: str) -> int | None:
    value = _number(word)
    return value if value is not None and value <= HIGHEST_PORT else None


def _number(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS else None


READERS: Mapping[str, Callable[[str], Any]] = {
    "--host": str,
    "--port": _port,
    "--state": Path,
    "--seed": _number,
    "--public-url": str,
    "--api-version": str,
    "--files": Path,
}
"""How the value of an option is read; None is no plain value."""


def plain_start(words: Sequence[str]) -> Callable[[Wiring], int] | None:
    """What starts the emulator as `creditctl emulator` does with these words; None where Typer is to read them."""
    options = plain_options(words)
    return None if options is None else lambda wiring: _start(wiring, options)


def plain_options(words: Sequence[str]) -> dict[str, Any] | None:
    """The options by the names of `StartOptions`, and `json`; None where they are not plain."""
    found: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        value = True if word in FLAGS else _value(word, next(rest, ""))
        name = word.removeprefix("--").replace("-", "_")
        if value is None or name in found:
            return None
        found[name] = value
    return found


def _value(option: str, word: str) -> Any:
    read = READERS.get(option)
    return None if read is None or not word or word.startswith("-") else read(word)


def _start(wiring: Wiring, found: dict[str, Any]) -> int:
    from creditctl.cli.emulator.serving import StartOptions, serve_emulator
    from creditctl.cli.session import Session, SharedOptions, answered
    from creditctl.cli.uses import Uses

    as_json = bool(found.pop("json", False))
    options = StartOptions(**found)
    with ExitStack() as stack:
        session = Session("emulator", wiring, as_json, SharedOptions(as_json=as_json), Uses(settings=False), stack)
        return answered(session, lambda: serve_emulator(session, options))
