"""Check of the latest payments: each has its credits, and its refunds and disputes have taken theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

from creditctl.checks.answers import CheckAnswer, failed, passed, warned
from creditctl.checks.context import Context
from creditctl.core.findings import Severity
from creditctl.core.text import plural
from creditctl.payments.facts import Unreadable
from creditctl.payments.latest import JudgedPayment
from creditctl.payments.verdict import PaymentState

_MOST_NAMED = 5
_EVENTS_SECONDS = 30 * 86_400
"""How long Stripe lists events. Source: Stripe API reference, "List all events": up to 30 days back."""


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
    text = f"Of {_looked_at(context)}, these are not as they should be: {names}{more}. {wrong[0].message}"
    fix = _mend(context)
    severe = any(finding.severity.rank <= Severity.MEDIUM.rank for finding in wrong)
    return failed(text, fix) if severe else warned(text, fix)


def _mend(context: Context) -> str:
    """What to do about payments that are wrong; a replay cannot bring what Stripe has forgotten."""
    fix = "`creditctl reconcile` shows what is owed and `creditctl reconcile --repair` credits it."
    if context.keeper.books.external:
        fix = "`creditctl reconcile` shows what is owed; with `--todo todo.csv` it lists it for the application."
    oldest = min((each.session.created for each in context.judged if _is_wrong(each) and each.session), default=None)
    if oldest is not None and oldest < context.clock() - _EVENTS_SECONDS:
        return f"{fix} Some are older than thirty days: Stripe has no event of them left to replay."
    return fix


def _is_wrong(payment: JudgedPayment) -> bool:
    return any(found.finding.severity is not Severity.INFO for found in payment.verdict.found)


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
        return f"Stripe lists no finished Checkout session, and {_whose(context)} no payment: nothing is owed."
    waiting = _waiting_words(context)
    if not ours and not coming:
        return f"Of {looked_at}, none was paid for a package of ours: nothing is owed{waiting}."
    if not ours:
        return (
            f"No payment is old enough yet to be missed: of {looked_at}, {coming} may still be on their way{waiting}."
        )
    way = f"; {coming} more may still be on their way" if coming else ""
    stand = f"{plural(ours, 'payment')} of ours stand in {_whose(context)} as they should"
    return f"Of {looked_at}, {stand}{way}{waiting}."


def _whose(context: Context) -> str:
    """Who keeps the entries."""
    return "the application" if context.keeper.books.external else "the ledger"


def _waiting_words(context: Context) -> str:
    """Sessions that were finished and not paid yet: a bank's confirmation, which may take days, is still to come."""
    unpaid = [
        each.session.id
        for each in context.judged
        if each.verdict.state is PaymentState.WAITING and each.session is not None and each.session.status == "complete"
    ]
    return (
        f"; {len(unpaid)} wait for the bank's confirmation (payment_status unpaid), {unpaid[0]} first" if unpaid else ""
    )


def sessions_say_what_they_sell(context: Context) -> CheckAnswer:
    """Sessions that come back to our storefront sell a package: by our marker, or by a price of the catalogue."""
    home = urlsplit(context.settings.text("FRONTEND_URL") or "")
    strange = [each for each in context.judged if _is_strange(each, home.netloc)]
    if not strange or not home.netloc:
        ours = sum(each.verdict.ours for each in context.judged)
        return passed(f"{plural(ours, 'payment')} of the latest are of ours; none else came back to FRONTEND_URL.")
    names = ", ".join(each.case.key for each in strange[:_MOST_NAMED])
    text = f"{plural(len(strange), 'paid session')} of our storefront ({names}) sold nothing that the packages name."
    fix = (
        "Make sessions with our metadata (managed_by, package, credits, user_id) or with a price of the catalogue; a "
        "price of the application's own goes into creditctl.toml as `sold`."
    )
    if all(each.case.purchases for each in strange):
        return warned(f"{text} They were credited all the same.", fix)
    return failed(text, fix)


def _is_strange(payment: JudgedPayment, home: str) -> bool:
    sold, session = payment.case.sold, payment.session
    if sold is None or session is None or not home or payment.verdict.state is not PaymentState.NOT_OURS:
        return False
    return session.payment_status == "paid" and urlsplit(sold.success_url or "").netloc == home
