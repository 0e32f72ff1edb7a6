"""One question to a ledger, or one write, without the `with` around it: `read(ledger).count()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, cast

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
