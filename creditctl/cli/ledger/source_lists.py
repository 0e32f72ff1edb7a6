"""Lists of an application's own rows: balances and history, in the words of the ledger's, in its own credits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from creditctl.cli.command import Answer, Session
from creditctl.cli.forms import stream_rows
from creditctl.cli.ledger.paging import Pages

if TYPE_CHECKING:
    from creditctl.ledger.archive.source_queries import KeptFilter
    from creditctl.payments.source.source_entry import SourceEntry
    from creditctl.payments.source.source_keeper import SourceKeeper


def one_balance(session: Session, source: SourceKeeper, user: str, *, as_json_lines: bool) -> Answer:
    """The sum of one user's rows."""
    from creditctl.cli.render import ledger as render
    from creditctl.payments.source.amounts import credits_number, credits_value

    units, rows = source.rows.balance(user)
    report = {"user_id": user, "credits": credits_value(units, source.scale), "known": rows > 0}
    if as_json_lines:
        return stream_rows(session, [report])
    credits = credits_number(units, source.scale)
    return Answer(report, lambda console: render.balance(console, user, credits, rows > 0))


def all_balances(
    session: Session, source: SourceKeeper, after: str | None, limit: int | None, *, as_json_lines: bool
) -> Answer:
    """The sums of all users, page by page."""
    from creditctl.cli.render import ledger as render
    from creditctl.payments.source.amounts import credits_value

    def read(after: str | None, count: int) -> list[dict[str, Any]]:
        return [
            {"user_id": user, "credits": credits_value(units, source.scale), "entries": rows}
            for user, units, rows in source.rows.balances(after, count)
        ]

    pages: Pages[dict[str, Any], str | None] = Pages(read, lambda last: str(last["user_id"]))
    if as_json_lines:
        return stream_rows(session, pages.rows(after, limit))
    shown, following = pages.page(after, limit)
    report = {"balances": list(shown), "next_after": following}
    return Answer(report, lambda console: render.balance_rows(console, shown, following))


def history_of_rows(
    session: Session,
    source: SourceKeeper,
    wanted: KeptFilter,
    limit: int | None,
    *,
    newest_first: bool,
    as_csv: bool,
    as_json_lines: bool,
) -> Answer:
    """The rows that a filter selects, in order of their time."""
    from creditctl.cli.render import ledger as render

    def read(after: int, count: int) -> list[SourceEntry]:
        chosen = replace(wanted, after=after or None)
        return source.own_entries.of_filter(chosen, newest_first=newest_first, limit=count)

    pages: Pages[SourceEntry, int] = Pages(read, lambda last: last.id)
    begin = wanted.after or 0
    if as_csv or as_json_lines:
        return stream_rows(session, (entry.as_dict() for entry in pages.rows(begin, limit)), as_csv=as_csv)
    shown, following = pages.page(begin, limit)
    report = {"entries": [entry.as_dict() for entry in shown], "next_after_id": following}
    return Answer(report, lambda console: render.source_rows(console, shown, following))
