"""`creditctl ledger`: what is in the ledger, whether it is whole, and how it is begun, copied and taken elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from creditctl.cli.ledger.session import (
    JsonLinesOption,
    LimitOption,
    locate,
    open_ledger,
    require_one_form,
)
from creditctl.cli.options import EnvFileOption, JsonOption, LedgerOption, ModeOption, SinceOption, UntilOption
from creditctl.cli.output import Run, start
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity
from creditctl.core.when import parse_window

if TYPE_CHECKING:
    from creditctl.ledger.hashchain.verify import Verification
    from creditctl.ledger.models import Balance, Entry, EntryFilter
    from creditctl.ledger.store import Ledger
    from creditctl.ledger.view import LedgerView

PAGE_ROWS = 50
_STREAM_ROWS = 1000


class Format(StrEnum):
    """How entries are written to a file."""

    CSV = "csv"
    JSON_LINES = "jsonl"


def balance(
    ctx: typer.Context,
    user: Annotated[str | None, typer.Argument(help="One user; without it, all of them.")] = None,
    after: Annotated[str | None, typer.Option("--after", help="Only users after this one.", metavar="USER")] = None,
    limit: LimitOption = None,
    as_json_lines: JsonLinesOption = False,
    ledger: LedgerOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how many credits a user has, or all users page by page."""
    from creditctl.cli.render import ledger as render

    run = start(ctx, as_json=as_json)
    require_one_form(run, jsonl=as_json_lines)
    with open_ledger(run, locate(run, ledger=ledger, env_file=env_file, expected=mode)) as opened:
        if user is not None:
            with opened.reading() as view:
                credits, known = view.balance(user), _is_known(view, user)
            answer = {"user_id": user, "credits": credits, "known": known}
            if as_json_lines:
                _stream(run, [answer])
            run.finish(answer, human=lambda console: render.balance(console, user, credits, known))
        if as_json_lines:
            _stream(run, (render.balance_row(each) for each in _balances(opened, after, limit)))
        with opened.reading() as view:
            page = view.balances(after, (limit or PAGE_ROWS) + 1)
    shown, following = _page(page, limit, lambda last: last.user_id)
    run.finish(
        {"balances": [render.balance_row(each) for each in shown], "next_after": following},
        human=lambda console: render.balances(console, shown, following),
    )


def history(
    ctx: typer.Context,
    user: Annotated[str | None, typer.Option("--user", help="Entries of this user.", metavar="USER")] = None,
    kind: Annotated[EntryKind | None, typer.Option("--kind", help="Entries of this kind.")] = None,
    payment: Annotated[
        str | None, typer.Option("--payment", help="Entries of this payment.", metavar="pi_…|cs_…")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    after_id: Annotated[int, typer.Option("--after-id", min=0, help="Go on after this entry.", metavar="ID")] = 0,
    limit: LimitOption = None,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="The latest entry first.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header, and no table.")] = False,
    as_json_lines: JsonLinesOption = False,
    ledger: LedgerOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the entries, oldest first: who got or lost which credits, when, for which payment, and why."""
    from creditctl.cli.render import ledger as render
    from creditctl.ledger.models import EntryFilter

    run = start(ctx, as_json=as_json)
    require_one_form(run, csv=as_csv, jsonl=as_json_lines)
    window = parse_window(since, until, run.wiring.clock())
    wanted = EntryFilter(user_id=user, kind=kind, payment_key=payment, since=window.since, until=window.until)
    with open_ledger(run, locate(run, ledger=ledger, env_file=env_file, expected=mode)) as opened:
        reading = _Reading(opened, wanted, newest_first)
        if as_csv or as_json_lines:
            _stream(run, (entry.as_dict() for entry in reading.all(after_id, limit)), as_csv=as_csv)
        page = reading.page(after_id, (limit or PAGE_ROWS) + 1)
    shown, following = _page(page, limit, lambda last: last.id)
    run.finish(
        {"entries": [entry.as_dict() for entry in shown], "next_after_id": following},
        human=lambda console: render.entries(console, shown, following),
    )


def export(
    ctx: typer.Context,
    form: Annotated[
        Format, typer.Option("--format", help="CSV with a header, or one JSON object a line.")
    ] = Format.CSV,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new file, instead of stdout.", metavar="FILE")
    ] = None,
    ledger: LedgerOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write every entry with every column, in order, as it stands in the ledger; one consistent view, streamed.

    With --json and without --output the entries stand in the document: for small ledgers.
    """
    run = start(ctx, as_json=as_json)
    with open_ledger(run, locate(run, ledger=ledger, env_file=env_file, expected=mode)) as opened:
        if output is not None:
            _export_to_file(run, opened, form, run.wiring.folder / output)
        with opened.reading() as view:
            if as_json:
                entries = list(view.export())
                run.finish({"count": len(entries), "entries": entries}, human=lambda _: None)
            _stream(run, view.export(), as_csv=form is Format.CSV)


