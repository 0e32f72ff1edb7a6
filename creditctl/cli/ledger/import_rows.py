"""`creditctl ledger import`: an application's own credit transactions, from a file or from its database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.ledger.session import confirm, locate, open_ledger
from creditctl.cli.options import (
    ConfirmOption,
    DryRunOption,
    EnvFileOption,
    JsonOption,
    LedgerOption,
    ModeOption,
    YesOption,
)
from creditctl.cli.output import Run, start
from creditctl.core.errors import ConfigurationError, ExitCode, UsageError

if TYPE_CHECKING:
    from creditctl.core.settings import Settings
    from creditctl.ledger.store import Ledger
    from creditctl.sources.importer import Progress
    from creditctl.sources.report import ImportReport
    from creditctl.sources.source import ColumnMap, Source

SourceArgument = Annotated[
    str | None,
    typer.Argument(help="A CSV or JSON lines file, or a database URL without a password.", metavar="[FILE|URL]"),
]
UrlEnvOption = Annotated[
    str | None,
    typer.Option("--url-env", help="The variable that holds the database URL, password included.", metavar="NAME"),
]
TableOption = Annotated[str, typer.Option("--table", help="The table, or schema.table.")]
FormatOption = Annotated[
    str | None, typer.Option("--format", help="csv or jsonl, where the file's name does not say it.")
]
DelimiterOption = Annotated[str | None, typer.Option("--delimiter", help="Between the columns of a CSV file.")]
NameOption = Annotated[
    str | None,
    typer.Option(
        "--name",
        help="Name of the source; the same name means the same rows.",
        show_default="of the file or table",
    ),
]
MapOption = Annotated[
    list[str] | None, typer.Option("--map", help="A column that is called otherwise.", metavar="ours=theirs")
]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="One value for all rows.", metavar="ours=value")]
KindOption = Annotated[
    list[str] | None, typer.Option("--map-kind", help="A kind that is called otherwise.", metavar="theirs=ours")
]
SkipBadOption = Annotated[bool, typer.Option("--skip-bad", help="Import the good rows although there are bad ones.")]
SkipModeOption = Annotated[
    bool, typer.Option("--skip-other-mode", help="Pass over test rows in a live import, and live rows in a test one.")
]
AllowKnownOption = Annotated[
    bool, typer.Option("--allow-known", help="Write also what the ledger has from a webhook or from another source.")
]
FullOption = Annotated[
    bool, typer.Option("--full", help="Read a table from its start again, and compare what was imported.")
]


@dataclass(frozen=True)
class ImportOptions:
    """Where the rows come from and how they are to be read."""

    source: str | None
    url_env: str | None
    table: str
    format: str | None
    delimiter: str | None
    name: str | None
    columns: ColumnMap
    kinds: dict[str, str]


def import_rows(
    ctx: typer.Context,
    source: SourceArgument = None,
    url_env: UrlEnvOption = None,
    table: TableOption = "credit_transactions",
    form: FormatOption = None,
    delimiter: DelimiterOption = None,
    name: NameOption = None,
    renamed: MapOption = None,
    constants: SetOption = None,
    kinds: KindOption = None,
    skip_bad: SkipBadOption = False,
    skip_other_mode: SkipModeOption = False,
    full: FullOption = False,
    allow_known: AllowKnownOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    confirmed: ConfirmOption = None,
    ledger: LedgerOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy an application's own credit transactions into the ledger; run again, it goes on where it stopped.

    Columns: created, user_id, kind, credits, amount, currency, payment_key, livemode.

    Optional: package, id, idempotency_key, source_event, note, session_id, object_id.

    Amounts are whole minor units; times without an offset are UTC.

    Every row is checked before the first is written: with bad rows nothing is, but for --skip-bad.

    Exit 1 when a row was refused.
    """
    from creditctl.sources.importer import Import, Spool
    from creditctl.sources.row import RowReader, parse_kinds
    from creditctl.sources.source import ColumnMap

    run = start(ctx, as_json=as_json)
    columns = ColumnMap.parse(renamed or (), constants or ())
    wish = ImportOptions(source, url_env, table, form, delimiter, name, columns, parse_kinds(kinds or ()))
    place = locate(run, ledger=ledger, env_file=env_file, expected=mode)
    with ExitStack() as stack:
        opened = stack.enter_context(open_ledger(run, place))
        rows = stack.enter_context(_opened(run, place.settings, wish, opened))
        spool = stack.enter_context(Spool(opened.path.parent))
        reader = RowReader(rows.name, rows.row_field, opened.account, opened.livemode, wish.kinds)
        job = Import(opened, rows, reader, full, skip_other_mode, allow_known, progress=_progress(run))
        checked = job.check(spool)
        if dry_run or not checked.may_load(skip_bad=skip_bad):
            _finish(run, checked, wrote=False, dry_run=dry_run)
        confirm(run, place, opened, confirmed, yes=yes)
        _finish(run, job.load(spool, checked), wrote=True, dry_run=False)


