"""`creditctl webhooks probe`: inert deliveries to the backend's webhook, and what its answers prove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.cli.command import Answer, Session, StripeUse, Writes, command
from creditctl.cli.webhooks.endpoint import required_endpoint
from creditctl.cli.webhooks.probing import USUAL_SECONDS, send_probes

if TYPE_CHECKING:
    from creditctl.core.checks import CheckResult

_MOST_SECONDS = 120.0


@command(stripe=StripeUse.OPTIONAL, writes=Writes.STRIPE, webhook=True)
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
    ] = USUAL_SECONDS,
) -> Answer:
    """Send the backend inert deliveries (unsigned, forged, stale, rightly signed), and name what its answers prove.

    Nothing that is sent can grant credits. Where the signed one is refused, other layouts of the same event tell a
    changed body from another secret. Where it is unproven whose secret the signed one's is, the proof is kept on the
    endpoint: run it, and again after the next event was delivered.
    """
    from creditctl.cli.render.webhooks import probe_answer
    from creditctl.provisioning.probing.results import probe_results

    url = session.settings.webhook_url or required_endpoint(session.settings).url
    responses = send_probes(session, url, session.settings.webhook_secrets, timeout_seconds=timeout)
    whose = _whose_secret(session, url, probe_results(responses, answers_first=answers_first))
    return probe_answer(url, responses, answers_first=answers_first, more=whose)


def _whose_secret(session: Session, url: str, results: list[CheckResult]) -> list[CheckResult]:
    """What Stripe shows of the endpoint's secret; a key that may not look leaves the probe as it is."""
    import stripe

    from creditctl.cli.webhooks.proving import judge_secret
    from creditctl.core.errors import CreditctlError
    from creditctl.provisioning.observe import observe_endpoints

    try:
        endpoints = observe_endpoints(session.stripe)
    except (CreditctlError, stripe.StripeError):
        return []
    return judge_secret(session, url, endpoints, results)
