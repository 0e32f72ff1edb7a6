"""Plan of set-up and of endpoint changes, printed as Terraform does: a mark a step, old → new a field, a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditctl.cli.render.table import Table, show_table
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Severity
from creditctl.provisioning.planning.steps import Action, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from creditctl.cli.console import Console
    from creditctl.core.findings import Finding
    from creditctl.provisioning.planning.steps import Change, Plan, Step

_MARKS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("-/+", "magenta"),
    Action.ADOPT: (">", "cyan"),
    Action.RESTORE: ("^", "cyan"),
    Action.ARCHIVE: ("-", "red"),
    Action.DELETE: ("-", "red"),
    Action.KEEP: ("=", "dim"),
}


def print_plan(console: Console, plan: Plan) -> None:
    """The steps with their changes, then the summary."""
    for step in plan.steps:
        mark, style = _MARKS[step.action]
        reason = f"  ({step.reason})" if step.reason else ""
        console.print(f"{mark:>3} {step.title}{reason}", style=style)
        for change in step.changes:
            console.print(f"      {_change_line(step, change)}")
    console.print(summary_line(plan))


def _change_line(step: Step, change: Change) -> str:
    """`unit_amount: 1000 → 1200`; of what is new there is no old value to tell."""
    if change.field == "secret":
        return f"secret: {change.new}" if change.old is None else f"secret: {change.old} → {change.new}"
    if step.action is Action.CREATE and change.old is None:
        return f"{change.field}: {_shown(change.new)}"
    return f"{change.field}: {_shown(change.old)} → {_shown(change.new)}"


def _shown(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, list):
        return f"[{', '.join(str(item) for item in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def summary_line(plan: Plan) -> str:
    """`Plan: 10 to create, 1 to update, 5 to keep.`"""
    counts = [f"{count} to {action}" for action, count in plan.summary.items() if count]
    return f"Plan: {', '.join(counts) or 'nothing'}."


def progress_line(number: int, total: int, step: Step) -> str:
    """`[3/12] create price starter`"""
    return f"[{number}/{total}] {step.title}"


def print_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Each finding with its severity in words, and what to do."""
    for finding in findings:
        console.print(f"{finding.severity}: {finding.message}")
        if finding.fix:
            console.print(f"      {finding.fix}")


def is_serious(findings: Iterable[Finding]) -> bool:
    """Whether one of the findings is of medium severity or worse: then set-up and registration exit with 1."""
    return any(finding.severity.rank <= Severity.MEDIUM.rank for finding in findings)


def exit_code_of(findings: Iterable[Finding]) -> ExitCode:
    """1 where a finding is serious, else 0."""
    return ExitCode.FINDINGS if is_serious(findings) else ExitCode.OK


def env_lines(prices: Mapping[str, str]) -> dict[str, str]:
    """The price ids as settings, for those who want them: STRIPE_PRICE_STARTER=price_…"""
    return {f"STRIPE_PRICE_{slug.upper().replace('-', '_')}": price for slug, price in prices.items()}


def print_prices(console: Console, prices: Mapping[str, str]) -> None:
    """The table from package to price id."""
    table = Table(("Package", "Price on Stripe", "As a setting"))
    for (slug, price), name in zip(prices.items(), env_lines(prices), strict=True):
        table.add(slug, price, f"{name}={price}")
    show_table(console, table)


def endpoint_of(plan: Plan) -> Step | None:
    """The endpoint that stays, as far as the plan knows it."""
    kept = [step for step in plan.steps if step.kind is StepKind.ENDPOINT and step.action is not Action.DELETE]
    return kept[0] if kept else None
