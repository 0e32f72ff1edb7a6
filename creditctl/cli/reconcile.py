"""`creditctl reconcile`: what Stripe holds against what the ledger says; on request, put right what is safe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, Writes, command
from creditctl.cli.ledger.anchor import add, require_held
from creditctl.cli.options import CatalogOption, SinceOption, UntilOption
from creditctl.cli.progress import status_line
from creditctl.core.errors import ExitCode, UsageError
from creditctl.core.limits import GRACE_SECONDS
from creditctl.core.text import plural
from creditctl.core.when import Window, parse_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from creditctl.core.catalog import Catalog
    from creditctl.payments.keeper import Keeper
    from creditctl.reconciliation.report import ReconcileReport

RepairOption = Annotated[
    bool, typer.Option("--repair", help="Post what is safe: lost credits, refunds and disputes not yet followed.")
]
MaxRepairsOption = Annotated[
    int, typer.Option("--max-repairs", min=0, help="Refuse to repair more payments than this at once.")
]
GraceOption = Annotated[
    int | None,
    typer.Option(
        "--grace-seconds",
        min=0,
        help="How long a webhook may be on its way.",
        metavar="SECONDS",
        show_default=f"{GRACE_SECONDS}, or [reconcile] grace_seconds of creditctl.toml",
    ),
]
ReconcileAnchorOption = Annotated[
    Path | None,
    typer.Option(
        "--anchor",
        help="Prove the ledger against the anchors in this file first, and add one at the end.",
        show_default="`[reconcile] anchor` of creditctl.toml",
        metavar="FILE",
    ),
]
FullOption = Annotated[
    bool, typer.Option("--full", help="Read all of the application's rows, not only those that were updated.")
]
TodoOption = Annotated[
    Path | None,
    typer.Option("--todo", help="Write what the application has still to book, as CSV.", metavar="FILE"),
]


@dataclass(frozen=True, slots=True)
class ReconcileOptions:
    """What the operator asked for."""

    window: Window
    grace_seconds: int
    max_repairs: int


@command(stripe=StripeUse.REQUIRED, ledger=FileUse.REQUIRED, writes=Writes.ENTRIES, dry_run=True)
def reconcile(
    session: Session,
    since: SinceOption = None,
    until: UntilOption = None,
    repair: RepairOption = False,
    max_repairs: MaxRepairsOption = 100,
    grace_seconds: GraceOption = None,
    full: FullOption = False,
    todo: TodoOption = None,
    anchor: ReconcileAnchorOption = None,
    catalog: CatalogOption = None,
) -> Answer:
    """Compare every payment on Stripe with the ledger. Exit 1 while anything disagrees, 5 if not all could be read.

    Where creditctl.toml has a [source], the application's own rows are read first, and judged in place of a ledger.
    """
    anchors = _anchor_file(session, anchor)
    if anchors is not None:
        require_held(session.ledger, anchors)
    window = parse_window(since, until, session.wiring.clock())
    wanted = ReconcileOptions(window, _grace_seconds(session, grace_seconds), max_repairs)
    packages = session.catalog(catalog)
    if session.project.source is not None:
        report = _of_source(session, packages, wanted, full=full, todo=todo, repair=repair)
        return _answer(session, report, None if session.dry_run else _anchor(session, anchors))
    if full or todo is not None:
        raise UsageError(
            "--full and --todo are for an application's own rows, and creditctl.toml has no [source].",
            code="source.none",
            fix="Leave them out; `creditctl reconcile --repair` posts what is missing in the ledger.",
        )
    if session.dry_run:
        return _answer(session, _compare(session, packages, wanted))
    if not repair:
        return _answer(session, _compare(session, packages, wanted), _anchor(session, anchors))
    # The guard comes before anything long begins; Stripe stays locked, for a repair changes nothing there.
    session.guard_entries(session.stripe.mode)
    repaired = _repair(session, _compare(session, packages, wanted), wanted)
    return _answer(session, repaired, _anchor(session, anchors))


def _grace_seconds(session: Session, named: int | None) -> int:
    """The grace period: of the option, of `[reconcile] grace_seconds`, or the usual one."""
    written = session.project.reconcile.grace_seconds
    return next((each for each in (named, written) if each is not None), GRACE_SECONDS)


def _anchor_file(session: Session, named: Path | None) -> Path | None:
    """The file of anchors: of the option, or of `[reconcile] anchor`, which is relative to its own file."""
    if named is not None:
        return session.wiring.folder / named
    written, folder = session.project.reconcile.anchor, session.project.folder
    return None if written is None or folder is None else folder / written


def _anchor(session: Session, path: Path | None) -> dict[str, Any] | None:
    """Notes the head that the run ends with, and says so."""
    if path is None:
        return None
    head = add(session.ledger, path, session.wiring.clock)
    session.say(f"Anchored {head.count:,} entries in {path}.")
    return {"file": str(path), "count": head.count, "head": head.hash}


def _of_source(
    session: Session, packages: Catalog, wanted: ReconcileOptions, *, full: bool, todo: Path | None, repair: bool
) -> ReconcileReport:
    """Judges the application's rows: they are read first, so that one line in cron does it all."""
    from creditctl.cli.ledger.source import archive_beside_ledger, read_source, refuse_posting
    from creditctl.reconciliation.todo import write_todo

    if repair:
        refuse_posting(session.settings, "--repair")
    _ = session.ledger
    source = read_source(session, archive_beside_ledger(session), session.settings, full=full)
    assert source is not None
    report = _compare(session, packages, wanted, source.keeper)
    report = replace(report, source=source.report.as_dict())
    if todo is not None and report.complete:
        count = write_todo(session.wiring.folder / todo, report)
        session.say(f"{todo}: {plural(count, 'row')} for the application to book.")
    return report


