"""`creditctl checklist`: the production checklist, proven where a call can prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, command
from creditctl.cli.options import CatalogOption
from creditctl.core.errors import UsageError

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.checks import CheckResult

_GROUP = "checklist."


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.IF_THERE, webhook=True)
def checklist(session: Session, catalog: CatalogOption = None) -> Answer:
    """Go through the production checklist: exit 0 when every item holds in live mode, 1 until then.

    Changes nothing; the backend gets inert deliveries, which is said first. What no call can prove needs a person:
    `creditctl checklist attest`.
    """
    from creditctl.checks.checklist import CHECKLIST
    from creditctl.checks.registry import run_checks
    from creditctl.cli.checks.context import open_check_context

    context = open_check_context(session, catalog)
    return _answer(run_checks(CHECKLIST, context), incomplete=bool(context.lost))


def _answer(results: list[CheckResult], *, incomplete: bool) -> Answer:
    from creditctl.cli.render.checks import exit_code_of, findings_of, show_checks

    holding = sum(result.status.holds for result in results)
    first = next((result for result in results if not result.status.holds), None)

    def human(console: Console) -> None:
        show_checks(console, results)
        following = f"Next: {first.title}." if first else "Ready to go live. Next: creditctl reconcile, in cron."
        console.print(f"{holding} of {len(results)} items hold. {following}")

    return Answer(
        {"checks": [result.as_dict() for result in results], "holding": holding, "items": len(results)},
        human,
        findings=findings_of(results),
        exit_code=exit_code_of(holds=first is None, incomplete=incomplete),
    )


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.IF_THERE)
def attest(
    session: Session,
    item: Annotated[str, typer.Argument(help="The item, such as email_receipts.")],
    by: Annotated[str, typer.Option("--by", help="Who looked.", metavar="NAME")],
    note: Annotated[str, typer.Option("--note", help="What they saw.", metavar="TEXT")],
    days: Annotated[int, typer.Option("--days", min=1, max=730, help="For how long it counts.")] = 180,
) -> Answer:
    """Vouch for an item that no call can prove; another account, mode or endpoint opens it again."""
    from creditctl.checks import attest as attesting
    from creditctl.cli.checks.context import open_check_context

    name = _attestable(item)
    context = open_check_context(session)
    number = attesting.attest(context, name, by=by, note=note, valid_seconds=days * attesting.DAY_SECONDS)
    report = {"attestation": number, "item": name, "by": by, "days": days}
    return Answer.lines(report, f"Attested {name} for {days} days. Next: creditctl checklist")


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
