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
    reason: ReasonOption,
    numbers: Annotated[
        list[int] | None,
        typer.Argument(help="The finding, as `ledger findings` numbers it; several to dismiss.", metavar="ID"),
    ] = None,
    credit: Annotated[
        bool | None, typer.Option("--credit/--dismiss", help="Post the credits that it proposes, or settle it without.")
    ] = None,
    over: Annotated[
        bool, typer.Option("--over", help="Dismiss all that the last `reconcile` looked at and no longer found.")
    ] = False,
    user: UserOption = None,
    credits: CreditsOption = None,
) -> Answer:
    """Settle a finding with a reason: credit what was paid for, or dismiss it.

    Crediting shows user, credits and amount before it asks; a live ledger is guarded.
    """
    action = _action(credit, user, credits)
    given = list(dict.fromkeys(numbers or ()))
    _require_which(given, over=over, action=action)
    if action == "dismiss":
        return _dismiss(session, given, reason, over=over)
    return _credit(session, given[0], reason, user, credits)


def _credit(session: Session, number: int, reason: str, user: str | None, credits: int | None) -> Answer:
    from creditctl.payments.resolve import resolve as resolve_finding

    refuse_posting(session.settings_of_any_mode(), "ledger resolve --credit")
    confirm_posting(session, _posting_lines(session.ledger, number, reason, user, credits))
    with session.ledger.transaction() as tx:
        settled = resolve_finding(tx, number, action="credit", reason=reason, user_id=user, credits=credits)
        after = tx.balance(settled.posting.entry.user_id) if settled.posting else None
    return _answer(settled, after)


def _dismiss(session: Session, numbers: list[int], reason: str, *, over: bool) -> Answer:
    """Shape: all of them or none; one that is named alone is answered with all that it says."""
    from creditctl.cli.render import ledger as render
    from creditctl.payments.resolve import over as no_longer_true
    from creditctl.payments.resolve import resolve as resolve_finding

    with session.ledger.transaction() as tx:
        wanted = no_longer_true(tx) if over else numbers
        settled = [resolve_finding(tx, number, action="dismiss", reason=reason) for number in wanted]
    if len(numbers) == 1:
        return _answer(settled[0], None)
    report = {"count": len(settled), "findings": [each.finding.as_dict() for each in settled]}
    return Answer(report, lambda console: render.dismissed(console, settled, reason))


def _require_which(numbers: list[int], *, over: bool, action: str) -> None:
    """Refuses what does not say which finding is meant, or credits several at once. Errors: UsageError."""
    if over == bool(numbers):
        raise UsageError(
            "Say which finding: its ID, or --over for all that are no longer true.",
            code="ledger.action",
            fix="`creditctl ledger findings` shows what each one is about.",
        )
    if action == "credit" and (over or len(numbers) > 1):
        raise UsageError(
            "Findings are credited one by one.",
            code="ledger.action",
            fix="Give one ID, or dismiss them with --dismiss.",
        )


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
