"""`creditctl webhooks rotate`: a new signing secret with overlap, in two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, Session, StripeUse, Writes, command
from creditctl.cli.secret_sink import SecretCommandOption, secret_sink
from creditctl.cli.webhooks.endpoint import required_endpoint

if TYPE_CHECKING:
    from creditctl.provisioning.rotate import Rotation
    from creditctl.provisioning.state import DesiredEndpoint

NowOption = Annotated[bool, typer.Option("--now", help="Retire the old secret without waiting for a delivery.")]


@command(stripe=StripeUse.REQUIRED, writes=Writes.STRIPE, webhook=True)
def rotate(session: Session, now: NowOption = False, secret_command: SecretCommandOption = None) -> Answer:
    """Replace the signing secret with overlap: run it once to begin, deploy, run it again to finish."""
    from creditctl.cli.render.webhooks import waiting_answer
    from creditctl.provisioning.observe import observe_endpoints
    from creditctl.provisioning.rotate import Stage, read_rotation

    required_endpoint(session.settings)
    endpoints = observe_endpoints(session.stripe)
    desired = required_endpoint(session.read_settings())
    rotation = read_rotation(desired, endpoints)
    proof = None
    if rotation.stage is Stage.OVERLAP and not now:
        proof = _delivered(session, desired, rotation)
        if proof is None:
            return waiting_answer()
    return _next_stage(session, desired, rotation, secret_command, proof)


def _delivered(session: Session, desired: DesiredEndpoint, rotation: Rotation) -> str | None:
    """The event that reached the new endpoint, which proves that the backend holds the new secret."""
    from creditctl.provisioning.rotate import delivered_since

    return None if rotation.new is None else delivered_since(session.stripe, desired, rotation.new.created)


def _next_stage(
    session: Session, desired: DesiredEndpoint, rotation: Rotation, secret_command: str | None, proof: str | None
) -> Answer:
    from creditctl.cli.render.webhooks import begun_answer, finished_answer
    from creditctl.provisioning.desired_state import held_secrets, require_secret_will_win
    from creditctl.provisioning.rotate import Stage, begin, finish

    if secret_command is None:
        require_secret_will_win(session.settings)
    session.confirm_stripe_changes()
    sink = secret_sink(session, session.settings, secret_command)
    sink.check()
    held = held_secrets(session.read_settings())
    if rotation.stage in (Stage.BEGIN, Stage.HAND_OVER):
        return begun_answer(begin(session.stripe, desired, rotation, sink, held))
    finish(session.stripe, rotation, sink, held)
    return finished_answer(None if rotation.new is None else rotation.new.id, proof)
