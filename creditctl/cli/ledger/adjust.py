"""`creditctl ledger adjust`: credits given or taken by hand, as one more entry with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, Writes, command
from creditctl.cli.ledger.session import ReasonOption, confirm_posting, is_known
from creditctl.cli.ledger.source import refuse_posting
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from creditctl.core.entitlement.settlement import EntryDraft
    from creditctl.ledger.models import Posting

_KEY_BYTES = 8


@command(ledger=FileUse.REQUIRED, writes=Writes.ENTRIES, dry_run=True)
def adjust(
    session: Session,
    user: Annotated[str, typer.Option("--user", help="Whose credits.", metavar="USER")],
    credits: Annotated[int, typer.Option("--credits", help="How many to give, or with a minus to take.", metavar="±N")],
    reason: ReasonOption,
    key: Annotated[
        str | None,
        typer.Option("--key", help="Your key for it: the same key adjusts once.", show_default="a new one, printed"),
    ] = None,
    payment: Annotated[
        str | None, typer.Option("--payment", help="The payment it is about.", metavar="pi_…|cs_…")
    ] = None,
    corrects: Annotated[int | None, typer.Option("--corrects", help="The entry it corrects.", metavar="ID")] = None,
) -> Answer:
    """Give or take credits by hand, as one more entry. A live ledger asks for --mode live and its account's id."""
    from creditctl.payments import correct

    refuse_posting(session.settings_of_any_mode(), "ledger adjust")
    ledger, chosen = session.ledger, key or session.wiring.token(_KEY_BYTES)
    with ledger.reading() as view:
        before, known = view.balance(user), is_known(view, user)
        draft = correct.adjustment(
            view,
            user_id=user,
            credits=credits,
            reason=reason,
            key=chosen,
            created=session.wiring.clock(),
            corrects=corrects,
            payment_key=payment,
        )
    if session.dry_run:
        return _plan_answer(user, credits, before, reason)
    _warn(session, user, before + credits, known=known)
    confirm_posting(session, [_posting_line(draft, before)])
    with ledger.transaction() as tx:
        posting = correct.post(tx, draft)
        after = tx.balance(user)
    return _adjusted_answer(posting, chosen, after)


def _plan_answer(user: str, credits: int, before: int, reason: str) -> Answer:
    from creditctl.cli.render import ledger as render

    plan = {"user_id": user, "credits": credits, "reason": reason, "balance": before, "balance_after": before + credits}
    return Answer({"plan": plan}, lambda console: render.plan(console, plan))


def _posting_line(draft: EntryDraft, before: int) -> str:
    from creditctl.cli.render.ledger import draft_words

    return (
        f"This posts {draft_words(draft)}, without money: "
        f"{draft.user_id} has {before:,} and will have {before + draft.credits:,}."
    )


def _warn(session: Session, user: str, after: int, *, known: bool) -> None:
    """Says what a slip of the keyboard would look like; it may still be meant."""
    if not known:
        session.say(f"Note: user {user} has no entry yet. Is it spelled as your application spells it?")
    if after < 0:
        session.say(f"Note: user {user} will have fewer than no credits: {after:,}.")


def _adjusted_answer(posting: Posting, key: str, after: int) -> Answer:
    from creditctl.cli.render import ledger as render

    problems = [_conflict(posting, key)] if posting.outcome == "conflict" else []
    return Answer(
        {"outcome": str(posting.outcome), "key": key, "entry": posting.entry.as_dict(), "balance": after},
        lambda console: render.adjusted(console, posting, key, after, problems),
        findings=problems,
        exit_code=ExitCode.FINDINGS if problems else ExitCode.OK,
    )


def _conflict(posting: Posting, key: str) -> Finding:
    entry = posting.entry
    return Finding(
        "ledger.key_conflict",
        Severity.HIGH,
        f"entry {entry.id}",
        f"The key {key} was used for another adjustment: {entry.credits:+,} credits for user {entry.user_id}. "
        "Nothing was written.",
        "Choose another --key, or none.",
    )
