"""`creditctl setup`: plan what Stripe should have, show it, and make it so; run twice, it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from creditctl.cli.options import (
    CatalogOption,
    CheckOption,
    ConfirmOption,
    DryRunOption,
    EnvFileOption,
    JsonOption,
    ModeOption,
    YesOption,
)
from creditctl.cli.output import Run, start
from creditctl.core.errors import ExitCode, GuardRefused, UsageError
from creditctl.core.findings import Finding, Severity
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from rich.console import Console

    from creditctl.core.settings import Settings
    from creditctl.provisioning.apply import Applied
    from creditctl.provisioning.planning.steps import Plan, Step
    from creditctl.provisioning.secret_sinks import SecretSink
    from creditctl.provisioning.state import DesiredEndpoint
    from creditctl.stripe_api.client import StripeConnection

PlanOutOption = Annotated[Path | None, typer.Option("--plan-out", help="Keep the plan in this file.", metavar="FILE")]
PlanOption = Annotated[Path | None, typer.Option("--plan", help="Apply exactly the plan in this file.", metavar="FILE")]
AdoptOption = Annotated[
    list[str] | None,
    typer.Option("--adopt", help="Take over what exists: prod_…, SLUG=prod_… or we_…; may be given again."),
]
PruneOption = Annotated[bool, typer.Option("--prune", help="Archive orphans: products of ours that sell no package.")]
JumpOption = Annotated[
    bool, typer.Option("--allow-price-jump", help="Let a price or its credits change by more than 50 %.")
]
SecretCommandOption = Annotated[
    str | None,
    typer.Option(
        "--secret-command",
        help="Hand a new signing secret to this command's standard input instead of the env file.",
        metavar="COMMAND",
    ),
]


@dataclass(frozen=True)
class SetupOptions:
    """What the operator asked for."""

    env_file: Path | None
    mode: Mode | None
    confirm: str | None
    yes: bool
    dry_run: bool
    check: bool
    allow_jump: bool
    prune: bool
    adopt: tuple[str, ...]
    plan_out: Path | None
    plan_file: Path | None
    secret_command: str | None


def setup(
    ctx: typer.Context,
    mode: ModeOption = None,
    env_file: EnvFileOption = None,
    catalog: CatalogOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    check: CheckOption = False,
    plan_out: PlanOutOption = None,
    plan: PlanOption = None,
    adopt: AdoptOption = None,
    prune: PruneOption = False,
    allow_price_jump: JumpOption = False,
    secret_command: SecretCommandOption = None,
    confirm: ConfirmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create or repair products, prices and the webhook endpoint on Stripe, and capture the signing secret."""
    if plan is not None and (adopt or prune or plan_out or catalog):
        raise UsageError(
            "--plan applies a plan as it is; it goes with no --adopt, --prune, --plan-out or --catalog.",
            code="setup.plan_options",
            fix="Give those when the plan is made.",
        )
    run = start(ctx, as_json=as_json)
    choices = SetupOptions(
        env_file=env_file,
        mode=mode,
        confirm=confirm,
        yes=yes,
        dry_run=dry_run,
        check=check,
        allow_jump=allow_price_jump,
        prune=prune,
        adopt=tuple(adopt or ()),
        plan_out=plan_out,
        plan_file=plan,
        secret_command=secret_command,
    )
    settings = run.wiring.settings(env_file, mode)
    with run.wiring.stripe(settings) as door:
        planned = _load(run, door, choices) if plan is not None else _plan(run, door, settings, catalog, choices)
        if dry_run or check:
            _finish_plan(run, door, settings, planned, choices)
        applied = _apply(run, door, settings, planned, choices)
        _finish(run, door, settings, planned, applied)


def _plan(
    run: Run, door: StripeConnection, settings: Settings, catalog_path: Path | None, choices: SetupOptions
) -> Plan:
    from creditctl.provisioning.observe import observe
    from creditctl.provisioning.planning.plan import make_plan, resolve_adoption
    from creditctl.provisioning.planning.saved_plan import SavedPlan, save_plan

    catalog = run.wiring.catalog(catalog_path or settings.catalog_path)
    observed = observe(door, endpoints=_wish(settings, choices) is not None)
    # Read again, now that Stripe was looked at: a run at the same time stores a secret before it marks the endpoint,
    # so each mark that was seen belongs to a secret that stands in the file by now.
    wish = _wish(run.wiring.settings(choices.env_file, choices.mode), choices)
    adoption = resolve_adoption(list(choices.adopt), catalog, observed, wish)
    planned = make_plan(catalog, wish, observed, adoption=adoption, prune=choices.prune)
    if choices.plan_out is not None:
        save_plan(run.wiring.folder / choices.plan_out, SavedPlan(door.required_account_id, door.livemode, planned))
    return planned


def _wish(settings: Settings, choices: SetupOptions) -> DesiredEndpoint | None:
    import stripe

    from creditctl.provisioning.desired_state import desired_endpoint

    return desired_endpoint(
        settings, api_version=stripe.api_version, trust_fingerprint=choices.secret_command is not None
    )


def _load(run: Run, door: StripeConnection, choices: SetupOptions) -> Plan:
    from creditctl.provisioning.observe import observe
    from creditctl.provisioning.planning.saved_plan import load_plan, require_unmoved

    if choices.plan_file is None:
        raise ValueError("there is no plan file")
    saved = load_plan(run.wiring.folder / choices.plan_file)
    observed = observe(door, endpoints=saved.plan.scope.url is not None)
    require_unmoved(saved, observed, account=door.required_account_id, livemode=door.livemode)
    return saved.plan


