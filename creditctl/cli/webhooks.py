"""`creditctl webhooks …`: list, register, disable, enable, delete, rotate and probe the webhook endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.options import ConfirmOption, EnvFileOption, JsonOption, ModeOption, YesOption
from creditctl.cli.output import Run, start
from creditctl.cli.setup import SecretCommandOption, confirm_changes, secret_sink
from creditctl.core.errors import ConfigurationError, ExitCode
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from creditctl.core.checks import CheckResult
    from creditctl.core.modes import Mode
    from creditctl.core.settings import Settings
    from creditctl.provisioning.state import EndpointState, EndpointWish
    from creditctl.stripe_api.client import StripeDoor

IdArgument = Annotated[str, typer.Argument(help="The endpoint's id.", metavar="we_…")]
NowOption = Annotated[bool, typer.Option("--now", help="Retire the old secret without waiting for a delivery.")]


def build() -> typer.Typer:
    """The command group."""
    group = typer.Typer(no_args_is_help=True, help="List, register, rotate, disable, enable, delete, probe endpoints.")
    group.command("list")(list_endpoints)
    group.command("register")(register)
    group.command("disable")(disable)
    group.command("enable")(enable)
    group.command("delete")(delete)
    group.command("rotate")(rotate)
    group.command("probe")(probe)
    return group


@dataclass(frozen=True)
class _Work:
    """One run with its settings and door."""

    run: Run
    settings: Settings
    door: StripeDoor

    def confirm(self, mode: Mode | None, confirm: str | None, yes: bool) -> None:
        confirm_changes(self.run, self.door, mode=mode, confirm=confirm, yes=yes)


@contextmanager
def _work(ctx: typer.Context, env_file: Path | None, mode: Mode | None, as_json: bool) -> Iterator[_Work]:
    run = start(ctx, as_json=as_json)
    settings = run.wiring.settings(env_file, mode)
    with run.wiring.stripe(settings) as door:
        yield _Work(run, settings, door)


def list_endpoints(
    ctx: typer.Context, mode: ModeOption = None, env_file: EnvFileOption = None, as_json: JsonOption = False
) -> None:
    """Show every webhook endpoint of the account, and whether the secret we hold is its own."""
    from creditctl.provisioning.observe import observe_endpoints
    from creditctl.provisioning.wish import held_secrets

    with _work(ctx, env_file, mode, as_json) as work:
        held = [secret.fingerprint for secret in held_secrets(work.settings)]
        rows = [_row(endpoint, held) for endpoint in observe_endpoints(work.door)]

        def human(console: Console) -> None:
            console.print(_table(rows))
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


def _table(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table("Endpoint", "URL", "Status", "Events", "Version", "Managed", "Secret", title="Webhook endpoints")
    for row in rows:
        events = "all (*)" if row["enabled_events"] == ["*"] else str(len(row["enabled_events"]))
        version = row["api_version"] or "account's default"
        managed = "creditctl" if row["managed"] else "no"
        table.add_row(row["id"], row["url"], row["status"], events, version, managed, row["secret"])
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
    from creditctl.cli.render.plan import print_findings, print_plan, progress_line
    from creditctl.provisioning.apply import apply_plan
    from creditctl.provisioning.observe import observe_endpoints
    from creditctl.provisioning.plan import creates_endpoint
    from creditctl.provisioning.plan_endpoint import plan_endpoint
    from creditctl.provisioning.steps import Plan
    from creditctl.provisioning.wish import held_secrets, require_secret_will_win

    with _work(ctx, env_file, mode, as_json) as work:
        wish = _required_wish(work.settings, trust=secret_command is not None)
        draft = plan_endpoint(wish, observe_endpoints(work.door))
        plan = Plan(tuple(draft.steps), tuple(draft.findings))
        if plan.changes:
            if creates_endpoint(plan) and secret_command is None:
                require_secret_will_win(work.settings)
            work.confirm(mode, confirm, yes)
        applied = apply_plan(
            work.door,
            plan,
            secret_sink(work.run, work.settings, secret_command),
            held=held_secrets(work.settings),
            progress=lambda number, total, step: work.run.say(progress_line(number, total, step)),
        )

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


def _exit_code(findings: tuple[Finding, ...]) -> ExitCode:
    serious = any(finding.severity.rank <= Severity.MEDIUM.rank for finding in findings)
    return ExitCode.FINDINGS if serious else ExitCode.OK


def _required_wish(settings: Settings, *, trust: bool = False) -> EndpointWish:
    import stripe

    from creditctl.provisioning.wish import endpoint_wish

    wish = endpoint_wish(settings, api_version=stripe.api_version, trust_fingerprint=trust)
    if wish is None:
        raise ConfigurationError(
            "There is no URL to deliver webhooks to: CREDITS_API_URL is not set, or local.",
            code="webhooks.no_url",
            fix="Set CREDITS_API_URL to the backend's public URL; "
            "for local work, `stripe listen --forward-to …` forwards events.",
        )
    return wish


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
    with _work(ctx, env_file, mode, as_json) as work:
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
    with _work(ctx, env_file, mode, as_json) as work:
        _switch(work, endpoint_id, off=False, confirmed=(mode, confirm, yes))


def _switch(work: _Work, endpoint_id: str, *, off: bool, confirmed: tuple[Mode | None, str | None, bool]) -> None:
    from creditctl.provisioning.observe import endpoint_state
    from creditctl.provisioning.permissions import needs

    work.confirm(*confirmed)
    with needs("update the webhook endpoint", "rak_webhook_write"):
        changed = endpoint_state(work.door.client.v1.webhook_endpoints.update(endpoint_id, {"disabled": off}))

    def human(console: Console) -> None:
        console.print(f"{changed.id} ({changed.url}) is {changed.status}.", markup=False)
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
    from creditctl.provisioning.permissions import needs

    with _work(ctx, env_file, mode, as_json) as work:
        work.confirm(mode, confirm, yes)
        with needs("delete the webhook endpoint", "rak_webhook_write"):
            work.door.client.v1.webhook_endpoints.delete(endpoint_id)

        def human(console: Console) -> None:
            console.print(f"{endpoint_id} is gone.", markup=False)
            console.print("Next: `creditctl webhooks list`")

        work.run.finish({"deleted": endpoint_id}, human=human)


def rotate(
    ctx: typer.Context,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    yes: YesOption = False,
    now: NowOption = False,
    secret_command: SecretCommandOption = None,
    confirm: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replace the signing secret with overlap: run it once to begin, deploy, run it again to finish."""
    from creditctl.provisioning.observe import observe_endpoints
    from creditctl.provisioning.rotate import Stage, begin, finish, read_rotation
    from creditctl.provisioning.wish import held_secrets, require_secret_will_win

    with _work(ctx, env_file, mode, as_json) as work:
        wish = _required_wish(work.settings)
        rotation = read_rotation(wish, observe_endpoints(work.door))
        seen = None if rotation.stage is not Stage.OVERLAP or now else _seen(work, wish, rotation.new)
        if rotation.stage is Stage.OVERLAP and not now and seen is None:
            _wait(work)
        if secret_command is None:
            require_secret_will_win(work.settings)
        work.confirm(mode, confirm, yes)
        sink = secret_sink(work.run, work.settings, secret_command)
        sink.check()
        held = held_secrets(work.settings)
        if rotation.stage in (Stage.BEGIN, Stage.HAND_OVER):
            _begun(work, begin(work.door, wish, rotation, sink, held))
        finish(work.door, rotation, sink, held)
        _finished(work, None if rotation.new is None else rotation.new.id, seen)


