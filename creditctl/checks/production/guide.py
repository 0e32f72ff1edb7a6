"""The guide's nine items of the production checklist: keys, endpoint, storefront, the small payment, receipts."""

from __future__ import annotations

from collections.abc import Sequence

from creditctl.checks.answers import CheckAnswer, failed, passed, person, warned
from creditctl.checks.attest import attested
from creditctl.checks.check import LaunchStage
from creditctl.checks.context import Context
from creditctl.checks.production.people import attest_command
from creditctl.core.catalog import Package
from creditctl.core.errors import ConfigurationError
from creditctl.core.findings import Finding, Severity
from creditctl.core.keys import KeyKind
from creditctl.core.modes import Mode
from creditctl.core.money import format_amount
from creditctl.core.when import iso_time
from creditctl.ledger.models import RunRecord
from creditctl.payments.latest import JudgedPayment
from creditctl.payments.reading.stripe_reader import CHARGES, StripeReader
from creditctl.payments.verdict import PaymentState

RECEIPTS = "checklist.email_receipts"

_OLDEST_RUN_SECONDS = 7 * 86_400


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
    where = " (the emulator's)" if context.stage is LaunchStage.REHEARSAL else ""
    return passed(f"The key starts as a live one, and Stripe{where} says livemode.")


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
    if not key.livemode and context.stage is not LaunchStage.TEST:
        return failed(f"STRIPE_SECRET_KEY (from {source}) is a test key.", "Replace it by the live key.")
    account = context.account
    evidence = f"Stripe takes the key (from {source}) for {account or 'an account that it may not read'}."
    if context.settings.account_id is None and account is not None:
        return warned(f"{evidence} Nothing pins it.", f"Set STRIPE_ACCOUNT_ID={account}.")
    kind = " It is restricted." if key.kind is KeyKind.RESTRICTED else ""
    return passed(evidence + kind)


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
    """Stripe sends receipts: a switch in the Dashboard that no API shows, but a number on the charge once one was sent.

    Source: Stripe API reference, "The Charge object": receipt_number "will be null until a receipt has been sent".
    """
    known = attested(context, RECEIPTS)
    if known is not None:
        return known
    look = "Look in the Dashboard (Settings, Customer emails) and into the buyer's mailbox"
    ask = f"{look}, then: {attest_command(RECEIPTS)}"
    if context.mode is not Mode.LIVE:
        return person(f"Whether receipts are sent is not in Stripe's API, and in {context.mode_words} none are.", ask)
    number = context.facts.get("the small payment's charges on Stripe", lambda: _receipt_number(context))
    if number is None:
        return person("Stripe has not numbered a receipt for the small payment, so probably none was sent.", ask)
    return passed(f"Stripe numbered the receipt of the small payment ({number}), which it does once one was sent.")


def _receipt_number(context: Context) -> str | None:
    payment = context.small_payment
    if payment is None or not payment.case.key.startswith("pi_"):
        return None
    charges = StripeReader(context.connection.client).list(CHARGES, {"payment_intent": payment.case.key})
    return next((str(charge["receipt_number"]) for charge in charges if charge.get("receipt_number")), None)


def _payment_words(payment: JudgedPayment) -> str:
    session = payment.session
    assert session is not None
    amount, package = format_amount(session.amount_total, session.currency), payment.verdict.package or "no package"
    return f"{session.id} paid {amount} for {package} on {iso_time(session.created)}."
