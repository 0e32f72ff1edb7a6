"""`creditctl doctor`: the guide's troubleshooting, run instead of read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from creditctl.cli.options import CatalogOption, EnvFileOption, JsonOption, ModeOption
from creditctl.cli.output import start
from creditctl.core.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from creditctl.core.checks import CheckResult


def doctor(
    ctx: typer.Context,
    env_file: EnvFileOption = None,
    mode: ModeOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for the cause of the usual four problems: no events, no credits, bad signatures, wrong redirects.

    Reads only. Exit 1 when something is wrong or could not be looked at.
    """
    from creditctl.checks.doctor import DOCTOR
    from creditctl.checks.registry import run_checks
    from creditctl.cli.check_context import open_check_context
    from creditctl.cli.render.checks import findings_of, show_checks

    run = start(ctx, as_json=as_json)
    with open_check_context(run, env_file, mode, catalog) as context:
        answers = [(problem, run_checks(problem.checks, context)) for problem in DOCTOR]
    results = [result for _, group in answers for result in group]
    ill = [result for result in results if not result.status.holds]

    def human(console: Console) -> None:
        for problem, group in answers:
            console.print(f"Problem: {problem.title}", style="bold", markup=False)
            show_checks(console, group)
        following = _summary(ill)
        console.print(following, markup=False)

    run.finish(
        {
            "problems": [_problem(problem.title, group) for problem, group in answers],
            "checks": [result.as_dict() for result in results],
        },
        human=human,
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
