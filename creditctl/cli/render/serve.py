"""Announcement of `creditctl serve` when it is ready: one document with --json, lines on stderr for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.output import document, write_json
from creditctl.core.errors import ExitCode
from creditctl.core.modes import Mode

if TYPE_CHECKING:
    from pathlib import Path

    from creditctl.backend.dependencies import Dependencies
    from creditctl.cli.output import Conversation


def announce(said: Conversation, services: Dependencies, ledger: Path, url: str) -> None:
    """Says that it is ready, on stdout with --json and on stderr for people."""
    report = {
        "url": url,
        "webhook_url": url + services.webhook_path,
        "storefront_url": f"{url}/credits",
        "frontend_url": services.frontend_url,
        "ledger": str(ledger),
    }
    if said.as_json:
        body = document(said.command, mode=services.mode, exit_code=ExitCode.OK, report=report)
        write_json(said.wiring.stdout, body)
    said.say(f"Credit backend in {services.mode} mode: {url}")
    said.say(f"  storefront  {report['storefront_url']}")
    said.say(f"  webhook     {report['webhook_url']}")
    said.say(f"  API         {url}/docs")
    said.say(f"  ledger      {report['ledger']}")
    if services.mode is Mode.LIVE and not services.trust_user_header:
        said.say("Nobody can buy here: --trust-user-header is needed for that. Webhooks are taken.")
    said.say("Next: `creditctl events listen` brings Stripe's events here where Stripe cannot reach this machine.")
    said.say("Ctrl-C stops it.")
