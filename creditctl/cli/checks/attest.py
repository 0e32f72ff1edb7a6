"""`creditctl checklist attest`, `attestations`, `revoke`: what people vouch for, kept in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, command
from creditctl.core.errors import UsageError

if TYPE_CHECKING:
    from creditctl.checks.attest import Vouching
    from creditctl.cli.console import Console

_GROUP = "checklist."
_USUAL_DURATION = "180d"
_LONGEST_SECONDS = 730 * 86_400

ByOption = Annotated[str, typer.Option("--by", help="Who looked.", metavar="NAME")]


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.REQUIRED, webhook=True)
def attest(
    session: Session,
    item: Annotated[str, typer.Argument(help="The item, such as email_receipts.")],
    by: ByOption,
    evidence: Annotated[str, typer.Option("--evidence", help="What they saw, or where it stands.", metavar="TEXT")],
    expires: Annotated[
        str, typer.Option("--expires", help="Until when it counts: a day, or a time from now such as 90d.")
    ] = _USUAL_DURATION,
) -> Answer:
    """Vouch for an item that no call can prove; another account, deployment, endpoint or catalogue opens it again."""
    from creditctl.checks import attest as attesting
    from creditctl.cli.checks.context import open_check_context
    from creditctl.core.when import iso_time

    name = _attestable(item)
    until = _expiry(expires, session.wiring.clock())
    who, what = _said(by, "--by"), _said(evidence, "--evidence")
    context = open_check_context(session)
    number = attesting.attest(context, name, by=who, evidence=what, expires=until)
    report = {"attestation": number, "item": name, "by": who, "evidence": what, "expires": iso_time(until)}
    return Answer.lines(report, f"Attested {name} until {iso_time(until)} (number {number}). Next: creditctl checklist")


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.IF_THERE, webhook=True)
def attestations(session: Session) -> Answer:
    """List what was vouched for, by whom, until when, and whether it still counts."""
    from creditctl.checks.attest import vouchings
    from creditctl.cli.checks.context import open_check_context

    context = open_check_context(session)
    _ = context.required_ledger
    found = vouchings(context)
    return Answer({"attestations": [each.as_dict() for each in found]}, lambda console: _show(console, found))


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.IF_THERE, webhook=True)
def revoke(
    session: Session,
    number: Annotated[int, typer.Argument(help="Its number, as `checklist attestations` shows it.", metavar="NUMBER")],
    by: ByOption,
    reason: Annotated[str, typer.Option("--reason", help="Why it no longer counts.", metavar="TEXT")],
) -> Answer:
    """Take an attestation back; the item is open again, and both stay in the ledger."""
    from creditctl.checks import attest as attesting
    from creditctl.cli.checks.context import open_check_context

    who, why = _said(by, "--by"), _said(reason, "--reason")
    taken = attesting.revoke(open_check_context(session), number, by=who, reason=why)
    return Answer.lines(
        {"attestation": number, "item": taken.item, "by": who, "reason": why},
        f"Attestation {number} of {taken.item} no longer counts. Next: creditctl checklist",
    )


def _attestable(item: str) -> str:
    """The item's full name. Errors: UsageError where a call proves it, or there is no such item."""
    from creditctl.checks.checklist import ATTESTABLE

    name = _GROUP + item.removeprefix(_GROUP)
    if name not in ATTESTABLE:
        known = ", ".join(sorted(known.removeprefix(_GROUP) for known in ATTESTABLE))
        raise UsageError(
            f"{item!r} is not for a person to attest.", code="checklist.not_attestable", fix=f"These are: {known}."
        )
    return name


def _said(text: str, option: str) -> str:
    """What was said, without white space around it. Errors: UsageError where nothing was."""
    if not text.strip():
        fix = "Write a name, and what was seen."
        raise UsageError(f"{option} says nothing.", code="checklist.says_nothing", fix=fix)
    return text.strip()


def _expiry(text: str, now: int) -> int:
    """When an attestation ends, in Unix seconds. Errors: UsageError for what is no time, past, or too far away."""
    from creditctl.core.when import parse_duration, parse_when

    until = now + parse_duration(text) if text.strip()[-1:] in "smhdw" else parse_when(text, now)
    if not now < until <= now + _LONGEST_SECONDS:
        raise UsageError(
            f"--expires {text} is not between now and two years from now.",
            code="checklist.expires",
            fix="Write a day to come (2027-03-31) or a time from now (90d).",
        )
    return until


def _show(console: Console, found: list[Vouching]) -> None:
    if not found:
        console.print("Nobody has vouched for anything yet.")
    for each in found:
        row = each.as_dict()
        standing = ("counts", "green") if row["counts"] else (f"open again: {each.open_because}", "yellow")
        console.line(f"{row['id']}  {row['item']}  ", standing)
        console.print(f"      {row['by']} on {row['recorded']}, until {row['expires'] or 'for good'}: {each.evidence}")
    if any(not each.open_because for each in found):
        console.print("Take one back: creditctl checklist revoke NUMBER --by NAME --reason TEXT")
