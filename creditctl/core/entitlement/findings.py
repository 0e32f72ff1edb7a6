"""Findings that more than one room makes, in the same words: each stands once and is settled once."""

from __future__ import annotations

import shlex

from creditctl.core.entitlement.facts import Fact
from creditctl.core.findings import Finding, Severity


def other_currency(fact: Fact, *, entry_id: int, user_id: str, currency: str | None) -> Finding:
    """A refund or dispute that cannot be reckoned in the currency of its purchase.

    Shape: what a person takes for it is booked for the payment: corrected, the purchase would seem to be too small.
    """
    said = (currency or "no currency").upper()
    return Finding(
        "fulfilment.currency",
        Severity.HIGH,
        fact.object_id,
        f"The {fact.kind} is in {fact.currency.upper()}, its purchase (entry {entry_id}) in {said}: "
        "nothing was taken back for it.",
        f"Work out the credits, `creditctl ledger adjust --user {shlex.quote(user_id)} --credits -N "
        f"--key {fact.object_id} --payment {fact.payment_key} --reason TEXT`, "
        "then `creditctl ledger resolve {id} --dismiss --reason TEXT`",
    )
