"""Production checklist of the set-up guide, item by item in its words: proven where a call can prove it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from creditctl.checks.answers import CheckAnswer, failed, passed, person, warned
from creditctl.checks.attest import attested
from creditctl.checks.backend_answers import backend_probed
from creditctl.checks.check import Check
from creditctl.checks.context import Context
from creditctl.checks.endpoint_answers import answer_of_probe, endpoint_in_order, secret_matches
from creditctl.checks.env.rules.urls import url_fault
from creditctl.checks.stripe_answers import clock_is_right, nothing_undelivered
from creditctl.core.catalog import Package
from creditctl.core.errors import ConfigurationError
from creditctl.core.findings import Finding, Severity
from creditctl.core.keys import KeyKind
from creditctl.core.modes import Mode
from creditctl.core.money import format_amount
from creditctl.core.urls import is_private_host
from creditctl.core.when import iso_time
from creditctl.ledger.models import RunRecord
from creditctl.payments.latest import JudgedPayment
from creditctl.payments.reading.stripe_reader import CHARGES, StripeReader
from creditctl.payments.verdict import PaymentState

RECEIPTS = "checklist.email_receipts"

ATTESTABLE = frozenset({RECEIPTS})
"""What a person may vouch for: nothing that a call could prove."""

_OLDEST_RUN_SECONDS = 7 * 86_400
_SET_FRONTEND = "Set it to the production storefront's URL, https://…"
_ACTIVATE = "Finish what the Dashboard asks for (Settings, Account details)."
_ATTEST = (
    "Look in the Dashboard (Settings, Customer emails) and into the buyer's mailbox, then: "
    "creditctl checklist attest email_receipts --by NAME --note WHAT_YOU_SAW"
)


def in_live(ask: Callable[[Context], CheckAnswer]) -> Callable[[Context], CheckAnswer]:
    """An item that only counts in live mode: what holds elsewhere is said, and does not count."""

    def judged(context: Context) -> CheckAnswer:
        answer = ask(context)
        if context.mode is Mode.LIVE or not answer.status.holds:
            return answer
        fix = "Run the checklist with the live settings: `creditctl checklist --mode live`."
        return failed(f"This is {context.mode_words}, where it holds: {answer.evidence}", fix)

    return judged


def live_keys(context: Context) -> CheckAnswer:
    """Backend and frontend use live keys, and Stripe agrees that they are."""
    if context.mode is not Mode.LIVE:
        fix = "Put the live keys (sk_live_… or rk_live_…, pk_live_…) into the production settings."
        return failed(f"This is {context.mode_words}: {_key_words(context)}.", fix)
    public = context.env.winning("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY")
    if public is not None and not public.value.startswith("pk_live_"):
        fix = "Put the pk_live_… key of the same account there."
        return failed(f"The frontend's key ({public.where}) is no live key.", fix)
    if not context.livemode:
        return failed("Stripe says that the key is not live (balance.livemode).", "Copy the live key again.")
    return passed("The key starts as a live one, and Stripe says livemode.")


def _key_words(context: Context) -> str:
    if context.mode is None:
        return "there is no usable key"
    return "requests go to this machine" if context.mode is Mode.EMULATOR else "the key is a test key"


def secret_key(context: Context) -> CheckAnswer:
    """STRIPE_SECRET_KEY holds a live key that Stripe takes, of the account that is meant."""
    try:
        key = context.settings.api_key
    except ConfigurationError as error:
        return failed(error.message, error.fix)
    source = context.settings.source("STRIPE_SECRET_KEY")
    if not key.livemode:
        return failed(f"STRIPE_SECRET_KEY (from {source}) is a test key.", "Replace it by the live key.")
    account = context.account
    evidence = f"Stripe takes the key (from {source}) for {account or 'an account that it may not read'}."
    if account is not None and not getattr(context.connection.account, "charges_enabled", False):
        return failed(f"{evidence} It may not take payments yet.", "Finish activating the account in the Dashboard.")
    if context.settings.account_id is None and account is not None:
        return warned(f"{evidence} Nothing pins it.", f"Set STRIPE_ACCOUNT_ID={account}.")
    kind = " It is restricted." if key.kind is KeyKind.RESTRICTED else ""
    return passed(evidence + kind)


def account_can_sell(context: Context) -> CheckAnswer:
    """The account may take payments and is paid out, with nothing due.

    Source: Stripe API reference, "The account object": charges_enabled, payouts_enabled, requirements.
    """
    account = context.connection.account
    name, requirements = account.id, getattr(account, "requirements", None)
    if not getattr(account, "charges_enabled", False):
        return failed(f"{name} may not take payments yet.", _ACTIVATE)
    if not getattr(account, "payouts_enabled", False):
        return failed(f"{name} takes payments, but is not paid out.", _ACTIVATE)
    due = list(getattr(requirements, "currently_due", None) or ())
    if due:
        return warned(f"Stripe asks {name} for {', '.join(due)}.", _ACTIVATE)
    return passed(f"{name} may take payments, is paid out, and owes Stripe no information.")


def frontend_url(context: Context) -> CheckAnswer:
    """FRONTEND_URL is a public https URL at which somebody answers."""
    url = context.settings.text("FRONTEND_URL")
    fault = "it is not set" if url is None else url_fault(url)
    if url is None or fault:
        return failed(f"FRONTEND_URL is not usable: {fault}.", _SET_FRONTEND)
    parts = urlsplit(url)
    if parts.scheme != "https" or is_private_host(parts.hostname or ""):
        return failed(f"{url} is not a public https URL.", _SET_FRONTEND)
    return answer_of_probe(context, url)


def small_payment(context: Context) -> CheckAnswer:
    """Somebody really paid for a package, best the smallest."""
    payment = context.small_payment
    smallest = context.smallest
    what = "a package" if smallest is None else f"{smallest.name} ({_price_words(smallest)})"
    fix = f"Buy {what} in the storefront, as a buyer does."
    if payment is None:
        return failed("No paid Checkout session of ours was found.", fix)
    evidence = _payment_words(payment)
    if smallest is not None and payment.verdict.package != smallest.slug:
        return warned(f"{evidence} It is not the smallest package.", fix)
    return passed(evidence)


def _price_words(package: Package) -> str:
    return format_amount(package.amount, package.currency)


def credits_added(context: Context) -> CheckAnswer:
    """The credits of that payment are in the ledger, as many as were sold."""
    _ = context.required_ledger  # without a ledger nothing can be said
    payment = context.small_payment
    if payment is None:
        return failed("There is no payment yet whose credits could have been added.", "Make the small payment first.")
    found = [each.finding for each in payment.verdict.found if each.finding.severity is not Severity.INFO]
    if not payment.case.purchases:
        return _not_added(payment, found)
    entry = payment.case.main
    added = f"adds {entry.credits:,} credits to user {entry.user_id} for {payment.case.key}."
    evidence = f"{payment.case.books.label(entry)} {added}"
    if found:
        return failed(f"{evidence} But {_words(found[0])}", _settled_by(found[0]))
    if payment.verdict.state is PaymentState.IN_FLIGHT:
        return passed(f"{evidence} A webhook about it may still be on its way.")
    return passed(evidence)


def _not_added(payment: JudgedPayment, found: Sequence[Finding]) -> CheckAnswer:
    """Why a paid session has no entry, as far as its verdict says it."""
    text = f"{payment.case.key} was paid, but {payment.case.books.keeper} holds no purchase for it"
    if payment.verdict.state is PaymentState.IN_FLIGHT:
        return failed(f"{text}; the webhook may still be on its way.", "Wait, then run the checklist again.")
    if payment.verdict.state is PaymentState.MISSING:
        fix = "`creditctl doctor` says where the webhook is stuck; `creditctl reconcile` proposes the missing entry."
        return failed(f"{text}.", fix)
    if found:
        return failed(f"{text}: {_words(found[0])}", _settled_by(found[0]))
    return failed(f"{text}: a person settled it without credits.", "Make another small payment.")


def _settled_by(finding: Finding) -> str:
    """What to do; commands that name a finding need its number, which it has once a reconciliation kept it."""
    if "{id}" not in finding.fix:
        return finding.fix
    return "`creditctl reconcile` keeps it as a finding, and prints the commands that settle it."


def _words(finding: Finding) -> str:
    return f"{finding.code.rpartition('.')[2]}: {finding.message}"


def transaction_history(context: Context) -> CheckAnswer:
    """The last reconciliation compared everything since that payment, and found nothing wrong."""
    fix = "Run `creditctl reconcile`, settle what it finds, and put it into cron."
    with context.required_ledger.reading() as view:
        run = next(iter(view.runs("reconcile", limit=1)), None)
    if run is None:
        return failed("Nothing was reconciled yet.", fix)
    when = iso_time(run.finished)
    if not run.ok:
        return failed(f"The last reconciliation ({when}) was not clean.", fix)
    payment = context.small_payment
    if payment is not None and payment.session is not None and not _covers(run, payment.session.created):
        return failed(f"The last reconciliation ({when}) does not reach {payment.case.key}.", fix)
    if context.clock() - run.finished > _OLDEST_RUN_SECONDS:
        return warned(f"The last reconciliation was clean, but ran on {when}.", fix)
    return passed(f"The last reconciliation ({when}) was clean.")


def _covers(run: RunRecord, moment: int) -> bool:
    since = (run.report.get("window") or {}).get("since")
    return run.finished >= moment and (since is None or since <= iso_time(moment))


def email_receipts(context: Context) -> CheckAnswer:
    """Stripe sends receipts: a switch in the Dashboard that no API shows, so somebody has to look."""
    known = attested(context, RECEIPTS)
    if known is not None:
        return known
    return person(_receipt_words(context), _ATTEST)


def _receipt_words(context: Context) -> str:
    """What can be seen of a receipt. Source: Stripe API reference, "The charge object", receipt_number."""
    if context.mode is not Mode.LIVE:
        return f"Whether receipts are sent is not in Stripe's API, and in {context.mode_words} none are."
    payment = context.small_payment
    intent = payment.case.key if payment is not None and payment.case.key.startswith("pi_") else None
    charges = (
        [] if intent is None else StripeReader(context.connection.client).list(CHARGES, {"payment_intent": intent})
    )
    numbers = [str(charge["receipt_number"]) for charge in charges if charge.get("receipt_number")]
    if numbers:
        return f"Stripe numbered a receipt for the small payment ({numbers[0]}), so one was sent; did it arrive?"
    return "Stripe has not numbered a receipt for the small payment, so probably none was sent."


def _payment_words(payment: JudgedPayment) -> str:
    session = payment.session
    assert session is not None
    amount, package = format_amount(session.amount_total, session.currency), payment.verdict.package or "no package"
    return f"{session.id} paid {amount} for {package} on {iso_time(session.created)}."


CHECKLIST: tuple[Check[Context], ...] = (
    Check("checklist.live_keys", "Switch to Stripe Live mode keys", live_keys),
    Check("checklist.secret_key", "Update `STRIPE_SECRET_KEY` with live key", secret_key),
    Check("checklist.webhook_endpoint", "Set up production webhook endpoint", in_live(endpoint_in_order)),
    Check(
        "checklist.webhook_secret",
        "Update `STRIPE_WEBHOOK_SECRET` with production webhook secret",
        in_live(secret_matches),
    ),
    Check("checklist.frontend_url", "Update `FRONTEND_URL` to production domain", in_live(frontend_url)),
    Check("checklist.small_payment", "Test with real (small) payment", in_live(small_payment)),
    Check("checklist.credits_added", "Verify credits are added correctly", in_live(credits_added)),
    Check("checklist.transaction_history", "Check transaction history", in_live(transaction_history)),
    Check(RECEIPTS, "Verify email receipts are sent by Stripe", in_live(email_receipts)),
    Check("checklist.account", "The account can charge and pay out", in_live(account_can_sell)),
    Check("checklist.backend_probe", "The backend verifies deliveries with this secret", in_live(backend_probed)),
    Check("checklist.undelivered", "Stripe has delivered every event", in_live(nothing_undelivered)),
    Check("checklist.clock", "The clocks are right", in_live(clock_is_right)),
)
"""The selection of `creditctl checklist`. Source: the set-up guide, "Production Checklist"."""
