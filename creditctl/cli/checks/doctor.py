"""`creditctl doctor`: the guide's troubleshooting, run instead of read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditctl.cli.command import Answer, FileUse, Session, StripeUse, command
from creditctl.cli.options import CatalogOption
from creditctl.core.errors import ExitCode

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.checks import CheckResult


@command(stripe=StripeUse.OPTIONAL, ledger=FileUse.IF_THERE, webhook=True)
def doctor(session: Session, catalog: CatalogOption = None) -> Answer:
    """Look for the cause of the usual four problems: no events, no credits, bad signatures, wrong redirects.

    Reads only. Exit 1 when something is wrong or could not be looked at.
    """
    from creditctl.checks.doctor import DOCTOR
    from creditctl.checks.registry import run_checks
    from creditctl.cli.checks.context import open_check_context

    context = open_check_context(session, catalog)
    return _answer([(problem.title, run_checks(problem.checks, context)) for problem in DOCTOR])


def _answer(answers: list[tuple[str, list[CheckResult]]]) -> Answer:
    from creditctl.cli.render.checks import findings_of, show_checks

    results = [result for _, group in answers for result in group]
    ill = [result for result in results if not result.status.holds]

    def human(console: Console) -> None:
        for title, group in answers:
            console.print(f"Problem: {title}", style="bold")
            show_checks(console, group)
        console.print(_summary(ill))

    return Answer(
        {
            "problems": [_problem(title, group) for title, group in answers],
            "checks": [result.as_dict() for result in results],
        },
        human,
        findings=findings_of(results),
        exit_code=ExitCode.FINDINGS if ill else ExitCode.OK,
    )


def _summary(ill: list[CheckResult]) -> str:
    if not ill:
        return "Nothing is wrong. Next: creditctl reconcile"
    count = "One possible cause" if len(ill) == 1 else f"{len(ill)} possible causes"
    return f"{count} found. Next: {ill[0].fix}"


def _problem(title: str, results: list[CheckResult]) -> dict[str, Any]:
    return {
        "title": title,
        "ok": all(result.status.holds for result in results),
        "checks": [result.id for result in results],
    }
