"""Question before a signing secret is given up that somebody may hold: it names what stops working."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.core.errors import GuardRefused

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.provisioning.planning.steps import Plan


def confirm_given_up(session: Session, plan: Plan) -> None:
    """Says which endpoints go with their secrets, and asks, in every mode. Errors: GuardRefused naming --yes."""
    lost = {step.id: step.subject for step in plan.given_up}
    if not lost:
        return
    named = ", ".join(f"{endpoint_id} ({url})" for endpoint_id, url in lost.items())
    told = (
        f"This gives up {named}: whatever was not delivered by it yet stays undelivered, and a backend that holds its "
        "signing secret refuses the new one's deliveries until it has the new secret."
    )
    if session.ask is None and not session.options.yes:
        raise GuardRefused(
            f"{told} Nobody is there to be asked.",
            code="guard.yes",
            fix="If that is meant, the same command with --yes does it.",
        )
    session.say(told)
    if not session.agreed("Give it up? [y/N] "):
        raise GuardRefused("Nothing was changed.", code="guard.declined", fix="Run it again when you are ready.")
