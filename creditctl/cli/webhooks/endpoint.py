"""Desired webhook endpoint of the `webhooks` commands: the one that the settings ask for, or a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError

if TYPE_CHECKING:
    from creditctl.core.settings import Settings
    from creditctl.provisioning.state import DesiredEndpoint


def required_endpoint(settings: Settings, *, trust: bool = False) -> DesiredEndpoint:
    """The endpoint that the settings ask for. Errors: ConfigurationError where they ask for none."""
    import stripe

    from creditctl.provisioning.desired_state import desired_endpoint

    desired = desired_endpoint(settings, api_version=stripe.api_version, trust_fingerprint=trust)
    if desired is None:
        raise ConfigurationError(
            "There is no URL to deliver webhooks to: CREDITS_API_URL is not set, or local.",
            code="webhooks.no_url",
            fix="Set CREDITS_API_URL to the backend's public URL; "
            "for local work, `creditctl events listen` forwards events.",
        )
    return desired
