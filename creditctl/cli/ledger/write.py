"""`creditctl ledger adjust`, `findings` and `resolve`: what only a person can decide, always with a reason."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from creditctl.cli.ledger.session import JsonLinesOption, confirm, locate, open_ledger, require_one_form
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
from creditctl.core.errors import ExitCode, UsageError
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from creditctl.ledger.models import FindingStatus, Posting
    from creditctl.ledger.store import Ledger

_KEY_BYTES = 8
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stays in the ledger.", metavar="TEXT")]
UserOption = Annotated[str | None, typer.Option("--user", help="Whose credits, where the finding does not say it.")]
CreditsOption = Annotated[
    int | None, typer.Option("--credits", min=1, help="How many, where the finding does not say it.")
]


class Status(StrEnum):
    """Which findings are wanted."""

    OPEN = "open"
    CREDITED = "credited"
    DISMISSED = "dismissed"
    ALL = "all"


def adjust(
    ctx: typer.Context,
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
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    confirmed: ConfirmOption = None,
    ledger: LedgerOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give or take credits by hand, as one more entry. A live ledger asks for --mode live and its account's id."""
    run = start(ctx, as_json=as_json)
    place = locate(run, ledger=ledger, env_file=env_file, expected=mode)
    chosen = key or run.wiring.token(_KEY_BYTES)
    with open_ledger(run, place) as opened:
        with opened.reading() as view:
            before = view.balance(user)
        if dry_run:
            _plan(run, user, credits, before, reason)
        confirm(run, place, opened, confirmed, yes=yes)
        _warn(run, opened, user, before + credits)
        with opened.transaction() as tx:
            posting = tx.adjust(
                user_id=user, credits=credits, reason=reason, key=chosen, corrects=corrects, payment_key=payment
            )
            after = tx.balance(user)
    _adjusted(run, posting, chosen, after)


def findings(
    ctx: typer.Context,
    status: Annotated[Status, typer.Option("--status", help="Which ones.")] = Status.OPEN,
    as_json_lines: JsonLinesOption = False,
    ledger: LedgerOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what disagreed and was not credited. Exit 1 while one of those shown is open."""
    from creditctl.cli.render import ledger as render
    from creditctl.ledger.exporting import write_json_lines

    run = start(ctx, as_json=as_json)
    require_one_form(run, jsonl=as_json_lines)
    with (
        open_ledger(run, locate(run, ledger=ledger, env_file=env_file, expected=mode)) as opened,
        opened.reading() as view,
    ):
        found = view.findings(_wanted(status))
    open_ones = [each for each in found if each.status.value == Status.OPEN.value]
    code = ExitCode.FINDINGS if open_ones else ExitCode.OK
    if as_json_lines:
        write_json_lines((each.as_dict() for each in found), run.wiring.stdout)
        raise typer.Exit(int(code))
    run.finish(
        {"count": len(found), "open": len(open_ones), "findings": [each.as_dict() for each in found]},
        human=lambda console: render.findings(console, found, str(status)),
        findings=[each.finding for each in open_ones],
        exit_code=code,
    )


def resolve(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(help="The finding, as `ledger findings` numbers it.", metavar="ID")],
    reason: ReasonOption,
    credit: Annotated[
        bool | None, typer.Option("--credit/--dismiss", help="Post the credits that it proposes, or settle it without.")
    ] = None,
    user: UserOption = None,
    credits: CreditsOption = None,
    yes: YesOption = False,
    confirmed: ConfirmOption = None,
    ledger: LedgerOption = None,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Settle a finding with a reason: credit what was paid for, or dismiss it. Crediting a live ledger is guarded."""
    from creditctl.cli.render import ledger as render
    from creditctl.ledger import resolving

    run = start(ctx, as_json=as_json)
    action = _action(credit, user, credits)
    place = locate(run, ledger=ledger, env_file=env_file, expected=mode)
    with open_ledger(run, place) as opened:
        if action == "credit":
            confirm(run, place, opened, confirmed, yes=yes)
        with opened.transaction() as tx:
            settled = resolving.resolve(tx, number, action=action, reason=reason, user_id=user, credits=credits)
            posting = settled.posting
            after = tx.balance(posting.entry.user_id) if posting else None
    report = {
        "finding": settled.finding.as_dict(),
        "outcome": str(posting.outcome) if posting else None,
        "entry": posting.entry.as_dict() if posting else None,
        "balance": after,
    }
    run.finish(report, human=lambda console: render.resolved(console, settled, after))


def _plan(run: Run, user: str, credits: int, before: int, reason: str) -> None:
    from creditctl.cli.render import ledger as render

    plan = {"user_id": user, "credits": credits, "reason": reason, "balance": before, "balance_after": before + credits}
    run.finish({"plan": plan}, human=lambda console: render.plan(console, plan))


def _warn(run: Run, ledger: Ledger, user: str, after: int) -> None:
    """Says what a slip of the keyboard would look like; it may still be meant."""
    from creditctl.ledger.models import EntryFilter

    with ledger.reading() as view:
        known = bool(view.entries(EntryFilter(user_id=user), limit=1))
    if not known:
        run.say(f"Note: user {user} has no entry yet. Is it spelled as your application spells it?")
    if after < 0:
        run.say(f"Note: user {user} will have fewer than no credits: {after:,}.")


def _adjusted(run: Run, posting: Posting, key: str, after: int) -> None:
    from creditctl.cli.render import ledger as render

    problems = [_conflict(posting, key)] if posting.outcome == "conflict" else []
    run.finish(
        {"outcome": str(posting.outcome), "key": key, "entry": posting.entry.as_dict(), "balance": after},
        human=lambda console: render.adjusted(console, posting, key, after, problems),
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


def _wanted(status: Status) -> FindingStatus | None:
    from creditctl.ledger.models import FindingStatus

    return None if status is Status.ALL else FindingStatus(status.value)


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
