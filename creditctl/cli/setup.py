"""`creditctl setup`: plan what Stripe should have, show it, and make it so; run twice, it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, Session, StripeUse, Writes, command
from creditctl.cli.options import CatalogOption, CheckOption
from creditctl.cli.secret_sink import SecretCommandOption, secret_sink
from creditctl.core.errors import UsageError

if TYPE_CHECKING:
    from creditctl.core.settings import Settings
    from creditctl.provisioning.apply import Applied
    from creditctl.provisioning.planning.endpoint_choice import EndpointChoice
    from creditctl.provisioning.planning.steps import Plan, Step
    from creditctl.provisioning.state import DesiredEndpoint

PlanOutOption = Annotated[Path | None, typer.Option("--plan-out", help="Keep the plan in this file.", metavar="FILE")]
PlanOption = Annotated[Path | None, typer.Option("--plan", help="Apply exactly the plan in this file.", metavar="FILE")]
AdoptOption = Annotated[
    list[str] | None,
    typer.Option("--adopt", help="Take over what exists: prod_…, SLUG=prod_… or we_…; may be given again."),
]
RotateOption = Annotated[
    bool,
    typer.Option(
        "--rotate",
        help="Make a second endpoint with a new secret beside one whose secret is elsewhere, or is to change.",
    ),
]
ReplaceOption = Annotated[
    bool,
    typer.Option(
        "--replace-endpoint", help="Give up the endpoint whose secret is elsewhere, and make a new one; asks."
    ),
]
MoveOption = Annotated[
    str | None,
    typer.Option(
        "--move-endpoint", help="Move this endpoint of creditctl, with its secret, to CREDITS_API_URL.", metavar="we_…"
    ),
]
PruneOption = Annotated[bool, typer.Option("--prune", help="Archive orphans: products of ours that sell no package.")]
JumpOption = Annotated[
    bool,
    typer.Option("--allow-price-jump", help="Let a price change by more than 50 %, or its credits, or its currency."),
]


@dataclass(frozen=True)
class SetupOptions:
    """What the operator asked for."""

    catalog: Path | None
    allow_jump: bool
    prune: bool
    adopt: tuple[str, ...]
    plan_out: Path | None
    secret_command: str | None
    choice: EndpointChoice


@command(stripe=StripeUse.REQUIRED, writes=Writes.STRIPE, dry_run=True, webhook=True)
def setup(
    session: Session,
    catalog: CatalogOption = None,
    check: CheckOption = False,
    plan_out: PlanOutOption = None,
    plan: PlanOption = None,
    adopt: AdoptOption = None,
    rotate: RotateOption = False,
    replace_endpoint: ReplaceOption = False,
    move_endpoint: MoveOption = None,
    prune: PruneOption = False,
    allow_price_jump: JumpOption = False,
    secret_command: SecretCommandOption = None,
) -> Answer:
    """Create or repair products, prices and the webhook endpoint on Stripe, and capture the signing secret."""
    from creditctl.cli.render.setup import applied_answer, plan_answer
    from creditctl.provisioning.planning.endpoint_choice import NO_CHOICE, EndpointChoice, require_one_choice

    choice = EndpointChoice(move=move_endpoint, rotate=rotate, replace=replace_endpoint)
    require_one_choice(choice)
    if plan is not None and (adopt or prune or plan_out or catalog or choice != NO_CHOICE):
        raise UsageError(
            "--plan applies a plan as it is; it goes with no --adopt, --prune, --plan-out or --catalog, nor with "
            "--rotate, --replace-endpoint or --move-endpoint.",
            code="setup.plan_options",
            fix="Give those when the plan is made.",
        )
    wanted = SetupOptions(catalog, allow_price_jump, prune, tuple(adopt or ()), plan_out, secret_command, choice)
    planned = _plan(session, wanted) if plan is None else _load(session, plan)
    if session.dry_run or check:
        return plan_answer(planned, session.settings, session.stripe.request_count, check=check)
    applied = _apply(session, planned, wanted)
    return applied_answer(planned, applied, session.settings, session.stripe.request_count)


def _plan(session: Session, wanted: SetupOptions) -> Plan:
    from creditctl.provisioning.observe import observe
    from creditctl.provisioning.planning.endpoint_choice import require_movable
    from creditctl.provisioning.planning.plan import make_plan, resolve_adoption
    from creditctl.provisioning.planning.saved_plan import SavedPlan, save_plan

    stripe = session.stripe
    catalog = session.catalog(wanted.catalog)
    observed = observe(stripe, endpoints=_endpoint(session.settings, wanted) is not None)
    # Read again, now that Stripe was looked at: a run at the same time stores a secret before it marks the endpoint,
    # so each mark that was seen belongs to a secret that stands in the file by now.
    endpoint = _endpoint(session.read_settings(), wanted)
    if endpoint is not None:
        require_movable(wanted.choice, endpoint, observed.endpoints)
    adoption = resolve_adoption(list(wanted.adopt), catalog, observed, endpoint)
    planned = make_plan(catalog, endpoint, observed, adoption=adoption, choice=wanted.choice, prune=wanted.prune)
    if wanted.plan_out is not None:
        name = session.settings.deployment.name
        saved = SavedPlan(stripe.required_account_id, stripe.livemode, planned, name)
        save_plan(session.wiring.folder / wanted.plan_out, saved)
    return planned


def _endpoint(settings: Settings, wanted: SetupOptions) -> DesiredEndpoint | None:
    import stripe

    from creditctl.cli.webhooks.endpoint import required_endpoint
    from creditctl.provisioning.desired_state import desired_endpoint

    trust = wanted.secret_command is not None
    if wanted.choice.needs_url:
        return required_endpoint(settings, trust=trust)
    return desired_endpoint(settings, api_version=stripe.api_version, trust_fingerprint=trust)


def _load(session: Session, path: Path) -> Plan:
    """The plan of a file, for the account and the state that it was made for. Errors: ConfigurationError."""
    from creditctl.provisioning.observe import observe
    from creditctl.provisioning.planning.saved_plan import load_plan, require_unmoved

    stripe = session.stripe
    saved = load_plan(session.wiring.folder / path)
    observed = observe(stripe, endpoints=saved.plan.scope.url is not None)
    require_unmoved(
        saved,
        observed,
        account=stripe.required_account_id,
        livemode=stripe.livemode,
        deployment=session.settings.deployment.name,
    )
    return saved.plan


def _apply(session: Session, planned: Plan, wanted: SetupOptions) -> Applied:
    from creditctl.cli.render.plan import progress_line
    from creditctl.provisioning.apply import apply_plan
    from creditctl.provisioning.desired_state import held_secrets

    def progress(number: int, total: int, step: Step) -> None:
        session.say(progress_line(number, total, step))

    if planned.changes:
        _confirm(session, planned, wanted)
    sink = secret_sink(session, session.settings, wanted.secret_command)
    held = held_secrets(session.read_settings())
    return apply_plan(session.stripe, planned, sink, held=held, progress=progress)


def _confirm(session: Session, planned: Plan, wanted: SetupOptions) -> None:
    """Refuses what must not be applied, shows the rest, and asks. Errors: GuardRefused, ConfigurationError."""
    from creditctl.cli.render.plan import print_plan
    from creditctl.cli.webhooks.given_up import confirm_given_up
    from creditctl.provisioning.desired_state import require_secret_will_arrive
    from creditctl.provisioning.planning.plan import creates_endpoint, require_no_jump

    require_no_jump(planned, allowed=wanted.allow_jump)
    if creates_endpoint(planned) and wanted.secret_command is None:
        require_secret_will_arrive(session.settings)
    if not session.as_json:
        print_plan(session.err, planned)
    confirm_given_up(session, planned)
    session.confirm_stripe_changes()
