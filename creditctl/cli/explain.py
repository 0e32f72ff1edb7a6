"""`creditctl explain`: what an error, finding or check code means, and what to do about it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, Session, command
from creditctl.core.errors import UsageError

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.codes import CodeInfo

CodeArgument = Annotated[
    str | None, typer.Argument(metavar="[CODE]", help="A code as an error or finding shows it; without it, all.")
]


@command(settings=False)
def explain(session: Session, code: CodeArgument = None) -> Answer:  # noqa: ARG001 - every command is handed one
    """Explain the code of an error, finding or check: what it means and what to do. Without one, list all."""
    from creditctl.core.codes import all_codes

    if code is not None:
        info = required_code(code)
        report = {**info.as_dict(), "asked": code}
        return Answer.lines(report, f"{code}: {kind_words(info)}", info.meaning, f"-> {info.mend}")
    found = list(all_codes().values())
    return Answer({"codes": [each.as_dict() for each in found]}, human=lambda console: _show_all(console, found))


def required_code(code: str) -> CodeInfo:
    """The registry's entry for a code. Errors: UsageError naming the nearest codes where there is none."""
    from creditctl.core.codes import all_codes, find_code, nearest_codes

    info = find_code(code, all_codes())
    if info is None:
        near = ", ".join(nearest_codes(code, all_codes()))
        fix = f"The nearest are: {near}." if near else "`creditctl explain` lists all."
        raise UsageError(f"There is no code {code!r}.", code="explain.unknown", fix=fix)
    return info


def kind_words(info: CodeInfo) -> str:
    """What a code is, in words: `error (exit 3), finding (high)`."""
    words = {
        "error": f"error (exit {' or '.join(str(int(each)) for each in info.exit_codes)})",
        "finding": f"finding ({' or '.join(info.severities)})",
        "check": "check",
    }
    return ", ".join(words[kind] for kind in info.kinds)


def _show_all(console: Console, codes: Iterable[CodeInfo]) -> None:
    for group, members in itertools.groupby(codes, key=lambda info: info.group):
        console.print(group, style="bold")
        for info in members:
            console.print(f"  {info.code}: {kind_words(info)}. {info.meaning}", soft_wrap=True)
    console.print("One of them, with what to do: `creditctl explain CODE`")
