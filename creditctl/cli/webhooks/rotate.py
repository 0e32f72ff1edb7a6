"""`creditctl webhooks rotate`: a new signing secret with overlap, in two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.options import ConfirmOption, EnvFileOption, JsonOption, ModeOption, YesOption
from creditctl.cli.secret_sink import SecretCommandOption, secret_sink
from creditctl.cli.webhooks.session import StripeSession, open_stripe_session, required_endpoint
from creditctl.core.errors import ExitCode
from creditctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from creditctl.cli.console import Console
    from creditctl.provisioning.state import DesiredEndpoint, EndpointState

NowOption = Annotated[bool, typer.Option("--now", help="Retire the old secret without waiting for a delivery.")]


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
    from creditctl.provisioning.desired_state import held_secrets, require_secret_will_win
    from creditctl.provisioning.observe import observe_endpoints
    from creditctl.provisioning.rotate import Stage, begin, finish, read_rotation

    with open_stripe_session(ctx, env_file, mode, as_json) as work:
        required_endpoint(work.settings)
        endpoints = observe_endpoints(work.door)
        wish = required_endpoint(work.reread())
        rotation = read_rotation(wish, endpoints)
        seen = None if rotation.stage is not Stage.OVERLAP or now else _seen(work, wish, rotation.new)
        if rotation.stage is Stage.OVERLAP and not now and seen is None:
            _wait(work)
        if secret_command is None:
            require_secret_will_win(work.settings)
        work.confirm(mode, confirm, yes)
        sink = secret_sink(work.run, work.settings, secret_command)
        sink.check()
        held = held_secrets(work.reread())
        if rotation.stage in (Stage.BEGIN, Stage.HAND_OVER):
            _begun(work, begin(work.door, wish, rotation, sink, held))
        finish(work.door, rotation, sink, held)
        _finished(work, None if rotation.new is None else rotation.new.id, seen)


def _seen(work: StripeSession, wish: DesiredEndpoint, new: EndpointState | None) -> str | None:
    from creditctl.provisioning.rotate import delivered_since

    return None if new is None else delivered_since(work.door, wish, new.created)


def _begun(work: StripeSession, endpoint_id: str) -> None:
    def human(console: Console) -> None:
        console.print(f"Both secrets are in place; {endpoint_id} delivers beside the old endpoint.")
        console.print("Next: restart the backend with the new settings, then `creditctl webhooks rotate` again.")

    work.run.finish({"stage": "overlap", "endpoint": endpoint_id}, human=human)


def _wait(work: StripeSession) -> None:
    finding = Finding(
        "rotation.waiting",
        Severity.MEDIUM,
        "rotation",
        "No event has reached the new endpoint yet, so nothing proves that the backend holds the new secret.",
        "Run `creditctl webhooks probe`, wait for a purchase, then run rotate again; --now does not wait.",
    )

    def human(console: Console) -> None:
        console.print(finding.message)
        console.print(finding.fix)

    work.run.finish({"stage": "overlap"}, human=human, findings=[finding], exit_code=ExitCode.FINDINGS)


def _finished(work: StripeSession, endpoint_id: str | None, seen: str | None) -> None:
    def human(console: Console) -> None:
        proof = f" ({seen} was delivered to it)" if seen else ""
        console.print(f"The old endpoint and its secret are retired; {endpoint_id} stays{proof}.")
        console.print("Next: `creditctl webhooks probe`")

    work.run.finish({"stage": "done", "endpoint": endpoint_id, "event": seen}, human=human)
