"""Production checklist: the guide's nine items in its words, then what else concerns prepaid credits."""

from __future__ import annotations

from collections.abc import Callable

from creditctl.checks.answers import CheckAnswer, failed
from creditctl.checks.backend_answers import BACKEND_PROBE, backend_probed
from creditctl.checks.check import ADVICE, EVERYWHERE, IN_PUBLIC, WITH_LIVE_KEYS, Check, LaunchStage
from creditctl.checks.context import Context
from creditctl.checks.endpoint_answers import endpoint_in_order, secret_matches
from creditctl.checks.production.account import (
    account_can_sell,
    key_permissions,
    keys_of_one_account,
    public_details,
    statement_descriptor,
)
from creditctl.checks.production.catalogue import catalogue_on_stripe, prices_in_use
from creditctl.checks.production.guide import (
    RECEIPTS,
    credits_added,
    email_receipts,
    live_keys,
    secret_key,
    small_payment,
    transaction_history,
)
from creditctl.checks.production.operation import env_files_in_order, ledger_is_anchored, reconcile_runs_by_itself
from creditctl.checks.production.people import backup_taken_or_attested, by_a_person
from creditctl.checks.production.storefront import frontend_is_public, sessions_return_home, success_page
from creditctl.checks.production.webhook import webhook_is_public
from creditctl.checks.stripe_answers import clock_is_right, nothing_undelivered
from creditctl.core.modes import Mode

BACKUP = "checklist.backup"


def in_live(ask: Callable[[Context], CheckAnswer]) -> Callable[[Context], CheckAnswer]:
    """An item that counts in live mode, or where --mode rehearses it; else what holds is only said."""

    def judged(context: Context) -> CheckAnswer:
        answer = ask(context)
        if context.mode is Mode.LIVE or context.stage is not LaunchStage.LIVE or not answer.status.holds:
            return answer
        fix = f"Run it with the live settings; `creditctl checklist --mode {context.mode or 'test'}` rehearses it."
        return failed(f"This is {context.mode_words}, where it holds: {answer.evidence}", fix)

    return judged


def _item(
    id_: str,
    title: str,
    ask: Callable[[Context], CheckAnswer],
    group: str,
    required: frozenset[LaunchStage] = EVERYWHERE,
) -> Check[Context]:
    return Check(id_, title, in_live(ask), group=group, required=required)


def _vouched(id_: str, title: str, what: str, where: str) -> Check[Context]:
    """An item for a person alone: good advice, and shown in release tickets."""
    return _item(id_, title, by_a_person(id_, what, where), "People", ADVICE)


_GUIDE, _ACCOUNT, _WEBHOOK = "The guide's checklist", "Account and keys", "Webhook"
_SHOP, _RUNNING = "Catalogue and storefront", "Operation"

CHECKLIST: tuple[Check[Context], ...] = (
    Check("checklist.live_keys", "Switch to Stripe Live mode keys", live_keys, group=_GUIDE, required=WITH_LIVE_KEYS),
    Check("checklist.secret_key", "Update `STRIPE_SECRET_KEY` with live key", secret_key, group=_GUIDE),
    _item("checklist.webhook_endpoint", "Set up production webhook endpoint", endpoint_in_order, _GUIDE),
    _item(
        "checklist.webhook_secret",
        "Update `STRIPE_WEBHOOK_SECRET` with production webhook secret",
        secret_matches,
        _GUIDE,
    ),
    _item(
        "checklist.frontend_url", "Update `FRONTEND_URL` to production domain", frontend_is_public, _GUIDE, IN_PUBLIC
    ),
    _item("checklist.small_payment", "Test with real (small) payment", small_payment, _GUIDE),
    _item("checklist.credits_added", "Verify credits are added correctly", credits_added, _GUIDE),
    _item("checklist.transaction_history", "Check transaction history", transaction_history, _GUIDE),
    _item(
        "checklist.email_receipts", "Verify email receipts are sent by Stripe", email_receipts, _GUIDE, WITH_LIVE_KEYS
    ),
    _item("checklist.one_account", "All keys are of one account", keys_of_one_account, _ACCOUNT),
    _item("checklist.permissions", "The key may do what the commands need", key_permissions, _ACCOUNT),
    _item("checklist.account", "The account can charge and pay out", account_can_sell, _ACCOUNT),
    _item(
        "checklist.statement", "Buyers recognise the charge on their statement", statement_descriptor, _ACCOUNT, ADVICE
    ),
    _item("checklist.public_details", "Buyers can find out who charged them", public_details, _ACCOUNT, ADVICE),
    _item("checklist.catalogue", "The catalogue on Stripe is the packages'", catalogue_on_stripe, _SHOP),
    _item("checklist.prices", "No archived or foreign price is in use", prices_in_use, _SHOP),
    _item("checklist.success_page", "The storefront and its success page answer", success_page, _SHOP),
    _item("checklist.redirects", "Sessions send buyers back with the session's id", sessions_return_home, _SHOP),
    _item("checklist.public_webhook", "Stripe reaches the webhook over https", webhook_is_public, _WEBHOOK, IN_PUBLIC),
    _item(BACKEND_PROBE, "The backend verifies deliveries with this secret", backend_probed, _WEBHOOK),
    _item("checklist.undelivered", "Stripe has delivered every event", nothing_undelivered, _WEBHOOK),
    _item("checklist.clock", "The clocks are right", clock_is_right, _WEBHOOK),
    _item("checklist.env_files", "The env files are in order", env_files_in_order, _RUNNING),
    _item("checklist.reconcile_cron", "Reconciliation runs by itself", reconcile_runs_by_itself, _RUNNING),
    _item("checklist.anchor", "The ledger is anchored outside of itself", ledger_is_anchored, _RUNNING),
    _item("checklist.backup", "The ledger is backed up", backup_taken_or_attested(BACKUP), _RUNNING),
    _vouched(
        "checklist.two_factor",
        "Everybody in the Stripe account uses two-factor authentication",
        "Who may log in, and how, is not in Stripe's API.",
        "Look in the Dashboard (Settings, Team and security)",
    ),
    _vouched(
        "checklist.notices",
        "Somebody gets Stripe's mails about disputes and failing webhooks",
        "Who is notified is not in Stripe's API.",
        "Look in the Dashboard (Settings, Communication preferences)",
    ),
    _vouched(
        "checklist.key_rotation",
        "The live key was made for production and lives in a secret store",
        "Where a key was before is not in Stripe's API.",
        "Roll the key in the Dashboard if it was ever in a chat, a ticket or a test machine",
    ),
    _vouched(
        "checklist.policy",
        "Terms and the policy on refunds stand on the site",
        "Whether a page says what it should no call can tell.",
        "Read them in the storefront",
    ),
    _vouched(
        "checklist.second_tester",
        "Somebody else bought a package",
        "Who tried it no call can tell.",
        "Let somebody buy who did not build it",
    ),
)
"""The selection of `creditctl checklist`. Source: the set-up guide and Stripe's own, "Go-live checklist"."""

ATTESTABLE = frozenset({RECEIPTS, BACKUP, BACKEND_PROBE, *(check.id for check in CHECKLIST if check.group == "People")})
"""What a person may vouch for: nothing that a call could prove, here or on the other side of a queue."""
