"""`creditctl webhooks disable, enable, delete`: plan, question and apply for one endpoint that is named by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, Session, StripeUse, Writes, command

if TYPE_CHECKING:
    from creditctl.provisioning.endpoint_switch import SwitchAction

IdArgument = Annotated[str, typer.Argument(help="The endpoint's id.", metavar="we_…")]


@command(stripe=StripeUse.REQUIRED, writes=Writes.STRIPE, dry_run=True)
def disable(session: Session, endpoint_id: IdArgument) -> Answer:
    """Stop deliveries to an endpoint; what happens meanwhile is not sent later. `enable` starts them again."""
    from creditctl.provisioning.endpoint_switch import SwitchAction

    return _switched(session, endpoint_id, SwitchAction.DISABLE)


@command(stripe=StripeUse.REQUIRED, writes=Writes.STRIPE, dry_run=True)
def enable(session: Session, endpoint_id: IdArgument) -> Answer:
    """Start deliveries to an endpoint again."""
    from creditctl.provisioning.endpoint_switch import SwitchAction

    return _switched(session, endpoint_id, SwitchAction.ENABLE)


@command(stripe=StripeUse.REQUIRED, writes=Writes.STRIPE, dry_run=True)
def delete(session: Session, endpoint_id: IdArgument) -> Answer:
    """Delete an endpoint for good, together with its signing secret."""
    from creditctl.provisioning.endpoint_switch import SwitchAction

    return _switched(session, endpoint_id, SwitchAction.DELETE)


def _switched(session: Session, endpoint_id: str, action: SwitchAction) -> Answer:
    from creditctl.cli.render.plan import print_plan
    from creditctl.cli.render.webhooks import deleted_answer, switch_plan_answer, switched_answer
    from creditctl.provisioning.endpoint_switch import apply_endpoint_switch, plan_endpoint_switch
    from creditctl.provisioning.observe import observe_endpoint

    switch = plan_endpoint_switch(observe_endpoint(session.stripe, endpoint_id), action)
    if session.dry_run:
        return switch_plan_answer(switch, action)
    if switch.plan.changes:
        if not session.as_json:
            print_plan(session.err, switch.plan)
        session.confirm_stripe_changes()
    endpoint = apply_endpoint_switch(session.stripe, switch)
    return deleted_answer(endpoint_id) if endpoint is None else switched_answer(endpoint, action)
