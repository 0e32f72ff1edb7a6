"""Bank debits: delayed results, decided by the test account number.

Source: Stripe docs, "Testing" (bank accounts).
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.banks import DISPUTED_ACCOUNTS, FAILING_ACCOUNTS, PROCESSING_ACCOUNTS, SLOW_ACCOUNTS
from creditctl.emulator.payments.cards import Decline
from creditctl.emulator.payments.declines import fail_intent
from creditctl.emulator.payments.settlement import SETTLE_SECONDS
from creditctl.emulator.storage.object_types import CHARGE, PAYMENT_INTENT, PAYMENT_METHOD, Body

SOON_SECONDS, LATE_SECONDS = 3, 180


def schedule_delayed_result(context: RequestContext, intent: Body, account: str) -> None:
    """Schedule the bank's answer; a few test accounts take minutes instead of seconds, and one never answers."""
    if account in PROCESSING_ACCOUNTS:
        return
    delay = LATE_SECONDS if account in SLOW_ACCOUNTS else SOON_SECONDS
    context.schedule(delay, "delayed_result", intent["id"], account=account)


def record_bank_answer(context: RequestContext, intent: Body, charge: Body, account: str) -> None:
    """Let a processing payment succeed or fail, as its account number says."""
    reason = FAILING_ACCOUNTS.get(account)
    if reason is None:
        _delayed_success(context, intent, charge)
    else:
        _delayed_failure(context, intent, charge, reason)


def is_disputed(account: str) -> bool:
    """Whether the holder of this test account disputes the debit at once."""
    return account in DISPUTED_ACCOUNTS


def _delayed_success(context: RequestContext, intent: Body, charge: Body) -> None:
    charge |= {"amount_captured": charge["amount"], "captured": True, "paid": True, "status": "succeeded"}
    charge["outcome"] = {**charge["outcome"], "seller_message": "Payment complete."}
    context.save(CHARGE, charge, event="charge.succeeded")
    intent |= {"amount_received": intent["amount"], "status": "succeeded"}
    context.save(PAYMENT_INTENT, intent, event="payment_intent.succeeded")
    context.schedule(SETTLE_SECONDS, "settle_charge", charge["id"])


def _delayed_failure(context: RequestContext, intent: Body, charge: Body, reason: str) -> None:
    decline = Decline("payment_method_provider_decline", reason, "The customer's bank declined this payment.")
    charge |= {
        "failure_code": decline.code,
        "failure_message": decline.message,
        "receipt_url": None,
        "status": "failed",
    }
    context.save(CHARGE, charge, event="charge.failed")
    method = context.fetch(PAYMENT_METHOD, charge["payment_method"])
    fail_intent(context, intent, method, decline, charge["id"])
