"""Pull: the lists of Stripe that a run compares the ledger with, and the gaps that show them not to be whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from creditctl.core.entitlement.facts import Fact
from creditctl.core.when import Window
from creditctl.payments.facts import IntentFacts, SoldSession
from creditctl.payments.reader import PaymentReader
from creditctl.reconciliation.pulled import Pulled

_SESSION_LIFE_SECONDS = 86_400
"""A payment intent is made while its session is open. Source: Stripe API reference, "Create a Checkout Session",
expires_at: at most 24 hours after creation."""


def pull(reader: PaymentReader, window: Window) -> Pulled:
    """Everything about the payments of a window, and what surrounds it as far as that is needed to judge them.

    Shape:  sessions and intents reach a session's life beyond the window, because one is older than the other; refunds
            and disputes reach to now, because they are younger than their payment.
    Errors: those of the reader; nothing is concluded from a part.
    """
    early = None if window.since is None else window.since - _SESSION_LIFE_SECONDS
    late = None if window.until is None else window.until + _SESSION_LIFE_SECONDS
    # Sessions first, then intents, then what takes back: each names only what existed before it was read.
    sessions = reader.sessions(_created(early, window.until))
    intents = reader.intents(_created(early, late))
    facts = reader.facts(_created(early, None))
    found = Pulled(
        window=window,
        started=reader.started,
        sessions=sessions,
        intents=intents,
        facts=facts,
        unreadable=tuple(reader.unreadable),
        counts=_counts(sessions, intents, facts),
    )
    return found.joined([Pulled(window, reader.started, gaps=tuple(_gaps(found)))])


def _created(since: int | None, until: int | None) -> dict[str, Any]:
    """The filter of a list. Source: Stripe API reference, "created" of any list: gte, lt."""
    bounds = {"gte": since, "lt": until}
    chosen = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"created": chosen} if chosen else {}


def _gaps(found: Pulled) -> Iterator[str]:
    """What one list names and another, read later or just as old, lacks: a page was lost on the way."""
    # An intent that could not be understood was read all the same.
    read = {*found.intents, *(unreadable.id for unreadable in found.unreadable)}
    by_session = {sold.session.payment_intent for sold in found.sessions.values()} - {None}
    yield from _lacking("checkout sessions name", sorted(filter(None, by_session - read)))
    if found.window.unbounded:
        old = {fact.payment_key for fact in found.facts.values() if fact.created < found.started}
        yield from _lacking("refunds or disputes name", sorted(old - read))


def gaps_by_following(listed: Pulled, followed: Pulled) -> Iterator[str]:
    """What Stripe has when asked by name, though a list of everything did not show it."""
    if not listed.window.unbounded:
        return
    ages = {intent.id: intent.created for intent in followed.intents.values()}
    ages |= {sold.session.id: sold.session.created for sold in followed.sessions.values()}
    known = {*listed.intents, *listed.sessions}
    missed = sorted(name for name, created in ages.items() if name not in known and created < listed.started)
    yield from _lacking("the ledger names", missed)


def _lacking(who: str, missing: Sequence[str]) -> Iterator[str]:
    if missing:
        yield f"{len(missing)} payments that {who} are not in Stripe's list, {missing[0]} among them"


def _counts(
    sessions: Mapping[str, SoldSession], intents: Mapping[str, IntentFacts], facts: Mapping[str, Fact]
) -> dict[str, int]:
    kinds = [fact.kind for fact in facts.values()]
    return {
        "checkout_sessions": len(sessions),
        "payment_intents": len(intents),
        "refunds": kinds.count("refund"),
        "disputes": kinds.count("dispute"),
    }
