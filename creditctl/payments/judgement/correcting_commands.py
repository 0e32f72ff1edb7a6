"""Correcting commands: which adjustments lead from what users hold of a payment to what they are due. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.payments.case import PaymentCase


def steps_to(case: PaymentCase, due: Mapping[str, int]) -> Iterator[str]:
    """The commands that lead from what users hold of a payment to what they are due: the differences, no more."""
    held = case.corrected.held(due)
    for user, credits in held.items():
        if user not in due:
            yield case.books.correction(user, -credits, latest_of(case, user))
    for user, credits in due.items():
        missing = credits - held.get(user, 0)
        if missing:
            first = case.main if case.purchases and missing > 0 else latest_of(case, user)
            yield case.books.correction(user, missing, first)


def take_back(case: PaymentCase) -> str:
    """The commands after which nobody holds, or lacks, credits of a payment."""
    steps = (case.books.correction(user, -credits, latest_of(case, user)) for user, credits in case.balance.items())
    return ", ".join(steps)


def latest_of(case: PaymentCase, user_id: str) -> CreditEntry:
    """The newest purchase of a user, else the newest entry: the one to correct."""
    mine = [entry for entry in case.entries if entry.user_id == user_id]
    choices: tuple[Sequence[CreditEntry], ...] = (
        [entry for entry in mine if entry.kind is EntryKind.PURCHASE],
        case.purchases,
        mine,
        case.entries,
    )
    return next(choice for choice in choices if choice)[-1]
