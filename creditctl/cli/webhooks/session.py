"""What the `webhooks` commands share: a run with its door, and the endpoint that the settings ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from creditctl.cli.guard import asker, confirm_changes
from creditctl.cli.output import Run, start
from creditctl.core.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from creditctl.core.modes import Mode
    from creditctl.core.settings import Settings
    from creditctl.provisioning.state import DesiredEndpoint
    from creditctl.stripe_api.client import StripeConnection


@dataclass(frozen=True)
class StripeSession:
    """One run of a command that talks to Stripe, with its settings and door."""

    run: Run
    settings: Settings
    door: StripeConnection
    env_file: Path | None = None

    def reread(self) -> Settings:
        """The settings as they stand now: after a look at Stripe, for a run at the same time may have stored a secret.

        Shape: it stores the secret before it marks the endpoint, so each mark that was seen is one of a secret here.
        """
        return self.run.wiring.settings(self.env_file)

    def confirm(self, mode: Mode | None, confirm: str | None, yes: bool) -> None:
        """Asks, or refuses, before anything is changed."""
        ask = asker(self.run, yes=yes)
        confirm_changes(self.door, expected=mode, confirm=confirm, yes=yes, ask=ask)


@contextmanager
def open_stripe_session(
    ctx: typer.Context, env_file: Path | None, mode: Mode | None, as_json: bool
) -> Iterator[StripeSession]:
    """The run, settings and door of the command that is being called; closed afterwards."""
    run = start(ctx, as_json=as_json)
    settings = run.wiring.settings(env_file, mode)
    with run.wiring.stripe(settings) as door:
        yield StripeSession(run, settings, door, env_file)


def required_endpoint(settings: Settings, *, trust: bool = False) -> DesiredEndpoint:
    """The endpoint that the settings ask for. Errors: ConfigurationError where they ask for none."""
    import stripe

    from creditctl.provisioning.desired_state import desired_endpoint

    wish = desired_endpoint(settings, api_version=stripe.api_version, trust_fingerprint=trust)
    if wish is None:
        raise ConfigurationError(
            "There is no URL to deliver webhooks to: CREDITS_API_URL is not set, or local.",
            code="webhooks.no_url",
            fix="Set CREDITS_API_URL to the backend's public URL; "
            "for local work, `creditctl events listen` forwards events.",
        )
    return wish
