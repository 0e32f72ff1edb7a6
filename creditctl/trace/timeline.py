"""Time line of a payment: what Stripe did, its events, what we logged of them, what the ledger posted. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.entitlement.owner import users_of
from creditctl.core.findings import Finding, Severity
from creditctl.core.money import format_amount
from creditctl.core.when import iso_time
from creditctl.events.event_view import EventView
from creditctl.payments.facts import IntentFacts
from creditctl.payments.judgement.judge import judge
from creditctl.payments.judgement.over import over_by_judgement
from creditctl.payments.verdict import JudgementContext, Verdict
from creditctl.trace.facts import TracedPayment, TraceFacts
from creditctl.trace.missing_link import Diagnosis, Missing, diagnose

_ORDER = {"stripe": 0, "event": 1, "delivery": 2, "finding": 2, "ledger": 2, "application": 2, "missing": 3}
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
    """The time line of one payment and what it lacks. Shape: `verdict` is None where a side could not be seen."""

    key: str
    lines: tuple[Line, ...]
    verdict: Verdict | None
    diagnosis: Diagnosis

    def as_dict(self) -> dict[str, Any]:
        """The trace as a JSON document shows it."""
        missing = self.diagnosis.missing
        return {
            "payment_key": self.key,
            "verdict": None if self.verdict is None else str(self.verdict.state),
            "due": [
                {"kind": str(draft.kind), "user_id": draft.user_id, "credits": draft.credits}
                for draft in (() if self.verdict is None else self.verdict.drafts)
            ],
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
        fix = missing.command if "`" in missing.command else f"`{missing.command}`"
        return Finding("trace.missing", Severity.HIGH, self.key, message, fix)


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


def build_trace(facts: TraceFacts, context: JudgementContext) -> Trace:
    """The trace of everything that was read, judged by a context."""
    payments = tuple(_payment_trace(payment, context) for payment in facts.payments)
    ordered = sorted(payments, key=lambda payment: payment.lines[0].at if payment.lines else 0)
    return Trace(facts.subject, tuple(ordered), facts.unseen, facts.away)


def _payment_trace(payment: TracedPayment, context: JudgementContext) -> PaymentTrace:
    verdict = judge(payment.case, context)
    seen = verdict if payment.both_sides_seen else None
    diagnosis = diagnose(payment, verdict)
    over = over_by_judgement(payment.findings, [(payment.case, verdict)]) if payment.both_sides_seen else frozenset()
    lines = sorted(
        _lines(payment, over, context.catalog.user), key=lambda line: (line.at, _ORDER[line.source], line.place)
    )
    return PaymentTrace(payment.key, tuple(_marked(lines, diagnosis.missing)), seen, diagnosis)


def _marked(lines: list[Line], missing: Missing | None) -> list[Line]:
    """The lines with the missing thing in its place: after all that happened until then."""
    if missing is None:
        return lines
    mark = Line(missing.at, "missing", f"{missing.what}: {missing.why}")
    place = sum(line.at <= missing.at for line in lines)
    return [*lines[:place], mark, *lines[place:]]


def _lines(payment: TracedPayment, over: frozenset[int], places: Sequence[str]) -> Iterator[Line]:
    yield from _stripe_lines(payment, places)
    for record in payment.events:
        view = EventView(record)
        yield Line(record.created, "event", f"{record.type} {record.id}{_pending(view.pending)}", record.id)
    yield from _delivery_lines(payment)
    for found in payment.findings:
        status = f"{found.status}, but over" if found.id in over else found.status
        text = f"{found.id} {found.finding.code} ({status})"
        yield Line(found.recorded, "finding", text, str(found.id), place=_AFTER_ALL)
    yield from _entry_lines(payment)


def _pending(count: int | None) -> str:
    if not count:
        return ""
    return f", {count} {'endpoint has' if count == 1 else 'endpoints have'} not accepted it"


def _delivery_lines(payment: TracedPayment) -> Iterator[Line]:
    types = {record.id: record.type for record in payment.events}
    for place, each in enumerate(sorted(payment.deliveries, key=lambda delivery: delivery.id)):
        reason = f" ({each.reason})" if each.reason else ""
        text = f"{types.get(each.event_id or '', 'event')} {each.event_id}: {each.outcome}{reason}"
        yield Line(each.received, "delivery", text, each.event_id, place=2 * place)


def _entry_lines(payment: TracedPayment) -> Iterator[Line]:
    ordered = sorted(payment.deliveries, key=lambda delivery: delivery.id, reverse=True)
    places = {each.event_id: 2 * (len(ordered) - 1 - place) + 1 for place, each in enumerate(ordered)}
    for entry in payment.entries:
        after = payment.balances.get(entry.id)
        text = f"{payment.case.books.named(entry)}: {entry.kind} of {entry.credits:+,} credits for user {entry.user_id}"
        place = places.get(entry.source_event, _AFTER_ALL)
        side = "application" if payment.case.books.external else "ledger"
        yield Line(entry.recorded, side, text, entry.name, entry.credits, after, place)


def _stripe_lines(payment: TracedPayment, places: Sequence[str]) -> Iterator[Line]:
    case = payment.case
    if case.sold is not None:
        yield _session_line(case.sold.session, places)
    if case.intent is not None:
        yield _money_line(case.intent)
    for fact in case.facts:
        text = f"{fact.kind} {fact.object_id} {fact.status}: {_amount(fact.amount, fact.currency)}"
        yield Line(fact.created, "stripe", text, fact.object_id)


def _session_line(session: SessionFacts, places: Sequence[str]) -> Line:
    user = " and ".join(users_of(session, places)) or "nobody named"
    package = session.metadata.get("package") or "no package named"
    state = f"now {session.status}, {session.payment_status}"
    amount = _amount(session.amount_total, session.currency)
    text = f"session {session.id} opened for user {user}: {package}, {amount} ({state})"
    return Line(session.created, "stripe", text, session.id)


def _money_line(intent: IntentFacts) -> Line:
    """The charge of a payment intent; where there is none yet, the intent."""
    charge = intent.charge
    if charge is None:
        text = f"payment intent {intent.id} {intent.status}: {_amount(intent.amount, intent.currency)}"
        return Line(intent.created, "stripe", text, intent.id)
    text = f"charge {charge.id} {charge.status}: {_amount(charge.amount, charge.currency)}"
    return Line(charge.created, "stripe", text, charge.id)


def _amount(amount: int | None, currency: str | None) -> str:
    return format_amount(amount, currency) if amount is not None and currency else "no amount"
