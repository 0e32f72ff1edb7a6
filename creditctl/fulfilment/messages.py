"""Log lines and findings of the webhook. User ids yes; e-mail, name and address never."""

from __future__ import annotations

from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Finding, Severity
from creditctl.core.text import one_line
from creditctl.fulfilment.event import Event
from creditctl.ledger.models import Entry


def written(entry: Entry) -> str:
    """The log line of an entry that was just written."""
    user = one_line(entry.user_id)
    if entry.kind is EntryKind.PURCHASE:
        return f"Successfully added {entry.credits} credits to user {user} from Stripe payment {entry.payment_key}"
    thing = "refund" if entry.kind in (EntryKind.REFUND, EntryKind.REFUND_REVERSAL) else "dispute"
    if entry.kind in (EntryKind.REFUND, EntryKind.DISPUTE):
        return f"Successfully took {-entry.credits} credits from user {user} for Stripe {thing} {entry.object_id}"
    return f"Successfully returned {entry.credits} credits to user {user} from Stripe {thing} {entry.object_id}"


def known(entry: Entry) -> str:
    """The log line for a payment that was credited before."""
    return f"Stripe payment {entry.payment_key} was credited before, by entry {entry.id}; nothing added"


def kept(fact: Fact) -> str:
    """The log line for a refund or dispute that came before its purchase."""
    return f"Kept Stripe {fact.kind} {fact.object_id}: no purchase of payment {fact.payment_key} is known"


def unchanged(fact: Fact, purchase: Entry) -> str:
    """The log line for a refund or dispute that makes no difference."""
    user = one_line(purchase.user_id)
    return f"Stripe {fact.kind} {fact.object_id} ({fact.status}) changes no credits of user {user}"


def found(finding: Finding, number: int) -> str:
    """The log line of a finding."""
    return f"Finding {number} ({finding.code}) about {finding.subject}: see `creditctl ledger findings`"


def other_livemode(event: Event, livemode: bool) -> Finding:
    """An event of test mode where live is served, or the other way round."""
    theirs, ours = ("test", "live") if livemode else ("live", "test")
    return Finding(
        "fulfilment.other_livemode",
        Severity.CRITICAL if livemode else Severity.HIGH,
        event.object_id or event.id,
        f"A {event.type} event of {theirs} mode came to a webhook of {ours} mode. Nothing was credited.",
        "Give each mode its own endpoint and signing secret, then "
        "`creditctl ledger resolve {id} --dismiss --reason TEXT`",
    )


def other_account(event: Event, account: str) -> Finding:
    """An event of another account."""
    return Finding(
        "fulfilment.other_account",
        Severity.HIGH,
        event.object_id or event.id,
        f"A {event.type} event of account {event.account} came to a webhook of account {account}. "
        "Nothing was credited.",
        "Take connected accounts off this endpoint, then `creditctl ledger resolve {id} --dismiss --reason TEXT`",
    )


def malformed(event: Event, reason: str) -> Finding:
    """An event whose snapshot cannot be read."""
    return Finding(
        "fulfilment.malformed_event",
        Severity.HIGH,
        event.id,
        f"The {event.type} event {event.id} cannot be read: {reason}. Nothing was credited.",
        "`creditctl reconcile` reads the payment itself; then `creditctl ledger resolve {id} --dismiss --reason TEXT`",
    )
