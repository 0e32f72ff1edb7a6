"""One question to a ledger, or one write, without the `with` around it: `read(ledger).count()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, cast

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.facts import RefundFact
from creditctl.core.findings import Finding, Severity
from creditctl.ledger.models import Posting, Resolution
from creditctl.ledger.store import Ledger
from creditctl.ledger.transaction import LedgerTransaction
from creditctl.ledger.view import LedgerView
from creditctl.payments.correct import adjust
from creditctl.payments.resolve import resolve


def read(ledger: Ledger) -> LedgerView:
    """A view each of whose questions opens a reading of its own and closes it."""
    return cast("LedgerView", _EachInItsOwn(ledger.reading))


def write(ledger: Ledger) -> LedgerTransaction:
    """A transaction each of whose writes is one of its own, committed when it returns."""
    return cast("LedgerTransaction", _EachInItsOwn(ledger.transaction))


@dataclass(frozen=True)
class _EachInItsOwn:
    """Opens what it is given around every call."""

    open: Callable[[], AbstractContextManager[LedgerView]]

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            with self.open() as opened:
                answer = getattr(opened, name)(*arguments, **named)
                return iter(list(answer)) if isinstance(answer, Iterator) else answer

        return call


def resolved(
    ledger: Ledger,
    number: int,
    *,
    action: Literal["credit", "dismiss"],
    reason: str,
    user_id: str | None = None,
    credits: int | None = None,
) -> Resolution:
    """Resolves a finding in a transaction of its own."""
    with ledger.transaction() as tx:
        return resolve(tx, number, action=action, reason=reason, user_id=user_id, credits=credits)


def adjusted(
    ledger: Ledger, *, user_id: str, credits: int, reason: str, key: str, corrects: int | None = None
) -> Posting:
    """Adjusts by hand in a transaction of its own."""
    with ledger.transaction() as tx:
        return adjust(tx, user_id=user_id, credits=credits, reason=reason, key=key, corrects=corrects)


FINDING = Finding("fulfilment.owner_missing", Severity.HIGH, "pi_1", "No owner.", "`resolve {id}`")


def proposal(**changes: Any) -> Proposal:
    """What a finding about payment pi_1 proposes; it does not know the user, but for the changes."""
    usual: dict[str, Any] = {
        "payment_key": "pi_1",
        "session_id": "cs_1",
        "user_id": None,
        "credits": 1000,
        "amount": 1000,
        "currency": "usd",
        "package": "starter",
        "created": 5,
    }
    return Proposal(**usual | changes)


def find(ledger: Ledger, offered: Proposal | None) -> int:
    """Keeps the finding with what it proposes, and gives its id."""
    with ledger.transaction() as tx:
        return tx.add_finding(FINDING, payment_key="pi_1", source_event="evt_1", proposal=offered)


def refund(amount: int, status: str = "succeeded", name: str = "re_1") -> RefundFact:
    """A refund of payment pi_1. Units: `amount` in cents."""
    return RefundFact(name, "pi_1", "ch_1", amount, "usd", status, 5, 6)


def tell(ledger: Ledger, fact: RefundFact) -> list[int]:
    """Keeps a refund as an event reports it, and gives the credits of the entries that it leads to."""
    with ledger.transaction() as tx:
        tx.keep_fact(fact, source_event="evt_9")
        return [entry.credits for entry in tx.settle("pi_1", source_event="evt_9", cause=fact.object_id)]