def _compare(
    session: Session, packages: Catalog, wanted: ReconcileOptions, keeper: Keeper | None = None
) -> ReconcileReport:
    from creditctl.cli.ledger.pull_memory import PullMemory
    from creditctl.payments.keeper import OUR_LEDGER
    from creditctl.reconciliation import run as room

    with _progress(session) as progress:
        return room.reconcile(
            client=session.stripe.client,
            ledger=session.ledger,
            catalog=packages.named_since(session.ledger.named_since),
            livemode=session.stripe.livemode,
            since=wanted.window.since,
            until=wanted.window.until,
            clock=session.wiring.clock,
            grace_seconds=wanted.grace_seconds,
            progress=progress,
            record=not session.dry_run,
            keeper=keeper or OUR_LEDGER,
            sessionless=PullMemory(session),
            conceal=session.wiring.redactor.redact,
        )


@contextmanager
def _progress(session: Session) -> Iterator[Callable[[str, int], None] | None]:
    """How far the reading has come, where somebody watches."""
    with status_line(session) as show:
        yield None if show is None else (lambda path, count: show(f"reading {path}: {count:,}"))


def _repair(session: Session, report: ReconcileReport, wanted: ReconcileOptions) -> ReconcileReport:
    """Repairs what the report plans, once it was shown and somebody agreed, on the spot or with `--yes`."""
    from creditctl.cli.render.reconcile import plan_lines
    from creditctl.payments.repair import require_repairable
    from creditctl.reconciliation import run as room

    if report.complete and not report.repairs:
        return report
    if report.complete:
        require_repairable(session.ledger, report.repairs, wanted.max_repairs)
        if not session.agreed_to_post(plan_lines(report.repairs)):
            session.say("Nothing was posted.")
            return report
    return room.repair(report, ledger=session.ledger, clock=session.wiring.clock, max_repairs=wanted.max_repairs)


def _answer(session: Session, report: ReconcileReport, anchor: dict[str, Any] | None = None) -> Answer:
    from creditctl.cli.render.reconcile import render

    return Answer(
        {**report.as_dict(), "anchor": anchor},
        lambda console: render(console, report, plan=session.dry_run and report.source is None),
        findings=report.findings,
        exit_code=exit_code(report, dry_run=session.dry_run),
    )


def exit_code(report: ReconcileReport, *, dry_run: bool) -> ExitCode:
    """5 for an incomplete picture, 6 for a ledger that was tampered with; 0 where nothing is left or only the plan was
    asked for; else 1."""
    from creditctl.payments.finding_codes import LEDGER_TAMPERED

    if not report.complete:
        return ExitCode.UNREACHABLE
    if any(finding.code == LEDGER_TAMPERED for finding in report.findings):
        return ExitCode.LEDGER
    return ExitCode.OK if report.clean or dry_run else ExitCode.FINDINGS
