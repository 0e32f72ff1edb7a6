"""`creditctl webhooks list`: the webhook endpoints of the account, and whether the secret we hold is their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditctl.cli.command import Answer, Session, StripeUse, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.provisioning.state import EndpointState


@command(stripe=StripeUse.REQUIRED, webhook=True)
def list_endpoints(session: Session) -> Answer:
    """Show every webhook endpoint of the account, and whether the secret we hold is its own."""
    from creditctl.cli.render.webhooks import list_answer
    from creditctl.provisioning.desired_state import held_secrets
    from creditctl.provisioning.observe import observe_endpoints

    seen = observe_endpoints(session.stripe)
    held = [secret.fingerprint for secret in held_secrets(session.read_settings())]
    return list_answer([_row(endpoint, held) for endpoint in seen])


def _row(endpoint: EndpointState, held: Sequence[str]) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "status": endpoint.status,
        "api_version": endpoint.api_version,
        "enabled_events": list(endpoint.enabled_events),
        "managed": endpoint.ours,
        "secret": whose_secret(endpoint, held),
        "rotation": endpoint.rotation,
    }


def whose_secret(endpoint: EndpointState, held: Sequence[str]) -> str:
    """Whether the endpoint's signing secret is one that we hold.

    Shape: `held`, `another`, `unproven`, `pending` where it was never handed over; `unknown` where it is not ours.
    """
    if not endpoint.ours:
        return "unknown"
    if endpoint.fingerprint is None:
        return str(endpoint.secret_state)
    return "held" if endpoint.fingerprint in held else "another"
