"""Checklist items about the account and its keys: one account, enough permissions, able to charge and to pay out."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from threading import Thread

import stripe

from creditctl.checks.answers import CheckAnswer, failed, findings_to_answer, passed, warned
from creditctl.checks.context import Context
from creditctl.checks.env.online import READS, Read
from creditctl.checks.env.rules import stripe_keys
from creditctl.core.errors import Unreachable
from creditctl.core.keys import KeyKind
from creditctl.core.text import plural
from creditctl.provisioning.probing.side_by_side import run_side_by_side
from creditctl.stripe_api.errors import missing_permission

_SECONDS = 5.0
_ACTIVATE = "Finish what the Dashboard asks for (Settings, Account details)."
_DESCRIPTOR = re.compile(r"(?=(?:.*[A-Za-z]){5})[^<>\\'\"*]{5,22}")
"""Source: Stripe documentation, "Statement descriptors": 5 to 22 characters, 5 letters at least, not < > \\ ' " *."""


def keys_of_one_account(context: Context) -> CheckAnswer:
    """The secret key, the publishable key and the pinned account belong together, as far as they show it."""
    account = context.account
    found = list(stripe_keys.account(context.env))
    if found:
        return findings_to_answer(found, "")
    words = ["The secret key is of " + (account or "an account that it may not read")]
    if context.settings.account_id is not None:
        words.append("which STRIPE_ACCOUNT_ID pins")
    if context.env.winning("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY") is not None:
        words.append("and the publishable key does not look like another's")
    return passed(", ".join(words) + ".")


def key_may_read(context: Context) -> CheckAnswer:
    """A restricted key may read all that the commands read; what it may write is not asked for."""
    kind = context.settings.api_key.kind
    if kind is not KeyKind.RESTRICTED:
        return passed("The key is not restricted: it may do everything.")
    client = context.connection.client
    lacking = context.facts.get("what the key may read on Stripe", lambda: _lacking(client))
    if lacking:
        names = ", ".join(dict.fromkeys(name for name, _ in lacking))
        commands = ", ".join(dict.fromkeys(read.needed_by for _, read in lacking))
        return failed(f"The restricted key lacks {names}, which {commands} need.", "Give the key these permissions.")
    return passed(f"The restricted key was allowed {plural(len(READS), 'read')}; what it may write was not tried.")


def _lacking(client: stripe.StripeClient) -> list[tuple[str, Read]]:
    """The permissions that reads were refused for."""

    def ask(read: Read) -> tuple[str, Read] | None:
        try:
            read.ask(client.v1)
        except stripe.PermissionError as error:
            return missing_permission(error) or read.permission, read
        return None

    found = run_side_by_side([partial(ask, read) for read in READS], _SECONDS)
    if any(isinstance(each, Thread) for each in found):
        raise Unreachable(
            "Stripe did not answer in time what the key may read.", code="checks.late", fix="Run it again."
        )
    return [each for each in found if each is not None and not isinstance(each, Thread)]


def account_can_sell(context: Context) -> CheckAnswer:
    """The account may take payments and is paid out, with nothing due.

    Source: Stripe API reference, "The account object": charges_enabled, payouts_enabled, requirements, capabilities.
    """
    account = context.account_object
    name, requirements = account.id, getattr(account, "requirements", None)
    disabled = getattr(requirements, "disabled_reason", None)
    if not getattr(account, "charges_enabled", False):
        return failed(f"{name} may not take payments{_because(disabled)}.", _ACTIVATE)
    if not getattr(account, "payouts_enabled", False):
        return failed(f"{name} takes payments, but is not paid out{_because(disabled)}.", _ACTIVATE)
    cards = getattr(getattr(account, "capabilities", None), "card_payments", None)
    if cards not in (None, "active"):
        return failed(f"{name} may not take cards: the capability is {cards}.", _ACTIVATE)
    due = list(getattr(requirements, "currently_due", None) or ())
    if due:
        return warned(f"Stripe asks {name} for {', '.join(due)}.", _ACTIVATE)
    return passed(f"{name} may take payments, is paid out, and owes Stripe no information.")


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def statement_descriptor(context: Context) -> CheckAnswer:
    """Buyers can recognise the charge on their statement: a descriptor that Stripe accepts is set."""
    payments = getattr(getattr(context.account_object, "settings", None), "payments", None)
    descriptor = getattr(payments, "statement_descriptor", None)
    fix = "Set it in the Dashboard (Settings, Business, Public details): 5 to 22 characters that buyers recognise."
    if not descriptor:
        return warned("The account has no statement descriptor; buyers dispute what they do not recognise.", fix)
    if _DESCRIPTOR.fullmatch(descriptor) is None:
        return warned(f"The statement descriptor {descriptor!r} is not one that Stripe accepts.", fix)
    return passed(f"Statements show {descriptor!r}.")


def public_details(context: Context) -> CheckAnswer:
    """Buyers can find out who charged them: name, and a way to ask for support, are set."""
    profile = getattr(context.account_object, "business_profile", None)
    wanted: dict[str, Callable[[], object]] = {
        "a public name": lambda: getattr(profile, "name", None),
        "a support address (e-mail, phone or page)": lambda: any(
            getattr(profile, name, None) for name in ("support_email", "support_phone", "support_url")
        ),
    }
    missing = [words for words, read in wanted.items() if not read()]
    if missing:
        fix = "Fill them in: Dashboard, Settings, Business, Public details."
        return warned(f"The account has not set {' and '.join(missing)}; receipts show them.", fix)
    return passed("The account has a public name and a support address.")
