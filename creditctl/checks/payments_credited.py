"""Check of the latest payments: each has its credits, and its refunds and disputes have taken theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from creditctl.checks.answers import CheckAnswer, failed, passed, warned
from creditctl.checks.context import Context
from creditctl.core.findings import Severity
from creditctl.core.text import plural
from creditctl.payments.facts import Unreadable
from creditctl.payments.verdict import PaymentState

_MOST_NAMED = 5


def every_payment_credited(context: Context) -> CheckAnswer:
    """Every one of the latest payments has its credits, and its refunds and disputes have taken theirs."""
    _ = context.required_ledger  # without a ledger nothing can be said
    if context.latest.unreadable:
        return _not_understood(context.latest.unreadable)
    findings = [found.finding for payment in context.judged for found in payment.verdict.found]
    wrong = [finding for finding in findings if finding.severity is not Severity.INFO]
    if not wrong:
        return passed(_credited_words(context))
    names = ", ".join(f"{each.subject} ({each.code.rpartition('.')[2]})" for each in wrong[:_MOST_NAMED])
    more = " …" if len(wrong) > _MOST_NAMED else ""
    text = f"Of {_looked_at(context)}, these are not as they should be: {names}{more}."
    fix = "`creditctl reconcile` shows what is owed and `creditctl reconcile --repair` credits it."
    severe = any(finding.severity.rank <= Severity.HIGH.rank for finding in wrong)
    return failed(text, fix) if severe else warned(text, fix)


def _not_understood(unreadable: Sequence[Unreadable]) -> CheckAnswer:
    names = ", ".join(f"{each.id} ({each.reason})" for each in unreadable[:_MOST_NAMED])
    fix = "`creditctl reconcile` names each. Please report it: this version of creditctl does not know such objects."
    return failed(f"{len(unreadable)} of Stripe's latest objects could not be understood: {names}.", fix)


def _looked_at(context: Context) -> str:
    latest = context.latest
    asked = len(latest.payments) - latest.sessions
    unasked = f" ({latest.unasked:,} more were not looked at)" if latest.unasked else ""
    beside = f" and {plural(asked, 'payment')} that none of them names{unasked}" if asked else ""
    return f"the latest {plural(latest.sessions, 'finished Checkout session')}{beside}"


def _credited_words(context: Context) -> str:
    """What was looked at, and no more."""
    count = Counter(payment.verdict.state for payment in context.judged)
    ours, coming = count[PaymentState.CREDITED] + count[PaymentState.SETTLED], count[PaymentState.IN_FLIGHT]
    looked_at = _looked_at(context)
    if not context.latest.payments:
        return "Stripe lists no finished Checkout session, and the ledger no payment: nothing is owed."
    if not ours and not coming:
        return f"Of {looked_at}, none was paid for a package of ours: nothing is owed."
    if not ours:
        return f"No payment is old enough yet to be missed: of {looked_at}, {coming} may still be on their way."
    way = f"; {coming} more may still be on their way" if coming else ""
    return f"Of {looked_at}, {plural(ours, 'payment')} of ours stand in the ledger as they should{way}."
