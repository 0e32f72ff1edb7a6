"""`creditctl webhooks rotate`: a new signing secret with overlap, begun by one run and finished by another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, Session, StripeUse, Writes, command
from creditctl.cli.secret_sink import SecretCommandOption, secret_sink
from creditctl.cli.webhooks.endpoint import required_endpoint
from creditctl.core.errors import ConfigurationError

if TYPE_CHECKING:
    from creditctl.core.checks import CheckResult
    from creditctl.provisioning.rotate import Rotation
    from creditctl.provisioning.state import DesiredEndpoint

FinishOption = Annotated[
    bool,
    typer.Option("--finish", help="Retire the old endpoint, once a probe shows that the backend has the new secret."),
]
NowOption = Annotated[bool, typer.Option("--now", help="Finish without that proof, on your word alone.")]


@command(stripe=StripeUse.REQUIRED, writes=Writes.STRIPE, webhook=True)
def rotate(
    session: Session, finish: FinishOption = False, now: NowOption = False, secret_command: SecretCommandOption = None
) -> Answer:
    """Replace the signing secret with overlap: begin, give the backend both secrets, then --finish."""
    from creditctl.cli.render.webhooks import waiting_answer
    from creditctl.provisioning.rotate import Stage

    desired, rotation = _read(session, secret_command)
    if rotation.stage is Stage.OVERLAP:
        if finish or now:
            return _finished(session, desired, rotation, secret_command, proven=not now)
        return waiting_answer(rotation)
    if rotation.stage is Stage.TIDY:
        return _finished(session, desired, rotation, secret_command, proven=False)
    if finish and rotation.stage is Stage.BEGIN:
        raise ConfigurationError(
            "No rotation is under way that could be finished.",
            code="webhooks.no_rotation",
            fix="Begin one with `creditctl webhooks rotate`.",
        )
    return _begun(session, desired, rotation, secret_command)


def _read(session: Session, secret_command: str | None) -> tuple[DesiredEndpoint, Rotation]:
    from creditctl.provisioning.observe import observe_endpoints
    from creditctl.provisioning.rotate import read_rotation

    required_endpoint(session.settings)
    endpoints = observe_endpoints(session.stripe)
    desired = required_endpoint(session.read_settings(), trust=secret_command is not None)
    return desired, read_rotation(desired, endpoints)


def _begun(session: Session, desired: DesiredEndpoint, rotation: Rotation, secret_command: str | None) -> Answer:
    from creditctl.cli.render.webhooks import begun_answer
    from creditctl.provisioning.desired_state import held_secrets, require_secret_will_arrive
    from creditctl.provisioning.rotate import begin

    sink = secret_sink(session, session.settings, secret_command)
    if secret_command is None:
        require_secret_will_arrive(session.settings)
    if sink is None:
        raise ValueError("a rotation begins only where its secret can be handed over")
    sink.check()
    session.confirm_stripe_changes()
    made = begin(session.stripe, desired, rotation, sink, held_secrets(session.read_settings()))
    return begun_answer(made, rotation)


def _finished(
    session: Session, desired: DesiredEndpoint, rotation: Rotation, secret_command: str | None, *, proven: bool
) -> Answer:
    """Retires the old endpoint on proof and word: the probe's, and that of whoever is asked."""
    from creditctl.cli.render.webhooks import finished_answer, unproven_answer
    from creditctl.cli.webhooks.probing import holds_secret
    from creditctl.provisioning.desired_state import held_secrets, require_secret_will_arrive
    from creditctl.provisioning.rotate import finish

    sink = secret_sink(session, session.settings, secret_command)
    if sink is not None:
        if secret_command is None:
            require_secret_will_arrive(session.settings)
        sink.check()
    results = _probes(session, desired, rotation) if proven else []
    if proven and not holds_secret(results):
        return unproven_answer(results)
    session.confirm_stripe_changes()
    finish(session.stripe, rotation, sink, held_secrets(session.read_settings()))
    return finished_answer(rotation, results)


def _probes(session: Session, desired: DesiredEndpoint, rotation: Rotation) -> list[CheckResult]:
    """Deliveries signed with the new secret alone: that is the one that has to be accepted from now on."""
    from creditctl.cli.webhooks.probing import send_probes
    from creditctl.provisioning.desired_state import held_secrets
    from creditctl.provisioning.probing.results import probe_results

    mark = None if rotation.new is None else rotation.new.fingerprint
    new = [secret for secret in held_secrets(session.read_settings()) if secret.fingerprint == mark]
    return probe_results(send_probes(session, desired.url, new))
