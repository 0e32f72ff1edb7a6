"""`creditctl webhooks register`: makes or repairs the endpoint of the settings, without products and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.command import Answer, Session, StripeUse, Writes, command
from creditctl.cli.secret_sink import SecretCommandOption, secret_sink
from creditctl.cli.webhooks.endpoint import required_endpoint

if TYPE_CHECKING:
    from creditctl.provisioning.apply import Applied
    from creditctl.provisioning.planning.steps import Plan


@command(stripe=StripeUse.REQUIRED, writes=Writes.STRIPE, webhook=True)
def register(session: Session, secret_command: SecretCommandOption = None) -> Answer:
    """Make or repair the endpoint at the backend's webhook URL and capture its secret, as setup does."""
    from creditctl.cli.render.webhooks import register_answer

    plan = _plan(session, secret_command)
    if plan.changes:
        session.confirm_stripe_changes()
    return register_answer(plan, _apply(session, plan, secret_command))


def _plan(session: Session, secret_command: str | None) -> Plan:
    from creditctl.provisioning.desired_state import require_secret_will_arrive
    from creditctl.provisioning.observe import observe_endpoints
    from creditctl.provisioning.planning.endpoint import plan_endpoint
    from creditctl.provisioning.planning.plan import creates_endpoint
    from creditctl.provisioning.planning.steps import Plan

    required_endpoint(session.settings)
    seen = observe_endpoints(session.stripe)
    desired = required_endpoint(session.read_settings(), trust=secret_command is not None)
    draft = plan_endpoint(desired, seen)
    plan = Plan(tuple(draft.steps), tuple(draft.findings))
    if creates_endpoint(plan) and secret_command is None:
        require_secret_will_arrive(session.settings)
    return plan


def _apply(session: Session, plan: Plan, secret_command: str | None) -> Applied:
    from creditctl.cli.render.plan import progress_line
    from creditctl.provisioning.apply import apply_plan
    from creditctl.provisioning.desired_state import held_secrets

    return apply_plan(
        session.stripe,
        plan,
        secret_sink(session, session.settings, secret_command),
        held=held_secrets(session.read_settings()),
        progress=lambda number, total, step: session.say(progress_line(number, total, step)),
    )
