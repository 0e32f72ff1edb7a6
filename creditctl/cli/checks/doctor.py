"""`creditctl doctor`: the guide's troubleshooting, run instead of read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from creditctl.cli.checks.options import ListOption, OnlyOption, SkipOption, list_answer
from creditctl.cli.command import Answer, FileUse, Session, StripeUse, command
from creditctl.cli.options import CatalogOption
from creditctl.core.checks import CheckStatus

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.checks import CheckResult


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.IF_THERE, webhook=True)
def doctor(
    session: Session,
    only: OnlyOption = None,
    skip: SkipOption = None,
    listing: ListOption = False,
    catalog: CatalogOption = None,
) -> Answer:
    """Look for the cause of the usual four problems: no events, no credits, bad signatures, wrong redirects.

    Changes nothing; the backend gets inert deliveries, which is said first. Exit 1 when something is wrong or could
    not be looked at, 5 when Stripe did not answer.
    """
    begun = time.monotonic()
    from creditctl.checks.doctor import DOCTOR_CHECKS
    from creditctl.checks.selection import select
    from creditctl.cli.checks.context import open_check_context
    from creditctl.cli.checks.running import run_in_time

    chosen = select(DOCTOR_CHECKS, only or (), skip or ())
    if listing:
        return list_answer(chosen)
    opened, context = time.monotonic(), open_check_context(session, catalog, chosen)
    results = run_in_time(chosen, context, begun, opened)
    groups: dict[str, list[CheckResult]] = {}
    for check, result in zip(chosen, results, strict=True):
        groups.setdefault(check.group, []).append(result)
    symptoms = {check.id for check in chosen if check.symptom}
    return _answer(list(groups.items()), symptoms, incomplete=bool(context.lost))


def _answer(answers: list[tuple[str, list[CheckResult]]], symptoms: set[str], *, incomplete: bool) -> Answer:
    from creditctl.cli.render.checks import exit_code_of, findings_of, show_checks

    results = [result for _, group in answers for result in group]
    ill = sorted((result for result in results if not result.status.holds), key=lambda item: _rank(item, symptoms))

    def human(console: Console) -> None:
        for title, group in answers:
            console.print(f"Problem: {title}", style="bold")
            show_checks(console, group)
        console.print(_summary(ill, symptoms))

    return Answer(
        {
            "problems": [_problem(title, group) for title, group in answers],
            "checks": [result.as_dict() for result in results],
            "cause": ill[0].id if ill else None,
        },
        human,
        findings=findings_of(results),
        exit_code=exit_code_of(holds=not ill, incomplete=incomplete),
    )


def _rank(result: CheckResult, symptoms: set[str]) -> tuple[bool, bool]:
    """Causes before symptoms, and what is proven before what could not be looked at."""
    return result.id in symptoms, result.status is not CheckStatus.FAIL


def _summary(ill: list[CheckResult], symptoms: set[str]) -> str:
    """The cause and its mend first; a symptom's mend after that, for it may only hide the cause."""
    if not ill:
        return "Nothing is wrong. Next: creditctl reconcile"
    cause = ill[0]
    others = (result.fix for result in ill if result.id in symptoms and result is not cause)
    then = next((fix for fix in others if fix not in ("", cause.fix)), "")
    count = "" if len(ill) == 1 else f" {len(ill) - 1} more may follow from it."
    lines = [f"Cause: {cause.evidence}{count}", f"Next: {cause.fix}"]
    return "\n".join([*lines, f"After that: {then}"] if then else lines)


def _problem(title: str, results: list[CheckResult]) -> dict[str, Any]:
    return {
        "title": title,
        "ok": all(result.status.holds for result in results),
        "checks": [result.id for result in results],
    }
