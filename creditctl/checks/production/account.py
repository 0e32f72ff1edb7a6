"""Checklist items about the account and its keys: one account, enough permissions, able to charge and to pay out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from threading import Thread

import stripe

from creditctl.checks.answers import CheckAnswer, failed, findings_to_answer, passed, warned
from creditctl.checks.context import Context
from creditctl.checks.env.rules import stripe_keys
from creditctl.core.errors import Unreachable
from creditctl.core.keys import KeyKind
from creditctl.core.text import plural
from creditctl.provisioning.probing.side_by_side import run_side_by_side
from creditctl.stripe_api.permission_table import CHANGES, READS, WRITE_SESSIONS, PermissionQuestion, new_key_page

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
    """A restricted key may read all that the commands read; what it may change is not asked for."""
    if context.settings.api_key.kind is not KeyKind.RESTRICTED:
        return passed("The key is not restricted: it may do everything.")
    lacking = _lacking(context, "what the key may read on Stripe", READS)
    if lacking:
        text = f"The restricted key lacks {_names(lacking)}, which {_commands(lacking)} need."
        return failed(text, _give(context))
    return passed(f"The restricted key was allowed {plural(len(READS), 'kind')} of reads.")


def key_permissions(context: Context) -> CheckAnswer:
    """A restricted key may read all that the commands read, and change what selling needs, as far as Stripe says it.

    Shape: set-up's changes may be those of another key, which a deployment does not need; so may be the sessions.
    """
    reads = key_may_read(context)
    if context.settings.api_key.kind is not KeyKind.RESTRICTED or not reads.status.holds:
        return reads
    lacking = _lacking(context, "what the key may change on Stripe", CHANGES)
    if WRITE_SESSIONS in [question for _, question in lacking]:
        text = f"{reads.evidence} It lacks {_names(lacking)}: a backend that holds it can sell nothing."
        return warned(text, f"If the backend holds this key: {_give(context)}")
    if lacking:
        commands = _commands(lacking)
        return passed(f"{reads.evidence} It lacks {_names(lacking)}, so that {commands} change nothing with it.")
    return passed(f"{reads.evidence} No change of an object that does not exist was refused for a permission.")


def _lacking(
    context: Context, fact: str, questions: Sequence[PermissionQuestion]
) -> list[tuple[str, PermissionQuestion]]:
    """The permissions that are lacking, of those that calls need."""
    client = context.connection.client
    return context.facts.get(fact, lambda: _refused(client, questions))


def _refused(
    client: stripe.StripeClient, questions: Sequence[PermissionQuestion]
) -> list[tuple[str, PermissionQuestion]]:
    found = run_side_by_side([partial(question.refused, client.v1) for question in questions], _SECONDS)
    if any(isinstance(each, Thread) for each in found):
        text = "Stripe did not answer in time what the key may do."
        raise Unreachable(text, code="checks.late", fix="Run it again.")
    return [(each, question) for each, question in zip(found, questions, strict=True) if isinstance(each, str)]


def _names(lacking: Sequence[tuple[str, PermissionQuestion]]) -> str:
    return ", ".join(dict.fromkeys(name for name, _ in lacking))


def _commands(lacking: Sequence[tuple[str, PermissionQuestion]]) -> str:
    return ", ".join(dict.fromkeys(name for _, question in lacking for name in question.needed_by.split(", ")))


def _give(context: Context) -> str:
    wanted = [each.permission for each in (*READS, WRITE_SESSIONS)]
    page = new_key_page(wanted, livemode=context.connection.livemode)
    return f"Give the key these permissions (Dashboard, Developers, API keys), or make one that has all: {page}"


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