@contextmanager
def _opened(run: Run, settings: Settings, wish: ImportOptions, ledger: Ledger) -> Iterator[Source]:
    """The source that is meant. Errors: UsageError, ConfigurationError, Unreachable."""
    from creditctl.sources.database import is_url
    from creditctl.sources.files import open_file

    if (wish.source is None) == (wish.url_env is None):
        raise UsageError(
            "An import reads one source: a file, a database URL, or --url-env NAME.",
            code="import.source",
            fix="For example `creditctl ledger import transactions.csv --dry-run`.",
        )
    if wish.source is not None and not is_url(wish.source):
        if wish.format not in (None, "csv", "jsonl") or (wish.delimiter is not None and len(wish.delimiter) != 1):
            raise UsageError("--format is csv or jsonl, --delimiter one character.", code="import.format")
        path = run.wiring.folder / wish.source
        yield open_file(path, wish.columns, format=wish.format, name=wish.name, delimiter=wish.delimiter)
        return
    with _database(run, settings, wish, ledger) as table:
        yield table


@contextmanager
def _database(run: Run, settings: Settings, wish: ImportOptions, ledger: Ledger) -> Iterator[Source]:
    from creditctl.sources.database import DatabaseSource

    url = _url_on_command_line(wish.source) if wish.source is not None else _url_of(run, settings, str(wish.url_env))
    source = DatabaseSource(url, wish.table, wish.columns, name=wish.name, folder=run.wiring.folder)
    try:
        _require_other_file(source.sqlite_file, ledger)
        yield source
    finally:
        source.close()


def _url_on_command_line(url: str) -> str:
    """A URL that anybody may see. Errors: UsageError with a password in it: others on this machine can read it."""
    from creditctl.sources.database import holds_password

    if holds_password(url):
        raise UsageError(
            "The database URL holds a password, and a command line can be read by others on this machine.",
            code="import.password",
            fix="Put the URL into a variable, or into .env, and name that: --url-env DATABASE_URL.",
        )
    return url


def _url_of(run: Run, settings: Settings, name: str) -> str:
    url = run.wiring.environ.get(name) or settings.text(name)
    if not url:
        raise ConfigurationError(
            f"{name} is not set.",
            code="env.missing",
            fix=f"Export {name}, or write it into {settings.env_file}: postgresql://user:password@host/database.",
        )
    return url


def _require_other_file(path: Path | None, ledger: Ledger) -> None:
    if path is not None and path.exists() and path.samefile(ledger.path):
        raise UsageError(
            f"{path} is the ledger itself.", code="import.itself", fix="Name the application's own database."
        )


def _progress(run: Run) -> Progress | None:
    """How far the reading has come, where somebody watches."""
    if run.as_json or not run.wiring.stderr.isatty():
        return None
    return lambda count: run.err.print(f"{count:,} rows", end="\r")


def _finish(run: Run, report: ImportReport, *, wrote: bool, dry_run: bool) -> None:
    from creditctl.cli.render import ledger_import as render

    run.finish(
        {"written": wrote, "dry_run": dry_run, **report.as_dict()},
        human=lambda console: render.imported(console, report, wrote=wrote, dry_run=dry_run),
        findings=report.findings,
        exit_code=ExitCode.FINDINGS if report.findings and not dry_run else ExitCode.OK,
    )
