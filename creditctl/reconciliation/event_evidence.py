"""Event evidence of missing credits: what became of the event that should have brought them, as a sentence.

Objects are the truth, events only say why: whether Stripe still delivers, whether nobody waits for it, or whether it
was never made. Nothing is judged by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from creditctl.core.entitlement.fields import id_of
from creditctl.core.errors import ConfigurationError, StripeRefused
from creditctl.core.text import plural
from creditctl.payments.event_types import PAID_TYPES
from creditctl.payments.finding_codes import PREFIX
from creditctl.payments.reading.stripe_reader import EVENTS, StripeReader
from creditctl.payments.repair import Repair
from creditctl.reconciliation.open_findings import OpenFinding
from creditctl.reconciliation.redelivery.plan import RETENTION_SECONDS
from creditctl.reconciliation.report import ReconcileReport

MOST_ASKED = 10
"""Of so many missing payments the event is looked for; it is one request each."""

_BEFORE_SECONDS, _AFTER_SECONDS = 300, 3600
_MISSING = frozenset((f"{PREFIX}missing_credit", f"{PREFIX}pending_not_completed"))


def with_event_evidence(report: ReconcileReport, stripe: StripeReader) -> ReconcileReport:
    """The report, with what became of the events of payments that lack their credits.

    Shape:  as it was where the key may not read events; only of payments that a repair would credit.
    Errors: Unreachable where Stripe does not answer.
    """
    wanted = {each.payment_key: each for each in report.repairs if each.purchase is not None}
    asked = [each for each in report.findings if each.code in _MISSING and each.subject in wanted][:MOST_ASKED]
    told: dict[str, OpenFinding] = {}
    try:
        for each in asked:
            told[each.subject] = _told(each, wanted[each.subject], stripe, report.terms.now)
    except (ConfigurationError, StripeRefused):
        return report  # a restricted key may lack the permission; what was found is true without it
    found = (told.get(each.subject, each) if each.code in _MISSING else each for each in report.findings)
    return replace(report, findings=tuple(found))


def _told(finding: OpenFinding, repair: Repair, stripe: StripeReader, now: int) -> OpenFinding:
    assert repair.purchase is not None
    paid = repair.purchase.created
    if now - paid > RETENTION_SECONDS:
        return _with(finding, "Its event is older than the 30 days that Stripe lists: only the archive may have it.")
    bounds = {"gte": paid - _BEFORE_SECONDS, "lt": paid + _AFTER_SECONDS}
    events = stripe.list(EVENTS, {"types": sorted(PAID_TYPES), "created": bounds})
    names = {repair.payment_key, repair.purchase.session_id, *repair.names}
    event = next((each for each in events if _is_about(each, names)), None)
    if event is None:
        return _with(finding, "Stripe lists no event of it from the hour after its payment: perhaps none was made.")
    name, pending = str(event.get("id")), event.get("pending_webhooks")
    return _with(finding, _state(name, pending if isinstance(pending, int) else 0), name)


def _state(name: str, pending: int) -> str:
    """Source: Stripe API reference, "The Event object": `pending_webhooks` counts endpoints that have not taken it."""
    if pending:
        return f"Its event {name} was not taken by {plural(pending, 'endpoint')} yet."
    return f"Its event {name} waits for no endpoint: none is there for it, or one took it and booked nothing."


def _is_about(event: Mapping[str, Any], names: set[str | None]) -> bool:
    """Whether the session of an event is one of a payment's names, or names it."""
    about = event.get("data", {}).get("object", {})
    if about.get("payment_status") not in ("paid", "no_payment_required"):
        return False
    return about.get("id") in names or (id_of(about.get("payment_intent")) or "") in names


def _with(finding: OpenFinding, sentence: str, *evidence: str) -> OpenFinding:
    known = tuple(each for each in evidence if each not in finding.evidence)
    return replace(finding, message=f"{finding.message} {sentence}", evidence=(*finding.evidence, *known))
