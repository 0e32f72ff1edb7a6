"""Options that `env check`, `checklist` and `doctor` share: which checks, and a list of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.output import Answer

if TYPE_CHECKING:
    from creditctl.checks.check import Check
    from creditctl.cli.console import Console

OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", help="Only this check, by id, name or group; may be repeated.", metavar="CHECK"),
]
SkipOption = Annotated[
    list[str] | None,
    typer.Option("--skip", help="All but this check; may be repeated.", metavar="CHECK"),
]
ListOption = Annotated[
    bool, typer.Option("--list", help="List the checks and which are required where; look at nothing.")
]


def list_answer(checks: Sequence[Check[Any]]) -> Answer:
    """The list of checks, as `--list` shows it."""
    from creditctl.checks.selection import listed

    rows = listed(checks)

    def human(console: Console) -> None:
        group = None
        for row in rows:
            if row["group"] != group:
                group = row["group"]
                console.print(group, style="bold")
            console.line(f"  {row['id']}  ", (_required_words(row["required"]), "dim"))
            console.print(f"      {row['title']}")

    return Answer({"checks": rows}, human)


def _required_words(stages: Sequence[str]) -> str:
    if not stages:
        return "advice, required nowhere"
    return "required everywhere" if len(stages) > 2 else f"required in {' and '.join(stages)}"
