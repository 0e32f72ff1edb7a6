"""`creditctl trace`: everything known about one payment, session, charge, refund, event or user, on one time line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.events.session import open_desk, status_line
from creditctl.cli.options import CatalogOption, EnvFileOption, JsonOption, ModeOption
from creditctl.cli.output import start
from creditctl.core.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from creditctl.trace.timeline import Trace


def trace(
    ctx: typer.Context,
    subject: Annotated[
        str, typer.Argument(help="cs_…, pi_…, ch_…, re_…, dp_…, evt_… or user:ID.", metavar="ID", show_default=False)
    ],
    offline: Annotated[bool, typer.Option("--offline", help="Ask archive and ledger only, not Stripe.")] = False,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one payment from Stripe, its events and the ledger, and the first thing that is missing.

    Exit 1 when something is missing, 5 when Stripe did not answer and the picture is incomplete.
    """
    run = start(ctx, as_json=as_json)
    with open_desk(run, env_file, mode, make_mirror=False) as desk, status_line(run) as show:
        from creditctl.trace.reader import read_trace
        from creditctl.trace.sources import TraceSources
        from creditctl.trace.timeline import build_trace

        door = desk.door
        packages = run.wiring.catalog(catalog or desk.settings.catalog_path)
        eyes = TraceSources(
            client=None if offline else lambda: door.client,
            archive=desk.archive,
            ledger=desk.ledger,
            clock=run.wiring.clock,
            progress=None if show is None else lambda what: show(f"reading {what}"),
        )
        found = build_trace(read_trace(eyes, subject), packages)

    def human(console: Console) -> None:
        from creditctl.cli.render.trace import render

        render(console, found)

    run.finish(found.as_dict(), human=human, findings=found.findings(), exit_code=_exit_code(found))


def _exit_code(found: Trace) -> ExitCode:
    if found.away:
        return ExitCode.UNREACHABLE
    return ExitCode.FINDINGS if found.findings() else ExitCode.OK
