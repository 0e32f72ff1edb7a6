"""Sending of webhook probes to the backend, and whether they prove that it holds a secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from creditctl.core.checks import CheckStatus
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from creditctl.cli.command import Session
    from creditctl.core.checks import CheckResult
    from creditctl.core.keys import Secret
    from creditctl.provisioning.probing.responses import ProbeResponses

USUAL_SECONDS = 10.0
"""How long an answer may take, unless the operator says otherwise."""


def send_probes(
    session: Session, url: str, secrets: Sequence[Secret], *, timeout_seconds: float = USUAL_SECONDS
) -> ProbeResponses:
    """Sends a whole probe: what has to be refused and, for each secret, an inert signed delivery."""
    import stripe

    from creditctl.provisioning.probing.send import send_probes as send

    settings = session.settings
    livemode = settings.mode is Mode.LIVE
    with session.wiring.http_client(url, timeout_seconds=timeout_seconds) as client:
        return send(
            client, url, secrets, session.wiring.clock(), livemode=livemode, api_version=str(stripe.api_version)
        )


def holds_secret(results: Sequence[CheckResult]) -> bool:
    """Whether the backend accepted a delivery for each secret that was tried, and refused a forged one."""
    signed = [result.status for result in results if result.id == "probe.signed"]
    forged = [result.status for result in results if result.id == "probe.forged"]
    return bool(signed) and {*signed, *forged} == {CheckStatus.PASS}
