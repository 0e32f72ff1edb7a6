"""`creditctl webhooks probe`: an unsigned, a forged and an inert signed delivery to the backend's webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.command import Answer, Session, command
from creditctl.cli.webhooks.endpoint import required_endpoint
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from creditctl.core.checks import CheckResult


@command(webhook=True)
def probe(session: Session) -> Answer:
    """Send the backend an unsigned, a forged and an inert, correctly signed delivery, and say what that proves."""
    from creditctl.cli.render.webhooks import probe_answer

    url = session.settings.webhook_url or required_endpoint(session.settings).url
    return probe_answer(url, _probed(session, url))


def _probed(session: Session, url: str) -> list[CheckResult]:
    import httpx
    import stripe

    from creditctl.provisioning.probe import inert_event
    from creditctl.provisioning.probe import probe as send_probes

    settings, now = session.settings, session.wiring.clock()
    body = inert_event(now, livemode=settings.mode is Mode.LIVE, api_version=stripe.api_version)
    with httpx.Client(timeout=30, trust_env=not settings.webhook_url_is_local) as client:
        return send_probes(client, url, settings.webhook_secrets, body, now)
