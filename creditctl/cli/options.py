"""Options that mean the same in every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from creditctl.core.modes import Mode

SHARED = "Options that mean the same everywhere"
"""The heading of the options that `cli/command.py` adds."""

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print exactly one JSON document on stdout.", rich_help_panel=SHARED)
]
ModeOption = Annotated[
    Mode | None,
    typer.Option("--mode", help="The mode you expect; any other is refused (exit 3).", rich_help_panel=SHARED),
]
EnvFileOption = Annotated[
    Path | None,
    typer.Option("--env-file", help="Settings file.", show_default=".env", metavar="FILE", rich_help_panel=SHARED),
]
LedgerOption = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        help="The ledger file.",
        show_default="CREDITCTL_LEDGER, or the mode's own",
        metavar="FILE",
        rich_help_panel=SHARED,
    ),
]
DeploymentOption = Annotated[
    str | None,
    typer.Option(
        "--deployment",
        help="The deployment that this is, instead of the one in creditctl.toml.",
        metavar="NAME",
        rich_help_panel=SHARED,
    ),
]
WebhookPathOption = Annotated[
    str | None,
    typer.Option(
        "--webhook-path",
        help="Where the backend takes webhooks, instead of the path in creditctl.toml.",
        metavar="PATH",
        rich_help_panel=SHARED,
    ),
]
CatalogOption = Annotated[
    Path | None, typer.Option("--catalog", help="Another catalogue of packages (TOML).", metavar="FILE")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Ask no questions.", rich_help_panel=SHARED)]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print the plan and change nothing.", rich_help_panel=SHARED)
]
CheckOption = Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 when there is something to do.")]
ConfirmOption = Annotated[
    str | None,
    typer.Option(
        "--confirm",
        help="The account id, to confirm writes with a live key.",
        metavar="acct_…",
        rich_help_panel=SHARED,
    ),
]
HostOption = Annotated[str, typer.Option("--host", help="The address to listen on.")]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes any free one.")]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", help="From this time on: 2026-11-01, or an age such as 36h, 30d.", metavar="WHEN"),
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", help="Before this time: 2026-11-01, or an age such as 36h, 30d.", metavar="WHEN"),
]
