"""Judgement of a payment that sold no package: not paid, outside the catalogue, or not known to Stripe at all. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from creditctl.core.entitlement.decision import Decision, NotOurs, Waits
from creditctl.core.entitlement.deployment import is_own_payment
from creditctl.core.findings import Stake
from creditctl.core.metadata import MANAGED_BY_KEY
from creditctl.core.money import format_amount
from creditctl.core.text import plural
from creditctl.payments.case import PaymentCase
from creditctl.payments.facts import IntentFacts, billing_words
from creditctl.payments.finding_codes import ClassifiedFinding, classified, for_person, in_flight
from creditctl.payments.judgement.correcting_commands import take_back
from creditctl.payments.verdict import JudgementContext, PaymentState, Verdict


def judge_unsold(case: PaymentCase, decision: Decision | None, context: JudgementContext) -> Verdict:
    """Not paid, not ours, or not known to Stripe at all: then what users hold of it should come to nothing.

    Shape: nobody is accused of what Stripe was not asked for.
    """
    if case.unasked:
        return Verdict(PaymentState.NOT_OURS)
    if not case.balance:
        return _nothing_given(case, decision, context)
    if context.written_meanwhile(case.entries):
        text = "The ledger changed credits while Stripe was being read; the next run knows."
        return Verdict(PaymentState.IN_FLIGHT, (in_flight(case.key, text),))
    if _sold_elsewhere(case, decision):
        return _outside(case, decision)
    name, why = _why_not(case, decision)
    given = sum(credits for credits in case.balance.values() if credits > 0)
    text = f"{plural(given, 'credit')} were given"
    if not given:
        name = "clawback_without_credit"
        losses = (f"{plural(-credits, 'credit')} of user {user}" for user, credits in case.balance.items())
        who = "who was given none for it" if len(case.balance) == 1 else "who were given none for it"
        text = f"{' and '.join(losses)} were taken back, {who}"
    stake = Stake(sum(map(abs, case.balance.values())))
    found = for_person(name, case.key, f"{text}, but {why}.", take_back(case), stake=stake)
    return Verdict(PaymentState.WRONG, (found,))


def _nothing_given(case: PaymentCase, decision: Decision | None, context: JudgementContext) -> Verdict:
    if isinstance(decision, Waits):
        return Verdict(PaymentState.WAITING)
    if decision is not None:
        return Verdict(PaymentState.NOT_OURS)
    return _unattributed(case, context)


def _sold_elsewhere(case: PaymentCase, decision: Decision | None) -> bool:
    """Whether money was paid, for something that the catalogue does not know."""
    if isinstance(decision, NotOurs):
        return True
    paid = case.intent or case.charge
    return decision is None and paid is not None and paid.status == "succeeded"


def _outside(case: PaymentCase, decision: Decision | None) -> Verdict:
    """Credits for what the catalogue does not know: an application's own business, which nobody here can judge."""
    credits, user = next((credits, user) for user, credits in case.balance.items())
    text = f"{plural(abs(credits), 'credit')} of user {user} are for a payment outside the catalogue"
    why = decision.reason if isinstance(decision, NotOurs) else "no Checkout session of ours belongs to it"
    named = "it by its metadata, amount and currency" if decision is None else "its price"
    fix = f"Nothing has to be done; if it sold a package, name {named} below sold in creditctl.toml"
    found = classified("not_ours_credit", case.key, f"{text}: {why}.", fix, payment_key=case.key)
    return Verdict(PaymentState.NOT_OURS, (found,))


def _why_not(case: PaymentCase, decision: Decision | None) -> tuple[str, str]:
    if isinstance(decision, Waits):
        return "not_paid_credit", f"the session is not paid: {decision.reason}"
    if case.charge is not None:
        return "not_paid_credit", f"the charge is {case.charge.status}"
    if case.intent is None:
        return "orphan_credit", "Stripe knows no such payment in this account and mode"
    return "not_paid_credit", f"the payment intent is {case.intent.status}"


def _unattributed(case: PaymentCase, context: JudgementContext) -> Verdict:
    """Money for us that no checkout session explains; anything that is not ours is nobody's business here."""
    intent = case.intent
    if intent is None:
        return Verdict(PaymentState.NOT_OURS)
    if not is_own_payment(intent.metadata, intent.created, context.catalog.deployment):
        return Verdict(PaymentState.NOT_OURS, tuple(_by_hand(case, intent, context)))
    if intent.status != "succeeded":
        return Verdict(PaymentState.WAITING)
    money = format_amount(intent.amount_received, intent.currency)
    if context.within_grace(intent.paid):
        young = f"{money} were paid for something of ours just now; a checkout session of it may still be on its way."
        return Verdict(PaymentState.IN_FLIGHT, (in_flight(case.key, young),))
    text = f"{money} were paid for something of ours, but no checkout session belongs to the payment."
    fix = f"Find the buyer, then {case.books.booking_by_hand(case.key)}, or refund it{_as_rule(case, intent)}"
    stake = Stake(0, intent.amount_received, intent.currency)
    found = for_person("unattributed_payment", case.key, text, fix, stake=stake)
    return Verdict(PaymentState.UNDECIDED, (found,))


def _as_rule(case: PaymentCase, intent: IntentFacts) -> str:
    """How an application names what it charges without a session: no price belongs to it, so a rule has to.

    Shape: metadata alone never say what a payment is worth; with amount and currency a person vouches for it.
    """
    if not case.books.external:
        return ""
    key = "package" if "package" in intent.metadata else MANAGED_BY_KEY
    # A text of JSON is one of TOML too, whatever stands in it.
    said = json.dumps(intent.metadata.get(key), ensure_ascii=False)
    rule = f"{{ metadata = {{ {key} = {said} }}, amount = {intent.amount_received}"
    rule = f'{rule}, currency = "{intent.currency}" }}'
    return f"; if such payments sell a package, its [[package]] in creditctl.toml says so: sold = [{rule}]"


def _by_hand(case: PaymentCase, intent: IntentFacts, context: JudgementContext) -> Iterator[ClassifiedFinding]:
    """A payment of just what a package costs that no program of ours made: perhaps taken in the Dashboard for one.

    Shape: information only, because it can be for anything else; what another program made says so, by metadata of its
           own or by its invoice.
    """
    packages = [each for each in context.catalog if (each.amount, each.currency) == (intent.amount, intent.currency)]
    if not packages or not _says_nothing(intent) or intent.status != "succeeded" or context.within_grace(intent.paid):
        return
    money = format_amount(intent.amount_received, intent.currency)
    text = (
        f"{money} were paid without a Checkout session, as much as package {packages[0].slug} costs, and nothing says "
        "for what: perhaps by hand in the Dashboard."
    )
    fix = (
        "If it was for credits, find the buyer and book them with the payment's key (`creditctl ledger adjust --help`);"
        " else nothing has to be done"
    )
    stake = Stake(packages[0].credits, intent.amount_received, intent.currency)
    yield classified("payment_by_hand", case.key, text, fix, payment_key=case.key, stake=stake)


def _says_nothing(intent: IntentFacts) -> bool:
    """Whether neither metadata nor an invoice say what a payment is for; a buyer's name alone does not say it."""
    return not (intent.metadata.keys() - _BUYER) and not intent.invoice and billing_words(intent.description) is None


_BUYER = frozenset(("user_id", "package", "credits"))
"""What somebody may note of a sale of ours by hand."""
