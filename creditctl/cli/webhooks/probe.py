"""`creditctl webhooks probe`: inert deliveries to the backend's webhook, and what its answers prove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, Session, command
from creditctl.cli.webhooks.endpoint import required_endpoint
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from creditctl.provisioning.probing.responses import ProbeResponses

_MOST_SECONDS = 120.0


@command(webhook=True)
def probe(
    session: Session,
    answers_first: Annotated[
        bool,
        typer.Option(
            "--answers-first", help="The backend queues deliveries and verifies them later; it answers 2xx to all."
        ),
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds for each answer.", min=0.1, max=_MOST_SECONDS)
    ] = 10.0,
) -> Answer:
    """Send the backend inert deliveries (unsigned, forged, stale, rightly signed), and name what its answers prove.

    Nothing that is sent can grant credits. Where the signed one is refused, other layouts of the same event tell a
    changed body from another secret.
    """
    from creditctl.cli.render.webhooks import probe_answer

    url = session.settings.webhook_url or required_endpoint(session.settings).url
    return probe_answer(url, _probed(session, url, timeout), answers_first=answers_first)


def _probed(session: Session, url: str, timeout_seconds: float) -> ProbeResponses:
    import httpx
    import stripe

    from creditctl.provisioning.probing.send import send_probes

    settings = session.settings
    with httpx.Client(timeout=timeout_seconds, trust_env=not settings.webhook_url_is_local) as client:
        return send_probes(
            client,
            url,
            settings.webhook_secrets,
            session.wiring.clock(),
            livemode=settings.mode is Mode.LIVE,
            api_version=stripe.api_version,
        )
