"""`creditctl webhooks …`: list, register, disable, enable, delete, rotate and probe the webhook endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.options import ConfirmOption, EnvFileOption, JsonOption, ModeOption, YesOption
from creditctl.cli.output import start
from creditctl.cli.render.table import Table, show_table
from creditctl.cli.secret_sink import SecretCommandOption, secret_sink
from creditctl.cli.webhooks.session import StripeSession, open_stripe_session, required_endpoint
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.core.checks import CheckResult
    from creditctl.core.modes import Mode
    from creditctl.provisioning.apply import Applied
    from creditctl.provisioning.planning.steps import Plan
    from creditctl.provisioning.state import EndpointState

IdArgument = Annotated[str, typer.Argument(help="The endpoint's id.", metavar="we_…")]


def list_endpoints(
    ctx: typer.Context, mode: ModeOption = None, env_file: EnvFileOption = None, as_json: JsonOption = False
) -> None:
    """Show every webhook endpoint of the account, and whether the secret we hold is its own."""
    from creditctl.provisioning.desired_state import held_secrets
    from creditctl.provisioning.observe import observe_endpoints

    with open_stripe_session(ctx, env_file, mode, as_json) as work:
        seen = observe_endpoints(work.door)
        held = [secret.fingerprint for secret in held_secrets(work.reread())]
        rows = [_row(endpoint, held) for endpoint in seen]

        def human(console: Console) -> None:
            show_table(console, _table(rows))
            console.print("Next: `creditctl webhooks probe`, or `creditctl setup`")

        work.run.finish({"endpoints": rows}, human=human)


def _whose_secret(endpoint: EndpointState, held: list[str]) -> str:
    if endpoint.fingerprint is None:
        return "unknown"
    return "held" if endpoint.fingerprint in held else "another"


def _row(endpoint: EndpointState, held: list[str]) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "status": endpoint.status,
        "api_version": endpoint.api_version,
        "enabled_events": list(endpoint.enabled_events),
        "managed": endpoint.ours,
        "secret": _whose_secret(endpoint, held),
        "rotation": endpoint.rotation,
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(("Endpoint", "URL", "Status", "Events", "Version", "Managed", "Secret"), title="Webhook endpoints")
    for row in rows:
        events = "all (*)" if row["enabled_events"] == ["*"] else str(len(row["enabled_events"]))
        version = row["api_version"] or "account's default"
        managed = "creditctl" if row["managed"] else "no"
        table.add(row["id"], row["url"], row["status"], events, version, managed, row["secret"])
    return table


def register(
    ctx: typer.Context,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    yes: YesOption = False,
    secret_command: SecretCommandOption = None,
    confirm: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make or repair the endpoint at the backend's webhook URL and capture its secret, as setup does."""
    from creditctl.cli.render.plan import print_findings, print_plan

    with open_stripe_session(ctx, env_file, mode, as_json) as work:
        plan = _endpoint_plan(work, secret_command)
        if plan.changes:
            work.confirm(mode, confirm, yes)
        applied = _apply_endpoint_plan(work, plan, secret_command)

        def human(console: Console) -> None:
            print_plan(console, plan)
            print_findings(console, plan.findings)
            console.print("Next: `creditctl webhooks probe`")

        work.run.finish(
            {"plan": plan.as_dict(), "changes": applied.done, "endpoint": applied.endpoint},
            human=human,
            findings=plan.findings,
            exit_code=_exit_code(plan.findings),
        )


def _endpoint_plan(work: StripeSession, secret_command: str | None) -> Plan:
    from creditctl.provisioning.desired_state import require_secret_will_win
    from creditctl.provisioning.observe import observe_endpoints
    from creditctl.provisioning.planning.endpoint import plan_endpoint
    from creditctl.provisioning.planning.plan import creates_endpoint
    from creditctl.provisioning.planning.steps import Plan

    required_endpoint(work.settings)
    seen = observe_endpoints(work.door)
    draft = plan_endpoint(required_endpoint(work.reread(), trust=secret_command is not None), seen)
    plan = Plan(tuple(draft.steps), tuple(draft.findings))
    if creates_endpoint(plan) and secret_command is None:
        require_secret_will_win(work.settings)
    return plan


