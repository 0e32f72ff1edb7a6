"""Clamped balances: what could not be taken back of a user who had nothing left. Pure."""

from __future__ import annotations

from creditctl.core.entitlement.facts import has_let_go
from creditctl.payments.case import PaymentCase
from creditctl.payments.verdict import JudgementContext


def nothing_was_left(case: PaymentCase, context: JudgementContext) -> bool:
    """Whether the user had nothing left after what was taken; or, where nothing was, when it was to be.

    Only what was taken since the newest refund or dispute says so: credits that were taken for an earlier one may have
    been bought again since, and those of a dispute that was won were given back.
    """
    newest = max((fact.created for fact in case.facts if fact.counted), default=None)
    if newest is None:
        return False
    let_go = {fact.object_id for fact in case.facts if has_let_go(fact)}
    taking = [entry for entry in case.clawbacks if entry.credits < 0 and entry.object_id not in let_go]
    took = [entry for entry in taking if entry.created >= newest]
    moments = () if took else (newest, newest + context.grace_seconds)
    return context.keeper.nothing_left((took or [case.main])[-1], moments)
