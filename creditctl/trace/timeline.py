"""One time line of what Stripe did, which events it sent, what we logged of them and what the ledger posted. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from creditctl.core.catalog import Catalog
from creditctl.core.findings import Finding, Severity
from creditctl.core.money import format_amount
from creditctl.core.when import iso_time
from creditctl.events.event_view import EventView
from creditctl.trace.facts import Body, PaymentFacts, TraceFacts
from creditctl.trace.missing_link import Diagnosis, Missing, diagnose

_ORDER = {"stripe": 0, "event": 1, "delivery": 2, "finding": 2, "ledger": 2, "missing": 3}
"""What comes first within a second: the cause before what it leads to; an entry follows the delivery that wrote it."""

_AFTER_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, or with the source `missing` one that did not.

    Shape: `source` is stripe, event, delivery, finding, ledger or missing; `credits` and `balance` of entries only;
           `place` orders what we logged within one second.
    Units: `at` in Unix seconds; Stripe's time for what Stripe did, ours for what we logged.
    """

    at: int
    source: str
    text: str
    subject: str | None = None
    credits: int | None = None
    balance: int | None = None
    place: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The line as a JSON document shows it."""
        return {
            "at": iso_time(self.at),
            "source": self.source,
            "text": self.text,
            "subject": self.subject,
            "credits": self.credits,
            "balance": self.balance,
        }


@dataclass(frozen=True, slots=True)
class PaymentTrace:
    """The time line of one payment and its judgement."""

    key: str
    lines: tuple[Line, ...]
    diagnosis: Diagnosis

    def as_dict(self) -> dict[str, Any]:
        """The trace as a JSON document shows it."""
        missing = self.diagnosis.missing
        return {
            "payment_key": self.key,
            "lines": [line.as_dict() for line in self.lines],
            "missing": None
            if missing is None
            else {"what": missing.what, "why": missing.why, "command": missing.command, "fault": missing.fault},
            "note": self.diagnosis.note,
        }

    def finding(self) -> Finding | None:
        """What is missing by somebody's fault, as a finding."""
        missing = self.diagnosis.missing
        if missing is None or not missing.fault:
            return None
        message = f"Missing: {missing.what}: {missing.why}."
        return Finding("trace.missing", Severity.HIGH, self.key, message, f"`{missing.command}`")


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything about a subject. Shape: `unseen` is what could not be looked at; `away` that Stripe was silent."""

    subject: str
    payments: tuple[PaymentTrace, ...]
    unseen: tuple[str, ...]
    away: bool

    def as_dict(self) -> dict[str, Any]:
        """The report as a JSON document shows it."""
        return {
            "subject": self.subject,
            "payments": [payment.as_dict() for payment in self.payments],
            "unseen": list(self.unseen),
        }

    def findings(self) -> list[Finding]:
        """What is missing, one finding a payment."""
        return [finding for payment in self.payments if (finding := payment.finding()) is not None]


def build_trace(facts: TraceFacts, catalog: Catalog) -> Trace:
    """The trace of everything that was read."""
    payments = tuple(_payment_trace(payment, catalog) for payment in facts.payments)
    ordered = sorted(payments, key=lambda payment: payment.lines[0].at if payment.lines else 0)
    return Trace(facts.subject, tuple(ordered), facts.unseen, facts.away)


def _payment_trace(payment: PaymentFacts, catalog: Catalog) -> PaymentTrace:
    diagnosis = diagnose(payment, catalog)
    lines = sorted(_lines(payment), key=lambda line: (line.at, _ORDER[line.source], line.place))
    return PaymentTrace(payment.key, tuple(_marked(lines, diagnosis.missing)), diagnosis)


def _marked(lines: list[Line], missing: Missing | None) -> list[Line]:
    """The lines with the missing thing in its place: after all that happened until then."""
    if missing is None:
        return lines
    mark = Line(missing.at, "missing", f"{missing.what}: {missing.why}")
    place = sum(line.at <= missing.at for line in lines)
    return [*lines[:place], mark, *lines[place:]]


def _lines(payment: PaymentFacts) -> Iterator[Line]:
    yield from _stripe_lines(payment)
    for record in payment.events:
        view = EventView(record)
        yield Line(record.created, "event", f"{record.type} {record.id}{_pending(view.pending)}", record.id)
    yield from _delivery_lines(payment)
    for found in payment.findings:
        text = f"{found.id} {found.finding.code} ({found.status})"
        yield Line(found.recorded, "finding", text, str(found.id), place=_AFTER_ALL)
    yield from _entry_lines(payment)


def _pending(count: int | None) -> str:
    if not count:
        return ""
    return f", {count} {'endpoint has' if count == 1 else 'endpoints have'} not accepted it"


def _delivery_lines(payment: PaymentFacts) -> Iterator[Line]:
    types = {record.id: record.type for record in payment.events}
    for place, each in enumerate(sorted(payment.deliveries, key=lambda delivery: delivery.id)):
        reason = f" ({each.reason})" if each.reason else ""
        text = f"{types.get(each.event_id or '', 'event')} {each.event_id}: {each.outcome}{reason}"
        yield Line(each.received, "delivery", text, each.event_id, place=2 * place)


def _entry_lines(payment: PaymentFacts) -> Iterator[Line]:
    ordered = sorted(payment.deliveries, key=lambda delivery: delivery.id, reverse=True)
    places = {each.event_id: 2 * (len(ordered) - 1 - place) + 1 for place, each in enumerate(ordered)}
    for entry in payment.entries:
        after = payment.balances.get(entry.id)
        text = f"entry {entry.id}: {entry.kind} of {entry.credits:+,} credits for user {entry.user_id}"
        place = places.get(entry.source_event, _AFTER_ALL)
        yield Line(entry.recorded, "ledger", text, str(entry.id), entry.credits, after, place)


def _stripe_lines(payment: PaymentFacts) -> Iterator[Line]:
    if payment.session is not None:
        yield _session_line(payment.session)
    charge = payment.charge
    if charge is not None:
        text = f"charge {charge['id']} {charge.get('status')}: {_amount(charge)}"
        yield Line(int(charge["created"]), "stripe", text, str(charge["id"]))
    elif payment.intent is not None:
        text = f"payment intent {payment.key} {payment.intent.get('status')}: {_amount(payment.intent)}"
        yield Line(int(payment.intent["created"]), "stripe", text, payment.key)
    for body in (*payment.refunds, *payment.disputes):
        text = f"{body['object']} {body['id']} {body.get('status')}: {_amount(body)}"
        yield Line(int(body["created"]), "stripe", text, str(body["id"]))


def _session_line(session: Body) -> Line:
    user = session.get("client_reference_id") or (session.get("metadata") or {}).get("user_id") or "nobody named"
    package = (session.get("metadata") or {}).get("package") or "no package named"
    state = f"now {session.get('status')}, {session.get('payment_status')}"
    total = session.get("amount_total")
    amount = _amount({"amount": total, "currency": session.get("currency")})
    text = f"session {session['id']} opened for user {user}: {package}, {amount} ({state})"
    return Line(int(session["created"]), "stripe", text, str(session["id"]))


def _amount(body: Body) -> str:
    amount, currency = body.get("amount"), body.get("currency")
    return format_amount(amount, currency) if isinstance(amount, int) and isinstance(currency, str) else "no amount"
