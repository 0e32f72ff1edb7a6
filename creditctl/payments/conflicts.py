"""Findings about conflicts: an event that says something else than the ledger holds. Pure."""

from __future__ import annotations

from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.findings import Finding, Severity
from creditctl.core.text import one_line
from creditctl.ledger.models import Entry

_CORRECT_IT = (
    "`creditctl reconcile` prints the correction, if one is due; then `creditctl ledger resolve {id} --dismiss "
    "--reason TEXT`"
)


def other_purchase(draft: EntryDraft, entry: Entry) -> Finding:
    """The same payment says something else than its entry."""
    return Finding(
        "fulfilment.conflict",
        Severity.CRITICAL,
        draft.payment_key or draft.idempotency_key,
        f"Payment {draft.payment_key} now says {draft.credits} credits for user {one_line(draft.user_id)}; "
        f"entry {entry.id} gave {entry.credits} to user {one_line(entry.user_id)}. Nothing was changed.",
        f"`creditctl trace {draft.payment_key}`, {_CORRECT_IT}",
    )


def other_fact(fact: Fact, reason: str) -> Finding:
    """A refund or dispute under an id that names another one."""
    return Finding(
        "fulfilment.other_fact",
        Severity.HIGH,
        fact.object_id,
        f"An event tells of a {fact.kind} {fact.object_id} of payment {fact.payment_key}, but {reason} "
        "Nothing was changed.",
        f"`creditctl trace {fact.object_id}`, {_CORRECT_IT}",
    )
