"""`creditctl events list`: events of Stripe and of the archive, newest first, printed as they are read."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, command
from creditctl.cli.events.event_filter import (
    ArchiveOption,
    EventFilter,
    JsonLinesOption,
    ObjectOption,
    TypeOption,
    UndeliveredOption,
    UserOption,
)
from creditctl.cli.events.session import open_files, require_archive
from creditctl.cli.forms import require_one_form, write_line
from creditctl.cli.options import SinceOption, UntilOption
from creditctl.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterator


@command(stripe=StripeUse.REQUIRED, ledger=FileUse.IF_THERE, archive=FileUse.IF_THERE)
def list_events(
    session: Session,
    types: TypeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    undelivered: UndeliveredOption = False,
    about: ObjectOption = None,
    user: UserOption = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most this many; 0 for all.")] = 20,
    archive: ArchiveOption = False,
    as_json_lines: JsonLinesOption = False,
) -> Answer:
    """List events, newest first: those of the last thirty days from Stripe, older ones from the archive."""
    require_one_form(session, jsonl=as_json_lines)
    wanted = EventFilter(tuple(types or ()), since, until, about, user, undelivered)
    open_files(session)
    require_archive(session, archive=archive, undelivered=undelivered)
    found = islice(_rows(session, wanted, archive=archive), limit or None)
    if as_json_lines:
        for row in found:
            write_line(session, row)
        return Answer.streamed()
    return _answer(list(_shown(session, found)), limit)


def _rows(session: Session, wanted: EventFilter, *, archive: bool) -> Iterator[dict[str, Any]]:
    from creditctl.events.browse import browse
    from creditctl.events.event_view import EventView

    client = None if archive else session.stripe.client
    query = wanted.query(session)
    with progress(session) as told:
        for record, source in browse(client, session.archive, query, undelivered=wanted.undelivered, progress=told):
            yield {**EventView(record).as_row(), "source": source}


def _shown(session: Session, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Prints each row as soon as it is read, where people look."""
    from creditctl.cli.render.events import event_line

    for row in rows:
        if not session.as_json:
            session.out.print(event_line(row), soft_wrap=True)
        yield row


def _answer(rows: list[dict[str, Any]], limit: int) -> Answer:
    from creditctl.cli.render.events import end_of_list

    more = bool(limit) and len(rows) == limit
    return Answer({"events": rows, "limited": more}, lambda console: end_of_list(console, len(rows), more))
