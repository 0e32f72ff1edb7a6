"""Options of `creditctl reconcile` about what a run says, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.core.errors import UsageError
from creditctl.core.findings import Severity

if TYPE_CHECKING:
    from creditctl.cli.command import Session

OUTPUT = "What a run says"
"""The heading of these options."""

_DRILL_WAIT = "25h"


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

    metrics: Annotated[
        Path | None,
        typer.Option(
            "--metrics",
            help="Write Prometheus metrics for node_exporter's textfile collector, which reads *.prom.",
            metavar="FILE",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    notify_command: Annotated[
        str | None,
        typer.Option(
            "--notify-command",
            help="Hand word of what is new, and of all clear, to this command's standard input, as JSON.",
            show_default="`[alert] command` of creditctl.toml",
            metavar="COMMAND",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    notify_url_env: Annotated[
        str | None,
        typer.Option(
            "--notify-url-env",
            help="POST it to the webhook URL in this variable: Slack, Mattermost or your own.",
            show_default="`[alert] url_env` of creditctl.toml",
            metavar="NAME",
            rich_help_panel=OUTPUT,
        ),
    ] = None

    junit: Annotated[
        Path | None,
        typer.Option("--junit", help="Write JUnit XML for a CI system.", metavar="FILE", rich_help_panel=OUTPUT),
    ] = None
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            help="Write one page for finance: totals that tie, prices, sales by day, findings.",
            metavar="FILE",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    drill: Annotated[
        bool,
        typer.Option(
            "--drill",
            help="Try the alarm: lose an event on the emulator and wait for the alert; elsewhere send one message.",
            rich_help_panel=OUTPUT,
        ),
    ] = False
    drill_wait: Annotated[
        str,
        typer.Option(
            "--drill-wait", help="How long a drill waits for the alert.", metavar="DURATION", rich_help_panel=OUTPUT
        ),
    ] = _DRILL_WAIT

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are to be written."""
        return tuple(path for path in (self.metrics, self.junit, self.html) if path is not None)

    @property
    def receivers(self) -> dict[str, bool]:
        """The options that name a receiver of alerts, and whether each is given."""
        return {"notify-command": self.notify_command is not None, "notify-url-env": self.notify_url_env is not None}

    def require_consistent(self, session: Session, *, offline: bool) -> None:
        """Refuses two forms of the same answer, two receivers, and what a run that keeps nothing never does.

        Errors: UsageError.
        """
        from creditctl.cli.forms import require_one_form

        require_one_form(session, jsonl=self.as_json_lines, csv=self.as_csv, quiet=self.quiet)
        notified = [name for name, given in self.receivers.items() if given]
        if len(notified) > 1:
            raise _refused("--notify-command and --notify-url-env are two receivers of the same alerts.")
        if session.dry_run and (notified or self.metrics is not None):
            raise _refused("A dry run is no run: it writes no metrics and tells nobody.")
        if offline and (notified or self.metrics is not None):
            raise _refused("--offline keeps nothing: such a run writes no metrics and tells nobody.")
        if self.drill_wait != _DRILL_WAIT and not self.drill:
            raise _refused("--drill-wait is for --drill alone.")

    def require_alone(self, name: str, **others: bool) -> None:
        """Refuses what has no meaning beside `--history` or `--drill`, which compare nothing. Errors: UsageError."""
        own = {
            "quiet": self.quiet,
            "jsonl": self.as_json_lines,
            "csv": self.as_csv,
            **{file: getattr(self, file) is not None for file in ("metrics", "junit", "html")},
        }
        given = next((other for other, wanted in {**own, **others}.items() if wanted), None)
        if given is not None:
            raise _refused(f"--{name} compares nothing, so that --{given} has nothing to do.")


def _refused(message: str) -> UsageError:
    return UsageError(message, code="usage.form", fix="Choose one.")
