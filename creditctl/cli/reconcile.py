"""`creditctl reconcile`: what Stripe holds against what the ledger says; on request, put right what is safe."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.ledger.session import LedgerOption
from creditctl.cli.options import (
    CatalogOption,
    ConfirmOption,
    DryRunOption,
    EnvFileOption,
    JsonOption,
    ModeOption,
    SinceOption,
    UntilOption,
    YesOption,
)
from creditctl.cli.output import Run, start
from creditctl.core.errors import ExitCode
from creditctl.core.when import Window, parse_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from creditctl.core.catalog import Catalog
    from creditctl.core.modes import Mode
    from creditctl.core.settings import Settings
    from creditctl.ledger.store import Ledger
    from creditctl.reconciliation.report import ReconcileReport
    from creditctl.stripe_api.client import StripeConnection

RepairOption = Annotated[
    bool, typer.Option("--repair", help="Post what is safe: lost credits, refunds and disputes not yet followed.")
]
MaxRepairsOption = Annotated[
    int, typer.Option("--max-repairs", min=0, help="Refuse to repair more payments than this at once.")
]
GraceOption = Annotated[
    int, typer.Option("--grace-seconds", min=0, help="How long a webhook may be on its way.", metavar="SECONDS")
]


@dataclass(frozen=True, slots=True)
class ReconcileOptions:
    """What the operator asked for."""

    window: Window
    grace_seconds: int
    repair: bool
    dry_run: bool
    max_repairs: int
    yes: bool
    mode: Mode | None
    confirm: str | None
    ledger: Path | None

    @property
    def repairs(self) -> bool:
        """Whether anything may be written at all."""
        return self.repair and not self.dry_run


def reconcile(
    ctx: typer.Context,
    since: SinceOption = None,
    until: UntilOption = None,
    repair: RepairOption = False,
    dry_run: DryRunOption = False,
    max_repairs: MaxRepairsOption = 100,
    grace_seconds: GraceOption = 900,
    yes: YesOption = False,
    confirm: ConfirmOption = None,
    ledger: LedgerOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every payment on Stripe with the ledger. Exit 1 while anything disagrees, 5 if not all could be read."""
    run = start(ctx, as_json=as_json)
    settings = run.wiring.settings(env_file, mode)
    window = parse_window(since, until, run.wiring.clock())
    packages = run.wiring.catalog(catalog or settings.catalog_path)
    wish = ReconcileOptions(window, grace_seconds, repair, dry_run, max_repairs, yes, mode, confirm, ledger)
    report = _carry_out(run, settings, packages, wish)
    _finish(run, report, wish)


def _carry_out(run: Run, settings: Settings, catalog: Catalog, wish: ReconcileOptions) -> ReconcileReport:
    """Compares, and repairs where that was asked for and is allowed."""
    from creditctl.ledger.store import Ledger

    clock = run.wiring.clock
    with ExitStack() as stack:
        door = stack.enter_context(run.wiring.stripe(settings, audited=False))
        path = settings.ledger_path if wish.ledger is None else run.wiring.folder / wish.ledger
        ledger = stack.enter_context(
            Ledger.open(path, account=door.account_id, livemode=door.livemode, clock=clock, create=False)
        )
        if wish.repairs:
            _guard(run, door, ledger, wish)
        report = _compare(run, door, ledger, catalog, wish)
        return _repair(run, report, ledger, wish) if wish.repairs else report


def _compare(
    run: Run, door: StripeConnection, ledger: Ledger, catalog: Catalog, wish: ReconcileOptions
) -> ReconcileReport:
    from creditctl.reconciliation import run as room

    return room.reconcile(
        client=door.client,
        ledger=ledger,
        catalog=catalog,
        livemode=door.livemode,
        since=wish.window.since,
        until=wish.window.until,
        clock=run.wiring.clock,
        grace_seconds=wish.grace_seconds,
        progress=_progress(run),
        record=not wish.dry_run,
    )


def _guard(run: Run, door: StripeConnection, ledger: Ledger, wish: ReconcileOptions) -> None:
    """The live guard of entries, before anything long begins; Stripe stays locked, a repair changes nothing there."""
    from creditctl.ledger.guards import confirm_entries

    confirm_entries(ledger, mode=door.mode, expected=wish.mode, confirm=wish.confirm, ask=_asker(run, wish))


def _repair(run: Run, report: ReconcileReport, ledger: Ledger, wish: ReconcileOptions) -> ReconcileReport:
    """Repairs what the report plans, once somebody agreed, where there is somebody to ask."""
    from creditctl.reconciliation import run as room

    if report.complete and not report.repairs:
        return report
    ask = _asker(run, wish)
    if report.complete and ask is not None and not _agreed(run, report, ask):
        run.say("Nothing was posted.")
        return report
    return room.repair(report, ledger=ledger, clock=run.wiring.clock, max_repairs=wish.max_repairs)


def _agreed(run: Run, report: ReconcileReport, ask: Callable[[str], str]) -> bool:
    from creditctl.cli.render.reconcile import plan_lines

    for line in plan_lines(report.repairs):
        run.say(line)
    return ask("Post these entries? [y/N] ").strip().lower() in ("y", "yes")


def _asker(run: Run, wish: ReconcileOptions) -> Callable[[str], str] | None:
    """How to ask a person; None where nobody would answer, or no question was wanted."""
    if wish.yes or run.as_json or not run.wiring.stdin.isatty():
        return None

    def ask(question: str) -> str:
        run.err.print(question, end="", markup=False)
        return run.wiring.stdin.readline()

    return ask


def _progress(run: Run) -> Callable[[str, int], None] | None:
    """How far the reading has come, where somebody watches."""
    if run.as_json or not run.wiring.stderr.isatty():
        return None
    return lambda path, count: run.err.print(f"reading {path}: {count:,}", end="\r", markup=False)


def _finish(run: Run, report: ReconcileReport, wish: ReconcileOptions) -> None:
    from creditctl.cli.render.reconcile import render

    run.finish(
        report.as_dict(),
        human=lambda console: render(console, report, plan=wish.dry_run),
        findings=report.findings,
        exit_code=exit_code(report, dry_run=wish.dry_run),
    )


def exit_code(report: ReconcileReport, *, dry_run: bool) -> ExitCode:
    """5 for an incomplete picture; 0 where nothing is left or only the plan was asked for; else 1."""
    if not report.complete:
        return ExitCode.UNREACHABLE
    return ExitCode.OK if report.clean or dry_run else ExitCode.FINDINGS