def verify(
    ctx: typer.Context,
    expect_head: Annotated[
        str | None,
        typer.Option("--expect-head", help="A head noted earlier: proves that no entry was cut off.", metavar="HASH"),
    ] = None,
    ledger: LedgerOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute the hash chain and name every entry that was edited, removed, inserted or moved. Exit 6 if any was."""
    from creditctl.cli.render import ledger as render

    run = start(ctx, as_json=as_json)
    with (
        open_ledger(run, locate(run, ledger=ledger, env_file=env_file, expected=mode)) as opened,
        opened.reading() as view,
    ):
        found = view.verify(expect_head)
        path, account, livemode = opened.path, opened.account, opened.livemode
    run.finish(
        {
            "ledger": str(path),
            "account": account,
            "livemode": livemode,
            "count": found.head.count,
            "head": found.head.hash,
            "expected_head": expect_head,
            "faults": [
                {"kind": fault.kind, "entry_id": fault.entry_id, "message": fault.message} for fault in found.faults
            ],
        },
        human=lambda console: render.verification(console, found, path, expect_head),
        findings=_as_findings(found),
        exit_code=ExitCode.OK if found.ok else ExitCode.LEDGER,
    )


def backup(
    ctx: typer.Context,
    destination: Annotated[Path, typer.Argument(help="A file that does not exist yet.", metavar="FILE")],
    ledger: LedgerOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the ledger as it is now, while others use it, and prove the copy's chain. Nothing is overwritten."""
    from creditctl.cli.render import ledger as render

    run = start(ctx, as_json=as_json)
    place = locate(run, ledger=ledger, env_file=env_file, expected=mode)
    target = run.wiring.folder / destination
    with open_ledger(run, place) as opened:
        opened.backup(target)
        account, livemode = opened.account, opened.livemode
    found = _verified_copy(run, target, account, livemode)
    run.finish(
        {"backup": str(target), "bytes": target.stat().st_size, "count": found.head.count, "head": found.head.hash},
        human=lambda console: render.backup(console, target, found),
        findings=_as_findings(found),
        exit_code=ExitCode.OK if found.ok else ExitCode.LEDGER,
    )


@dataclass(frozen=True)
class _Reading:
    """The entries that a filter selects, in one of two orders."""

    ledger: Ledger
    wanted: EntryFilter
    newest_first: bool

    def page(self, after_id: int, limit: int) -> list[Entry]:
        with self.ledger.reading() as view:
            return view.entries(self.wanted, after_id=after_id, limit=limit, newest_first=self.newest_first)

    def all(self, after_id: int, limit: int | None) -> Iterator[Entry]:
        """Every entry, or as many as wanted, a page at a time."""
        left = limit
        while left is None or left > 0:
            page = self.page(after_id, _STREAM_ROWS if left is None else min(left, _STREAM_ROWS))
            yield from page
            if len(page) < _STREAM_ROWS:
                return
            after_id, left = page[-1].id, None if left is None else left - len(page)


def _balances(ledger: Ledger, after: str | None, limit: int | None) -> Iterator[Balance]:
    left = limit
    while left is None or left > 0:
        with ledger.reading() as view:
            page = view.balances(after, _STREAM_ROWS if left is None else min(left, _STREAM_ROWS))
        yield from page
        if len(page) < _STREAM_ROWS:
            return
        after, left = page[-1].user_id, None if left is None else left - len(page)


def _page(rows: list[Any], limit: int | None, key: Callable[[Any], Any]) -> tuple[list[Any], Any]:
    """A page, and where the next one begins; one row more than the page was read to know whether there is one."""
    size = limit or PAGE_ROWS
    shown = rows[:size]
    return shown, key(shown[-1]) if len(rows) > size else None


def _is_known(view: LedgerView, user: str) -> bool:
    from creditctl.ledger.models import EntryFilter

    return bool(view.entries(EntryFilter(user_id=user), limit=1))


def _stream(run: Run, rows: Iterable[dict[str, Any]], *, as_csv: bool = False) -> NoReturn:
    """The answer as lines of data, and the end of the command."""
    from creditctl.ledger.exporting import write_csv, write_json_lines
    from creditctl.ledger.hashchain.chain import COLUMNS

    if as_csv:
        write_csv(rows, COLUMNS, run.wiring.stdout)
    else:
        write_json_lines(rows, run.wiring.stdout)
    raise typer.Exit(int(ExitCode.OK))


def _export_to_file(run: Run, ledger: Ledger, form: Format, path: Path) -> NoReturn:
    from creditctl.cli.render import ledger as render
    from creditctl.ledger.exporting import new_file, write_csv, write_json_lines
    from creditctl.ledger.hashchain.chain import COLUMNS

    with new_file(path) as stream, ledger.reading() as view:
        rows = view.export()
        count = write_csv(rows, COLUMNS, stream) if form is Format.CSV else write_json_lines(rows, stream)
    run.finish(
        {"file": str(path), "format": str(form), "count": count},
        human=lambda console: render.exported(console, path, count),
    )


def _verified_copy(run: Run, path: Path, account: str, livemode: bool) -> Verification:
    from creditctl.ledger.store import Ledger

    with (
        Ledger.open(path, account=account, livemode=livemode, clock=run.wiring.clock, create=False) as copy,
        copy.reading() as view,
    ):
        return view.verify()


def _as_findings(found: Verification) -> list[Finding]:
    return [
        Finding(
            f"ledger.{fault.kind}",
            Severity.CRITICAL,
            "ledger" if fault.entry_id is None else f"entry {fault.entry_id}",
            fault.message,
            "Compare with a backup (`creditctl ledger history --ledger BACKUP`), then run `creditctl reconcile`.",
        )
        for fault in found.faults
    ]
