"""`creditctl events list`, `show` and `archive`: events seen and kept."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.events.session import (
    ArchiveOption,
    EventFilter,
    EventSession,
    JsonLinesOption,
    ObjectOption,
    TypeOption,
    UndeliveredOption,
    UserOption,
    goes_on,
    open_desk,
    write_line,
)
from creditctl.cli.forms import require_one_form
from creditctl.cli.options import EnvFileOption, JsonOption, ModeOption, SinceOption, UntilOption
from creditctl.cli.output import Run, start
from creditctl.cli.progress import progress
from creditctl.core.errors import ExitCode, UsageError
from creditctl.core.keys import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from creditctl.cli.console import Console
    from creditctl.ledger.archive.models import EventRecord

_ARCHIVE_GOES_ON = "What was read is kept; `creditctl events archive` goes on there."


def list_events(
    ctx: typer.Context,
    types: TypeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    undelivered: UndeliveredOption = False,
    about: ObjectOption = None,
    user: UserOption = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most this many; 0 for all.")] = 20,
    archive: ArchiveOption = False,
    as_json_lines: JsonLinesOption = False,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List events, newest first: those of the last thirty days from Stripe, older ones from the archive."""
    run = start(ctx, as_json=as_json)
    require_one_form(run, jsonl=as_json_lines)
    wanted = EventFilter(tuple(types or ()), since, until, about, user, undelivered)
    with open_desk(run, env_file, mode, make_mirror=False) as desk:
        require_archive(desk, wanted, archive=archive)
        found = islice(_rows(desk, wanted, archive=archive), limit or None)
        if as_json_lines:
            for row in found:
                write_line(run, row)
            raise typer.Exit(int(ExitCode.OK))
        rows = list(_shown(run, found))
    more = bool(limit) and len(rows) == limit
    run.finish({"events": rows, "limited": more}, human=lambda console: _end_of_list(console, len(rows), more))


def require_archive(desk: EventSession, wanted: EventFilter, *, archive: bool) -> None:
    """Refuses to ask an archive that is not there, or for what it cannot know. Errors: UsageError."""
    if archive and desk.archive is None:
        raise UsageError("There is no archive yet.", code="events.no_archive", fix="Run `creditctl events archive`.")
    if archive and wanted.undelivered:
        raise UsageError(
            "Only Stripe knows which events are undelivered.",
            code="events.undelivered_archive",
            fix="Leave --archive or --undelivered away.",
        )


def _rows(desk: EventSession, wanted: EventFilter, *, archive: bool) -> Iterator[dict[str, Any]]:
    from creditctl.events.browse import browse
    from creditctl.events.event_view import EventView

    client = None if archive else desk.door.client
    query = desk.query(wanted)
    with progress(desk.run) as told:
        for record, source in browse(client, desk.archive, query, undelivered=wanted.undelivered, progress=told):
            yield {**EventView(record).as_row(), "source": source}


def _shown(run: Run, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Prints each row as soon as it is read, where people look."""
    from creditctl.cli.render.events import event_line

    for row in rows:
        if not run.as_json:
            run.out.print(event_line(row), soft_wrap=True)
        yield row


def _end_of_list(console: Console, count: int, more: bool) -> None:
    if not count:
        console.print("No event matches. Stripe lists thirty days; `creditctl events archive` keeps more from now on.")
        return
    tail = "there may be more: raise --limit" if more else "that is all"
    console.print(f"{count:,} events, {tail}. Next: `creditctl events show evt_…`")


def show(
    ctx: typer.Context,
    event_id: Annotated[str, typer.Argument(help="The event, evt_…", metavar="EVENT")],
    archive: ArchiveOption = False,
    as_json_lines: JsonLinesOption = False,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one event: what it is about, what our ledger did with it, and the whole body."""
    run = start(ctx, as_json=as_json)
    require_one_form(run, jsonl=as_json_lines)
    with open_desk(run, env_file, mode, make_mirror=False) as desk:
        report = _one(desk, event_id, archive=archive)
    if as_json_lines:
        write_line(run, report["body"])
        raise typer.Exit(int(ExitCode.OK))

    def human(console: Console) -> None:
        from creditctl.cli.render.events import show as render

        render(console, report)

    run.finish(report, human=human)


def _one(desk: EventSession, event_id: str, *, archive: bool) -> dict[str, Any]:
    from creditctl.events.browse import find
    from creditctl.events.event_view import EventView

    found = find(None if archive else desk.door.client, desk.archive, event_id)
    if found is None:
        raise UsageError(
            f"Neither Stripe nor the archive knows an event {event_id}.",
            code="events.unknown",
            fix="Check the id and the mode. Stripe forgets events after 30 days.",
        )
    record, source = found
    # A payment's client_secret stands in its events; it opens the payment, so it is cut down like every secret.
    body = json.loads(redact(record.body.decode()))
    return {"event": EventView(record).as_row(), "source": source, **_in_ledger(desk, record), "body": body}


def _in_ledger(desk: EventSession, record: EventRecord) -> dict[str, Any]:
    """What our ledger holds because of an event; None where there is no ledger."""
    if desk.ledger is None:
        return {"deliveries": None, "entries": None, "findings": None}
    from creditctl.events.ledger_effect import entries_of_event

    with desk.ledger.reading() as view:
        deliveries = view.deliveries(event_id=record.id, limit=100)
        entries, findings = entries_of_event(view, record), view.findings(None)
    return {
        "deliveries": [
            {"received": each.received, "outcome": each.outcome, "reason": each.reason, "entry": each.entry_id}
            for each in deliveries
        ],
        "entries": [entry.as_dict() for entry in entries],
        "findings": [each.as_dict() for each in findings if each.source_event == record.id],
    }


def archive(
    ctx: typer.Context,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep every event beside the ledger, for after Stripe's thirty days. For cron; exit 1 when events were lost."""
    from creditctl.events.archive import archive_events

    run = start(ctx, as_json=as_json)
    with open_desk(run, env_file, mode, make_mirror=True) as desk, goes_on(_ARCHIVE_GOES_ON), progress(run) as told:
        assert desk.archive is not None
        report = archive_events(desk.door.client, desk.archive, clock=run.wiring.clock, progress=told)
    findings = report.findings()

    def human(console: Console) -> None:
        from creditctl.cli.render.events import archive as render

        render(console, report)

    code = ExitCode.FINDINGS if findings else ExitCode.OK
    run.finish(report.as_dict(), human=human, findings=findings, exit_code=code)