def _seen(work: _Work, wish: EndpointWish, new: EndpointState | None) -> str | None:
    from creditctl.provisioning.rotate import delivered_since

    return None if new is None else delivered_since(work.door, wish, new.created)


def _begun(work: _Work, endpoint_id: str) -> None:
    def human(console: Console) -> None:
        console.print(f"Both secrets are in place; {endpoint_id} delivers beside the old endpoint.", markup=False)
        console.print("Next: restart the backend with the new settings, then `creditctl webhooks rotate` again.")

    work.run.finish({"stage": "overlap", "endpoint": endpoint_id}, human=human)


def _wait(work: _Work) -> None:
    finding = Finding(
        "rotation.waiting",
        Severity.MEDIUM,
        "rotation",
        "No event has reached the new endpoint yet, so nothing proves that the backend holds the new secret.",
        "Run `creditctl webhooks probe`, wait for a purchase, then run rotate again; --now does not wait.",
    )

    def human(console: Console) -> None:
        console.print(finding.message, markup=False)
        console.print(finding.fix, markup=False)

    work.run.finish({"stage": "overlap"}, human=human, findings=[finding], exit_code=ExitCode.FINDINGS)


def _finished(work: _Work, endpoint_id: str | None, seen: str | None) -> None:
    def human(console: Console) -> None:
        proof = f" ({seen} was delivered to it)" if seen else ""
        console.print(f"The old endpoint and its secret are retired; {endpoint_id} stays{proof}.", markup=False)
        console.print("Next: `creditctl webhooks probe`")

    work.run.finish({"stage": "done", "endpoint": endpoint_id, "event": seen}, human=human)


def probe(
    ctx: typer.Context, mode: ModeOption = None, env_file: EnvFileOption = None, as_json: JsonOption = False
) -> None:
    """Send the backend an unsigned, a forged and an inert, correctly signed delivery, and say what that proves."""
    import httpx
    import stripe

    from creditctl.core.checks import Status
    from creditctl.core.modes import Mode
    from creditctl.provisioning.probe import inert_event
    from creditctl.provisioning.probe import probe as send_probes

    run = start(ctx, as_json=as_json)
    settings = run.wiring.settings(env_file, mode)
    url = settings.webhook_url or _required_wish(settings).url
    now = run.wiring.clock()
    body = inert_event(now, livemode=settings.mode is Mode.LIVE, api_version=stripe.api_version)
    with httpx.Client(timeout=30, trust_env=not settings.webhook_url_is_local) as client:
        results = send_probes(client, url, settings.webhook_secrets, body, now)
    if any(result.status is Status.FAIL for result in results):
        exit_code = ExitCode.FINDINGS
    elif any(result.status is Status.UNKNOWN for result in results):
        exit_code = ExitCode.UNREACHABLE
    else:
        exit_code = ExitCode.OK
    report = {"url": url, "checks": [result.as_dict() for result in results]}
    run.finish(report, human=lambda console: _print_results(console, results), exit_code=exit_code)


def _print_results(console: Console, results: list[CheckResult]) -> None:
    for result in results:
        console.print(f"{result.status:>7}  {result.title}: {result.evidence}", markup=False)
        if result.fix:
            console.print(f"         {result.fix}", markup=False)
    console.print("Next: `creditctl checklist`")
