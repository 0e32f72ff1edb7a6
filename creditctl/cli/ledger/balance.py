"""`creditctl ledger balance`: the credits of one user, or of all users page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, command
from creditctl.cli.forms import require_one_form, stream_rows
from creditctl.cli.ledger.paging import JsonLinesOption, LimitOption, Pages, UserArgument, UserOption, one_user
from creditctl.cli.ledger.session import is_known
from creditctl.cli.ledger.source import source_of_ledger
from creditctl.cli.ledger.source_lists import all_balances, one_balance

if TYPE_CHECKING:
    from creditctl.ledger.models import Balance


@command(ledger=FileUse.REQUIRED)
def balance(
    session: Session,
    user: UserArgument = None,
    by_option: UserOption = None,
    after: Annotated[str | None, typer.Option("--after", help="Only users after this one.", metavar="USER")] = None,
    limit: LimitOption = None,
    as_json_lines: JsonLinesOption = False,
) -> Answer:
    """Show how many credits a user has, or all users page by page."""
    require_one_form(session, jsonl=as_json_lines)
    user = one_user(user, by_option)
    source = source_of_ledger(session)
    if source is not None and user is not None:
        return one_balance(session, source, user, as_json_lines=as_json_lines)
    if source is not None:
        return all_balances(session, source, after, limit, as_json_lines=as_json_lines)
    if user is not None:
        return _one_user(session, user, as_json_lines=as_json_lines)
    return _all_users(session, after, limit, as_json_lines=as_json_lines)


def _one_user(session: Session, user: str, *, as_json_lines: bool) -> Answer:
    from creditctl.cli.render import ledger as render

    with session.ledger.reading() as view:
        credits, known = view.balance(user), is_known(view, user)
    report = {"user_id": user, "credits": credits, "known": known}
    if as_json_lines:
        return stream_rows(session, [report])
    return Answer(report, lambda console: render.balance(console, user, credits, known))


def _all_users(session: Session, after: str | None, limit: int | None, *, as_json_lines: bool) -> Answer:
    from creditctl.cli.render import ledger as render

    def read(after: str | None, count: int) -> list[Balance]:
        with session.ledger.reading() as view:
            return view.balances(after, count)

    pages: Pages[Balance, str | None] = Pages(read, lambda last: last.user_id)
    if as_json_lines:
        return stream_rows(session, (render.balance_row(each) for each in pages.rows(after, limit)))
    shown, following = pages.page(after, limit)
    return Answer(
        {"balances": [render.balance_row(each) for each in shown], "next_after": following},
        lambda console: render.balances(console, shown, following),
    )
