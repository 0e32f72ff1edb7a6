"""Answers of `creditctl setup`: the plan, or what was applied, with findings and the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditctl.cli.output import Answer
from creditctl.cli.render.plan import (
    endpoint_of,
    env_lines,
    exit_code_of,
    is_serious,
    print_findings,
    print_plan,
    print_prices,
)
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.settings import Settings
    from creditctl.provisioning.apply import Applied
    from creditctl.provisioning.planning.steps import Plan


def plan_answer(planned: Plan, settings: Settings, requests: int, *, check: bool) -> Answer:
    """The plan, nothing applied. Shape: with `check` exit 1 where there is something to do."""
    findings = [*planned.findings, *_jump_findings(planned)]

    def human(console: Console) -> None:
        print_plan(console, planned)
        print_findings(console, findings)
        _print_endpoint_note(console, settings, planned)
        console.print("Next: `creditctl setup`" if planned.changes else "Nothing to do.")

    drift = bool(planned.changes) or is_serious(findings)
    report = {"plan": planned.as_dict(), "applied": False, "requests": requests}
    return Answer(report, human, findings, ExitCode.FINDINGS if check and drift else ExitCode.OK)


def applied_answer(planned: Plan, applied: Applied, settings: Settings, requests: int) -> Answer:
    """What a run of set-up did, and what stands on Stripe now."""

    def human(console: Console) -> None:
        if not planned.changes:
            console.print("Nothing to do: everything on Stripe is as it should be.")
        print_prices(console, applied.prices)
        print_findings(console, planned.findings)
        _print_endpoint_note(console, settings, planned)
        console.print("Next: `creditctl checklist`, or `creditctl webhooks list`")

    endpoint = endpoint_of(planned)
    report: dict[str, Any] = {
        "plan": planned.as_dict(),
        "applied": True,
        "changes": applied.done,
        "prices": applied.prices,
        "env": env_lines(applied.prices),
        "endpoint": applied.endpoint or (None if endpoint is None else endpoint.id),
        "requests": requests,
    }
    return Answer(report, human, planned.findings, exit_code_of(planned.findings))


def _jump_findings(planned: Plan) -> list[Finding]:
    return [
        Finding(
            "setup.price_jump", Severity.HIGH, told.partition(":")[0], told, "Applying it needs --allow-price-jump."
        )
        for told in planned.jumps
    ]


def _print_endpoint_note(console: Console, settings: Settings, planned: Plan) -> None:
    """Where no endpoint is planned, how events reach a local backend all the same."""
    if planned.scope.url is None:
        console.print(
            f"No webhook endpoint: CREDITS_API_URL is {'local' if settings.webhook_url else 'not set'}. "
            "For local work, `creditctl events listen` forwards events to the backend.",
        )