def _apply(run: Run, door: StripeConnection, settings: Settings, planned: Plan, choices: SetupOptions) -> Applied:
    from creditctl.cli.render.plan import print_plan, progress_line
    from creditctl.provisioning.apply import apply_plan
    from creditctl.provisioning.desired_state import held_secrets, require_secret_will_win
    from creditctl.provisioning.planning.plan import creates_endpoint, require_no_jump

    def progress(number: int, total: int, step: Step) -> None:
        run.say(progress_line(number, total, step))

    if planned.changes:
        require_no_jump(planned, allowed=choices.allow_jump)
        if creates_endpoint(planned) and choices.secret_command is None:
            require_secret_will_win(settings)
        if not run.as_json:
            print_plan(run.err, planned)
        confirm_changes(run, door, mode=choices.mode, confirm=choices.confirm, yes=choices.yes)
    sink = secret_sink(run, settings, choices.secret_command)
    held = held_secrets(run.wiring.settings(choices.env_file, choices.mode))
    return apply_plan(door, planned, sink, held=held, progress=progress)


def secret_sink(run: Run, settings: Settings, command: str | None) -> SecretSink:
    """Where a new signing secret goes: the command, or the env file."""
    from creditctl.provisioning.secret_sinks import CommandSink, EnvFileSink

    if command is not None:
        return CommandSink(command, run.wiring.folder)
    return EnvFileSink(run.wiring.folder / settings.env_file)


def confirm_changes(run: Run, door: StripeConnection, *, mode: Mode | None, confirm: str | None, yes: bool) -> None:
    """Asks before anything is changed: the account's id in live, yes or no in test, nothing on the emulator.

    Errors: GuardRefused naming the option that would have answered.
    """
    from creditctl.stripe_api.guards import confirm_live_writes

    def ask(question: str) -> str:
        run.wiring.stderr.write(question)
        run.wiring.stderr.flush()
        return run.wiring.stdin.readline()

    may_ask = run.wiring.stdin.isatty() and not yes
    if door.mode is Mode.LIVE:
        confirm_live_writes(door, expected=mode, confirm=confirm, ask=ask if may_ask else None)
        return
    if door.mode is Mode.EMULATOR or yes:
        return
    if not may_ask:
        raise GuardRefused(
            "This changes a Stripe account, and nobody is there to be asked.", code="guard.yes", fix="Add --yes."
        )
    if ask("Apply these changes? [y/N] ").strip().lower() not in ("y", "yes"):
        raise GuardRefused("Nothing was changed.", code="guard.declined", fix="Run it again when you are ready.")


def _finish_plan(run: Run, door: StripeConnection, settings: Settings, planned: Plan, choices: SetupOptions) -> None:
    from creditctl.cli.render.plan import print_findings, print_plan

    findings = [*planned.findings, *_jump_findings(planned)]

    def human(console: Console) -> None:
        print_plan(console, planned)
        print_findings(console, findings)
        for line in _endpoint_note(settings, planned):
            console.print(line, markup=False)
        console.print("Next: `creditctl setup`" if planned.changes else "Nothing to do.")

    drift = bool(planned.changes) or _serious(findings)
    exit_code = ExitCode.FINDINGS if choices.check and drift else ExitCode.OK
    report = {"plan": planned.as_dict(), "applied": False, "requests": door.request_count}
    run.finish(report, human=human, findings=findings, exit_code=exit_code)


def _finish(run: Run, door: StripeConnection, settings: Settings, planned: Plan, applied: Applied) -> None:
    from creditctl.cli.render.plan import endpoint_of, env_lines, print_findings, print_prices

    endpoint = endpoint_of(planned)

    def human(console: Console) -> None:
        if not planned.changes:
            console.print("Nothing to do: everything on Stripe is as it should be.")
        print_prices(console, applied.prices)
        print_findings(console, planned.findings)
        for line in _endpoint_note(settings, planned):
            console.print(line, markup=False)
        console.print("Next: `creditctl checklist`, or `creditctl webhooks list`")

    report: dict[str, Any] = {
        "plan": planned.as_dict(),
        "applied": True,
        "changes": applied.done,
        "prices": applied.prices,
        "env": env_lines(applied.prices),
        "endpoint": applied.endpoint or (None if endpoint is None else endpoint.id),
        "requests": door.request_count,
    }
    exit_code = ExitCode.FINDINGS if _serious(planned.findings) else ExitCode.OK
    run.finish(report, human=human, findings=planned.findings, exit_code=exit_code)


def _serious(findings: list[Finding] | tuple[Finding, ...]) -> bool:
    return any(finding.severity.rank <= Severity.MEDIUM.rank for finding in findings)


def _jump_findings(planned: Plan) -> list[Finding]:
    return [
        Finding(
            "setup.price_jump", Severity.HIGH, told.partition(":")[0], told, "Applying it needs --allow-price-jump."
        )
        for told in planned.jumps
    ]


def _endpoint_note(settings: Settings, planned: Plan) -> list[str]:
    """Where no endpoint is planned, how events reach a local backend all the same."""
    if planned.scope.url is not None:
        return []
    return [
        f"No webhook endpoint: CREDITS_API_URL is {'local' if settings.webhook_url else 'not set'}. "
        "For local work, `creditctl events listen` forwards events to the backend."
    ]
