"""Endpoint choice of the operator (--adopt, --move-endpoint, --rotate, --replace-endpoint), checked against Stripe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from creditctl.core.errors import UsageError
from creditctl.provisioning.state import DesiredEndpoint, EndpointState, same_url


@dataclass(frozen=True, slots=True)
class EndpointChoice:
    """What the operator chose about endpoints: adopt or move one by its id, rotate, or replace what is elsewhere."""

    adopt: str | None = None
    move: str | None = None
    rotate: bool = False
    replace: bool = False

    @property
    def needs_url(self) -> bool:
        """Whether it means nothing where no endpoint is wanted."""
        return self.move is not None or self.rotate or self.replace


NO_CHOICE = EndpointChoice()


def require_one_choice(choice: EndpointChoice) -> None:
    """Refuses choices that contradict each other. Errors: UsageError."""
    if sum((choice.move is not None, choice.rotate, choice.replace)) > 1:
        raise UsageError(
            "--move-endpoint, --rotate and --replace-endpoint are three ways; only one can be gone.",
            code="setup.endpoint_choice",
            fix="Give one of them.",
        )


def require_movable(choice: EndpointChoice, desired: DesiredEndpoint, endpoints: Sequence[EndpointState]) -> None:
    """Refuses to move what is not ours, what is in rotation, or to where another endpoint of ours is.

    Shape:  one that is at the URL already is no mistake: an earlier run moved it.
    Errors: UsageError.
    """
    if choice.move is None:
        return
    found = next((endpoint for endpoint in endpoints if endpoint.id == choice.move), None)
    if found is None or not found.ours:
        raise _cannot_move(f"There is no endpoint {choice.move} of creditctl in this account.")
    if same_url(found.url, desired.url):
        return
    if any(endpoint.ours and same_url(endpoint.url, desired.url) for endpoint in endpoints):
        raise _cannot_move(f"Another endpoint of creditctl delivers to {desired.url} already.")
    if found.rotation is not None or any(endpoint.rotation == found.id for endpoint in endpoints):
        raise _cannot_move(f"A rotation of {found.id} is under way; it has to be finished first.")


def _cannot_move(message: str) -> UsageError:
    return UsageError(
        message, code="setup.move_endpoint", fix="`creditctl webhooks list` shows the endpoints with their URLs."
    )
