"""Clamped balances: what could not be taken back of a user who had nothing left. Pure."""

from __future__ import annotations

from creditctl.payments.case import PaymentCase
from creditctl.payments.verdict import JudgementContext


def nothing_was_left(case: PaymentCase, context: JudgementContext) -> bool:
    """Whether the user had nothing left after what was taken; or, where nothing was, when it was to be."""
    times = [fact.created for fact in case.facts if fact.counted]
    took = [entry for entry in case.clawbacks if entry.credits < 0]
    moments = () if took else (max(times), max(times) + context.grace_seconds) if times else None
    return moments is not None and context.keeper.nothing_left((took or [case.main])[-1], moments)
