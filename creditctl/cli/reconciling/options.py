"""Options of `creditctl reconcile` about what a run says, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.core.errors import UsageError
from creditctl.core.findings import Severity

if TYPE_CHECKING:
    from creditctl.cli.command import Session

OUTPUT = "What a run says"
"""The heading of these options."""


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """What the operator wants to be told: each field is an option of the command."""

    history: Annotated[
        bool,
        typer.Option(
            "--history",
            help="Compare nothing: show the latest runs, or those of --since and --until.",
            rich_help_panel=OUTPUT,
        ),
    ] = False
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="For cron: nothing when all is well, else one line.", rich_help_panel=OUTPUT
        ),
    ] = False
    fail_on: Annotated[
        Severity,
        typer.Option("--fail-on", help="Exit 1 for findings of this severity and worse.", rich_help_panel=OUTPUT),
    ] = Severity.MEDIUM
    as_json_lines: Annotated[
        bool, typer.Option("--jsonl", help="Print one finding a line, as JSON.", rich_help_panel=OUTPUT)
    ] = False
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the findings as CSV with a header.", rich_help_panel=OUTPUT)
    ] = False

    def require_consistent(self, session: Session) -> None:
        """Refuses two forms of the same answer. Errors: UsageError."""
        from creditctl.cli.forms import require_one_form

        require_one_form(session, jsonl=self.as_json_lines, csv=self.as_csv, quiet=self.quiet)


def require_alone(name: str, **others: bool) -> None:
    """Refuses what has no meaning beside an option that compares nothing. Errors: UsageError."""
    given = next((other for other, wanted in others.items() if wanted), None)
    if given is not None:
        raise UsageError(
            f"--{name} compares nothing, so that --{given} has nothing to do.", code="usage.form", fix="Choose one."
        )
