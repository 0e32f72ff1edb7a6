"""`creditctl ledger history`: the entries that a filter selects, as a table, CSV or JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, command
from creditctl.cli.forms import require_one_form, stream_rows
from creditctl.cli.ledger.paging import JsonLinesOption, LimitOption, Pages, UserArgument, UserOption, one_user
from creditctl.cli.ledger.source import source_of_ledger
from creditctl.cli.ledger.source_lists import history_of_rows
from creditctl.cli.options import SinceOption, UntilOption
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.stripe_ids import require_id
from creditctl.core.when import parse_window

if TYPE_CHECKING:
    from creditctl.ledger.models import Entry


@command(ledger=FileUse.REQUIRED)
def history(
    session: Session,
    user: UserArgument = None,
    by_option: UserOption = None,
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
) -> Answer:
    """Show the entries, oldest first: who got or lost which credits, when, for which payment, and why."""
    from creditctl.cli.render import ledger as render
    from creditctl.ledger.archive.source_queries import KeptFilter
    from creditctl.ledger.models import EntryFilter

    user = one_user(user, by_option)
    payment = None if payment is None else require_id(payment, "--payment")
    require_one_form(session, csv=as_csv, jsonl=as_json_lines)
    window = parse_window(since, until, session.wiring.clock())
    source = source_of_ledger(session)
    if source is not None:
        kept = KeptFilter(user, kind, payment, window.since, window.until, after=after_id or None)
        return history_of_rows(
            session, source, kept, limit, newest_first=newest_first, as_csv=as_csv, as_json_lines=as_json_lines
        )
    wanted = EntryFilter(user_id=user, kind=kind, payment_key=payment, since=window.since, until=window.until)

    def read(after: int, count: int) -> list[Entry]:
        with session.ledger.reading() as view:
            return view.entries(wanted, after_id=after, limit=count, newest_first=newest_first)

    pages: Pages[Entry, int] = Pages(read, lambda last: last.id)
    if as_csv or as_json_lines:
        return stream_rows(session, (entry.as_dict() for entry in pages.rows(after_id, limit)), as_csv=as_csv)
    shown, following = pages.page(after_id, limit)
    return Answer(
        {"entries": [entry.as_dict() for entry in shown], "next_after_id": following},
        lambda console: render.entries(console, shown, following),
    )
