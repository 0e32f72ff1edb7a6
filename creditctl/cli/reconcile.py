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
from creditctl.cli.ledger.pulling import PullOptions
from creditctl.cli.ledger.retention import prune_archive
from creditctl.cli.options import CatalogOption, SinceOption, UntilOption
from creditctl.cli.progress import status_line
from creditctl.cli.reconciling.drill import drill
from creditctl.cli.reconciling.history import history as show_history
from creditctl.cli.reconciling.operator import operator_of
from creditctl.cli.reconciling.options import OutputOptions
from creditctl.cli.reconciling.outcome import answer, one_line_errors
from creditctl.cli.reconciling.reports import write_reports
from creditctl.cli.reconciling.telling import telling
from creditctl.core.errors import UsageError
from creditctl.core.limits import GRACE_SECONDS
from creditctl.core.text import plural
from creditctl.core.when import Window, parse_window, require_begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from creditctl.cli.ledger.source import ReadSource
    from creditctl.core.catalog import Catalog
    from creditctl.ledger.archive.store import Archive
    from creditctl.payments.keeper import Keeper
    from creditctl.payments.repair import RepairLimits
    from creditctl.payments.source.source_keeper import SourceKeeper
    from creditctl.reconciliation.report import ReconcileReport

RepairOption = Annotated[
    bool, typer.Option("--repair", help="Put right what is safe: lost credits, refunds and disputes not yet followed.")
]
MaxRepairsOption = Annotated[
    int, typer.Option("--max-repairs", min=0, help="Refuse to repair more payments than this at once.")
]
MaxCreditsOption = Annotated[
    int | None,
    typer.Option(
        "--max-credits",
        min=0,
        help="Refuse to post more credits than this at once, given and taken together.",
        show_default="no limit",
        metavar="CREDITS",
    ),
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
    bool, typer.Option("--full", help="Read everything anew, on Stripe and of an application's rows, not what is new.")
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
    limits: RepairLimits
    repair: bool
    full: bool
    todo: Path | None
    pulling: PullOptions
    report: bool


@command(
    stripe=StripeUse.REQUIRED,
    ledger=FileUse.REQUIRED,
    archive=FileUse.IF_THERE,
    writes=Writes.ENTRIES,
    dry_run=True,
    webhook=True,
)
def reconcile(
    session: Session,
    since: SinceOption = None,
    until: UntilOption = None,
    repair: RepairOption = False,
    max_repairs: MaxRepairsOption = 100,
    max_credits: MaxCreditsOption = None,
    grace_seconds: GraceOption = None,
    full: FullOption = False,
    todo: TodoOption = None,
    anchor: ReconcileAnchorOption = None,
    catalog: CatalogOption = None,
    *,
    pulling: PullOptions,
    told: OutputOptions,
) -> Answer:
    """Compare every payment on Stripe with the ledger. Exit 1 while anything disagrees, 5 if not all could be read.

    Where creditctl.toml has a [source], the application's own rows are read first, and judged in place of a ledger;
    a repair delivers its lost events to the application again, signed, until it has booked them.
    """
    from creditctl.payments.repair import RepairLimits

    told.require_consistent(session, offline=pulling.offline)
    pulling.require_consistent(repair=repair, full=full)
    session.offline, session.quiet = pulling.offline, told.quiet
    window = _window(since, until, session.wiring.clock())
    others = {"repair": repair, "full": full, "todo": todo is not None}
    if told.history:
        told.require_alone("history", **others, **told.receivers, drill=told.drill)
        return show_history(session, window)
    if told.drill:
        read = {"since": since is not None, "until": until is not None, "offline": pulling.offline}
        told.require_alone("drill", **others, **read, **{"dry-run": session.dry_run})
        return drill(session, told, session.catalog(catalog))
    with one_line_errors(session, told):
        limits, grace = RepairLimits(max_repairs, max_credits), _grace_seconds(session, grace_seconds)
        wanted = ReconcileOptions(window, grace, limits, repair, full, todo, pulling, told.html is not None)
        anchors = _anchor_file(session, anchor)
        with telling(session, told, todo, kept=anchors):
            if anchors is not None:
                require_held(session.ledger, anchors)
            report = _run(session, session.catalog(catalog), wanted)
        write_reports(session, told, report)
        return answer(session, report, told, None if session.dry_run else _anchor(session, anchors, told))


def _window(since: str | None, until: str | None, now: int) -> Window:
    window = parse_window(since, until, now)
    require_begun(window, since, now)
    return window


def _run(session: Session, packages: Catalog, wanted: ReconcileOptions) -> ReconcileReport:
    """Compares, and repairs where that was asked for."""
    if session.project.source is not None:
        return _of_source(session, packages, wanted)
    if wanted.todo is not None:
        raise UsageError(
            "--todo is for an application's own rows, and creditctl.toml has no [source].",
            code="source.none",
            fix="Leave it out; `creditctl reconcile --repair` posts what is missing in the ledger.",
        )
    if session.dry_run or not wanted.repair:
        return _compare(session, packages, wanted)
    # The guard comes before anything long begins; Stripe stays locked, for a repair changes nothing there.
    session.guard_entries(session.stripe.mode)
    return _repair(session, _compare(session, packages, wanted), wanted)


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


def _anchor(session: Session, path: Path | None, told: OutputOptions) -> dict[str, Any] | None:
    """Notes the head that the run ends with, and says so."""
    if path is None:
        return None
    head = add(session.ledger, path, session.wiring.clock)
    if not told.quiet:
        session.say(f"Anchored {head.count:,} entries in {path}.")
    return {"file": str(path), "count": head.count, "head": head.hash}


def _of_source(session: Session, packages: Catalog, wanted: ReconcileOptions) -> ReconcileReport:
    """Judges the application's rows: they are read first, so that one line in cron does it all."""
    from creditctl.cli.ledger.source import archive_beside_ledger, read_source
    from creditctl.reconciliation.todo import write_todo

    if wanted.repair and not session.dry_run:
        session.guard_deliveries()
    _ = session.ledger
    archive = archive_beside_ledger(session)
    source = read_source(session, archive, session.settings, full=wanted.full)
    assert source is not None
    report = _compare(session, packages, wanted, source.keeper)
    report = replace(report, source=source.report.as_dict())
    if wanted.repair:
        report = _redeliver(session, report, archive, source, wanted)
    if wanted.todo is not None and report.complete:
        count = write_todo(session.wiring.folder / wanted.todo, report)
        session.say(f"{wanted.todo}: {plural(count, 'row')} for the application to book.")
    prune_archive(session, archive, session.ledger)
    return report


def _redeliver(
    session: Session, report: ReconcileReport, archive: Archive, source: ReadSource, wanted: ReconcileOptions
) -> ReconcileReport:
    """Delivers lost events to the application again; its rows are read in between."""
    from creditctl.cli.events.redelivery import repair_source
    from creditctl.cli.ledger.source import read_source

    def rows(whole: bool, /) -> SourceKeeper:
        again = read_source(session, archive, session.settings, full=whole)
        assert again is not None
        return again.keeper

    return repair_source(session, report, archive, source.keeper, rows, wanted.limits)


def _compare(
    session: Session, packages: Catalog, wanted: ReconcileOptions, keeper: Keeper | None = None
) -> ReconcileReport:
    from creditctl.cli.ledger.pulling import Pulling
    from creditctl.payments.keeper import OUR_LEDGER
    from creditctl.reconciliation import run as room

    with _progress(session) as progress:
        pulling = Pulling(session, wanted.pulling, wanted.full, progress, wanted.report)
        pulling.limit_rate()
        return room.reconcile(
            client=session.stripe.silent_client if session.offline else session.stripe.client,
            ledger=session.ledger,
            catalog=packages.named_since(session.ledger.named_since),
            livemode=session.stripe.livemode,
            since=wanted.window.since,
            until=wanted.window.until,
            clock=session.wiring.clock,
            grace_seconds=wanted.grace_seconds,
            progress=progress,
            record=not (session.dry_run or session.offline),
            keeper=keeper or OUR_LEDGER,
            by=operator_of(session.wiring),
            plan=pulling.plan(wanted.window),
            conceal=session.wiring.redactor.redact,
        )


@contextmanager
def _progress(session: Session) -> Iterator[Callable[[str, int], None] | None]:
    """How far the reading has come, where somebody watches."""
    with status_line(session) as show:
        yield None if show is None else (lambda path, count: show(f"reading {path}: {count:,}"))


def _repair(session: Session, report: ReconcileReport, wanted: ReconcileOptions) -> ReconcileReport:
    """Repairs what the report plans, once it was shown and somebody agreed, on the spot or with `--yes`.

    Shape: an incomplete report plans nothing, and says itself what is missing.
    """
    from creditctl.cli.render.reconcile import plan_lines
    from creditctl.payments.repair import require_repairable
    from creditctl.reconciliation import run as room

    if not (report.complete and report.repairs):
        return report
    require_repairable(session.ledger, report.repairs, wanted.limits)
    if not session.agreed_to_post(plan_lines(report.repairs)):
        session.say("Nothing was posted.")
        return report
    return room.repair(report, ledger=session.ledger, clock=session.wiring.clock, limits=wanted.limits)
