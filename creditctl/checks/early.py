"""Early facts: what backend and storefront answer, asked before Stripe and the books are opened."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from creditctl.checks.check import Check
from creditctl.checks.context import BACKENDS_ANSWERS, Context, DeliverProbe, backend_diagnosis
from creditctl.checks.env.rules.urls import url_fault
from creditctl.checks.facts import Facts
from creditctl.checks.probe import Probe
from creditctl.checks.production.storefront import usual_pages
from creditctl.core.settings import Settings

_OF_BACKEND = frozenset({"backend", "verification", "secret", "clock", "backend_probe"})
_OF_STOREFRONT = frozenset({"frontend", "frontend_url", "success_page"})
_OF_WEBHOOK = frozenset({"public_webhook"})
"""Names of checks. One that is left out here is answered all the same, only later."""


def begin_early(
    checks: Iterable[Check[Context]], settings: Settings, *, probe: Probe, deliver_probe: DeliverProbe
) -> Facts:
    """Begins to read what the checks will ask of backend and storefront; nothing that none of them asks for."""
    facts, names = Facts(), {check.name for check in checks}
    if names & _OF_BACKEND:
        facts.begin(BACKENDS_ANSWERS, lambda: backend_diagnosis(settings, deliver_probe))
    frontend, webhook = settings.text("FRONTEND_URL"), settings.webhook_url
    pages = usual_pages(frontend) if frontend and not url_fault(frontend) and names & _OF_STOREFRONT else []
    if webhook and not url_fault(webhook) and names & _OF_WEBHOOK:
        pages.append(webhook)
    for url in pages:
        facts.begin(url, partial(probe, url))
    return facts
