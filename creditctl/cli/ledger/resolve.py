"""`creditctl ledger resolve`: settles a finding, by crediting what was paid for or by dismissing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from creditctl.cli.command import Answer, FileUse, Session, Writes, command
from creditctl.cli.ledger.session import ReasonOption, confirm_posting
from creditctl.cli.ledger.source import refuse_posting
from creditctl.core.errors import UsageError

if TYPE_CHECKING:
    from creditctl.ledger.models import Resolution
    from creditctl.ledger.store import Ledger

UserOption = Annotated[str | None, typer.Option("--user", help="Whose credits, where the finding does not say it.")]
CreditsOption = Annotated[
    int | None, typer.Option("--credits", min=1, help="How many, where the finding does not say it.")
]


@command(ledger=FileUse.REQUIRED, writes=Writes.ENTRIES)
def resolve(
    session: Session,
    number: Annotated[int, typer.Argument(help="The finding, as `ledger findings` numbers it.", metavar="ID")],
    reason: ReasonOption,
    credit: Annotated[
        bool | None, typer.Option("--credit/--dismiss", help="Post the credits that it proposes, or settle it without.")
    ] = None,
    user: UserOption = None,
    credits: CreditsOption = None,
) -> Answer:
    """Settle a finding with a reason: credit what was paid for, or dismiss it.

    Crediting shows user, credits and amount before it asks; a live ledger is guarded.
    """
    from creditctl.payments.resolve import resolve as resolve_finding

    action = _action(credit, user, credits)
    if action == "credit":
        refuse_posting(session.settings_of_any_mode(), "ledger resolve --credit")
        confirm_posting(session, _posting_lines(session.ledger, number, reason, user, credits))
    with session.ledger.transaction() as tx:
        settled = resolve_finding(tx, number, action=action, reason=reason, user_id=user, credits=credits)
        posting = settled.posting
        after = tx.balance(posting.entry.user_id) if posting else None
    return _answer(settled, after)


def _posting_lines(ledger: Ledger, number: int, reason: str, user: str | None, credits: int | None) -> list[str]:
    from creditctl.cli.render.ledger import draft_words
    from creditctl.payments.resolve import credited_drafts

    with ledger.reading() as view:
        drafts = credited_drafts(view, number, reason=reason, user_id=user, credits=credits)
    return [f"This posts {draft_words(draft)}." for draft in drafts]


def _answer(settled: Resolution, after: int | None) -> Answer:
    from creditctl.cli.render import ledger as render

    posting = settled.posting
    report = {
        "finding": settled.finding.as_dict(),
        "outcome": str(posting.outcome) if posting else None,
        "entry": posting.entry.as_dict() if posting else None,
        "balance": after,
    }
    return Answer(report, lambda console: render.resolved(console, settled, after))


def _action(credit: bool | None, user: str | None, credits: int | None) -> Literal["credit", "dismiss"]:
    """What is to be done. Errors: UsageError where it is not said, or says who gets what of nothing."""
    if credit is None:
        raise UsageError(
            "A finding is settled with --credit or with --dismiss.",
            code="ledger.action",
            fix="`creditctl ledger findings` shows what each one is about.",
        )
    if not credit and (user is not None or credits is not None):
        raise UsageError("--user and --credits go with --credit.", code="ledger.action", fix="Leave them out.")
    return "credit" if credit else "dismiss"