def _apply_endpoint_plan(work: StripeSession, plan: Plan, secret_command: str | None) -> Applied:
    from creditctl.cli.render.plan import progress_line
    from creditctl.provisioning.apply import apply_plan
    from creditctl.provisioning.desired_state import held_secrets

    return apply_plan(
        work.door,
        plan,
        secret_sink(work.run, work.settings, secret_command),
        held=held_secrets(work.reread()),
        progress=lambda number, total, step: work.run.say(progress_line(number, total, step)),
    )


def _exit_code(findings: tuple[Finding, ...]) -> ExitCode:
    serious = any(finding.severity.rank <= Severity.MEDIUM.rank for finding in findings)
    return ExitCode.FINDINGS if serious else ExitCode.OK


def disable(
    ctx: typer.Context,
    endpoint_id: IdArgument,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    yes: YesOption = False,
    confirm: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop deliveries to an endpoint; what happens meanwhile is not sent later. `enable` starts them again."""
    with open_stripe_session(ctx, env_file, mode, as_json) as work:
        _switch(work, endpoint_id, off=True, confirmed=(mode, confirm, yes))


def enable(
    ctx: typer.Context,
    endpoint_id: IdArgument,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    yes: YesOption = False,
    confirm: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start deliveries to an endpoint again."""
    with open_stripe_session(ctx, env_file, mode, as_json) as work:
        _switch(work, endpoint_id, off=False, confirmed=(mode, confirm, yes))


def _switch(
    work: StripeSession, endpoint_id: str, *, off: bool, confirmed: tuple[Mode | None, str | None, bool]
) -> None:
    from creditctl.provisioning.observe import endpoint_state
    from creditctl.stripe_api.permissions import needs

    work.confirm(*confirmed)
    with needs("update the webhook endpoint", "rak_webhook_write"):
        changed = endpoint_state(work.door.client.v1.webhook_endpoints.update(endpoint_id, {"disabled": off}))

    def human(console: Console) -> None:
        console.print(f"{changed.id} ({changed.url}) is {changed.status}.")
        console.print("Next: `creditctl webhooks enable …`" if off else "Next: `creditctl webhooks probe`")

    work.run.finish({"endpoint": {"id": changed.id, "url": changed.url, "status": changed.status}}, human=human)


def delete(
    ctx: typer.Context,
    endpoint_id: IdArgument,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    yes: YesOption = False,
    confirm: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete an endpoint for good, together with its signing secret."""
    from creditctl.provisioning.endpoint_creation import delete_endpoint

    with open_stripe_session(ctx, env_file, mode, as_json) as work:
        work.confirm(mode, confirm, yes)
        delete_endpoint(work.door, endpoint_id, must_exist=True)

        def human(console: Console) -> None:
            console.print(f"{endpoint_id} is gone.")
            console.print("Next: `creditctl webhooks list`")

        work.run.finish({"deleted": endpoint_id}, human=human)


def probe(
    ctx: typer.Context, mode: ModeOption = None, env_file: EnvFileOption = None, as_json: JsonOption = False
) -> None:
    """Send the backend an unsigned, a forged and an inert, correctly signed delivery, and say what that proves."""
    import httpx
    import stripe

    from creditctl.core.checks import CheckStatus
    from creditctl.core.modes import Mode
    from creditctl.provisioning.probe import inert_event
    from creditctl.provisioning.probe import probe as send_probes

    run = start(ctx, as_json=as_json)
    settings = run.wiring.settings(env_file, mode)
    url = settings.webhook_url or required_endpoint(settings).url
    now = run.wiring.clock()
    body = inert_event(now, livemode=settings.mode is Mode.LIVE, api_version=stripe.api_version)
    with httpx.Client(timeout=30, trust_env=not settings.webhook_url_is_local) as client:
        results = send_probes(client, url, settings.webhook_secrets, body, now)
    if any(result.status is CheckStatus.FAIL for result in results):
        exit_code = ExitCode.FINDINGS
    elif any(result.status is CheckStatus.UNKNOWN for result in results):
        exit_code = ExitCode.UNREACHABLE
    else:
        exit_code = ExitCode.OK
    report = {"url": url, "checks": [result.as_dict() for result in results]}
    run.finish(report, human=lambda console: _print_results(console, results), exit_code=exit_code)


def _print_results(console: Console, results: list[CheckResult]) -> None:
    for result in results:
        console.print(f"{result.status:>7}  {result.title}: {result.evidence}")
        if result.fix:
            console.print(f"         {result.fix}")
    console.print("Next: `creditctl checklist`")
