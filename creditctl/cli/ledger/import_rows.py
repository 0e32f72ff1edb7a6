"""`creditctl ledger import`: an application's own credit transactions, from a file or from its database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, Writes, command
from creditctl.cli.ledger.guess_source import guess_answer
from creditctl.cli.ledger.import_options import ReadingOptions
from creditctl.cli.ledger.import_source import source_of
from creditctl.cli.ledger.session import confirm_posting
from creditctl.cli.progress import progress
from creditctl.core.errors import ExitCode
from creditctl.core.project_file.source import AmountUnit

if TYPE_CHECKING:
    from creditctl.sources.importer import Import, Spool
    from creditctl.sources.report import ImportReport

SourceArgument = Annotated[
    str | None,
    typer.Argument(help="A CSV or JSON lines file, or a database URL without a password.", metavar="[FILE|URL]"),
]
SkipBadOption = Annotated[bool, typer.Option("--skip-bad", help="Import the good rows although there are bad ones.")]
SkipModeOption = Annotated[
    bool, typer.Option("--skip-other-mode", help="Pass over test rows in a live import, and live rows in a test one.")
]
AllowKnownOption = Annotated[
    bool, typer.Option("--allow-known", help="Write also what the ledger has from a webhook or from another source.")
]
OwnKeysOption = Annotated[
    bool,
    typer.Option("--own-keys", help="Keep payment keys that are the application's own, such as an order number."),
]
FullOption = Annotated[
    bool, typer.Option("--full", help="Read a table from its start again, and compare what was imported.")
]
GuessOption = Annotated[
    bool, typer.Option("--guess", help="Propose a [source] for creditctl.toml from the rows, and import nothing.")
]
WriteOption = Annotated[
    bool, typer.Option("--write", help="Write what --guess proposes into creditctl.toml, once you agreed.")
]


@command(ledger=FileUse.REQUIRED, writes=Writes.ENTRIES, dry_run=True)
def import_rows(
    session: Session,
    source: SourceArgument = None,
    skip_bad: SkipBadOption = False,
    skip_other_mode: SkipModeOption = False,
    full: FullOption = False,
    allow_known: AllowKnownOption = False,
    own_keys: OwnKeysOption = False,
    guess: GuessOption = False,
    write: WriteOption = False,
    *,
    reading: ReadingOptions,
) -> Answer:
    """Copy an application's own credit transactions into the ledger; run again, it goes on where it stopped.

    Columns: created, user_id, kind, credits, amount, currency, payment_key, livemode.

    Optional: package, id, idempotency_key, source_event, note, session_id, object_id, corrects (the id of a row).

    A payment_key is Stripe's: a payment intent, a Checkout session or a charge. What names no payment is refused.

    Amounts are whole minor units unless --amounts says otherwise; times without an offset are UTC. Where [source]
    stands in creditctl.toml it says how rows are read, also those of another URL, unless --map or --table do.

    Every row is checked before the first is written: with bad rows nothing is, but for --skip-bad. Exit 1 then.
    """
    from creditctl.sources.importer import Import, Spool
    from creditctl.sources.mapped_source import MappedSource
    from creditctl.sources.row import RowReader, parse_kinds

    wanted = reading.of(source)
    if guess or write:
        return guess_answer(session, wanted, write=write)
    their_kinds = parse_kinds(reading.kinds or ())
    ledger = session.ledger
    rows = source_of(session, session.settings_of_any_mode(), wanted)
    spool = session.stack.enter_context(Spool(ledger.path.parent))
    reader = RowReader(
        *(rows.name, rows.row_field, ledger.account, ledger.livemode, their_kinds),
        own_keys=own_keys,
        major=reading.amounts is AmountUnit.MAJOR
        and not isinstance(rows, MappedSource),  # it has reckoned them already
    )
    return _run(session, Import(ledger, rows, reader, full, skip_other_mode, allow_known), spool, skip_bad=skip_bad)


def _run(session: Session, job: Import, spool: Spool, *, skip_bad: bool) -> Answer:
    """Checks every row; writes those that are new once all are good, or the bad ones are to be skipped."""
    with progress(session, "rows") as told:
        checked = replace(job, progress=told).check(spool)
    if session.dry_run or not checked.may_load(skip_bad=skip_bad):
        return _answer(checked, wrote=False, dry_run=session.dry_run)
    confirm_posting(session, _posting_lines(checked, spool))
    with progress(session, "rows") as told:
        loaded = replace(job, progress=told).load(spool, checked)
    return _answer(loaded, wrote=True, dry_run=False)


def _posting_lines(checked: ImportReport, spool: Spool) -> list[str]:
    from creditctl.cli.render.ledger_import import posting_lines

    return posting_lines(checked, next(spool.batches(), []))


def _answer(report: ImportReport, *, wrote: bool, dry_run: bool) -> Answer:
    from creditctl.cli.render import ledger_import as render

    return Answer(
        {"written": wrote, "dry_run": dry_run, **report.as_dict()},
        lambda console: render.imported(console, report, wrote=wrote, dry_run=dry_run),
        findings=report.findings,
        exit_code=ExitCode.FINDINGS if report.findings and not dry_run else ExitCode.OK,
    )
