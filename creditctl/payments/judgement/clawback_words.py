"""Clawback words: sentences about a refund or dispute that the entries have not followed, or followed too far. Pure."""

from __future__ import annotations

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.core.money import format_amount
from creditctl.core.text import plural
from creditctl.payments.case import PaymentCase


def took_too_much(case: PaymentCase, draft: EntryDraft, fact: Fact) -> str:
    """The fault behind credits that are to be returned though nothing was let go: an entry that took too many."""
    entry = next((each for each in reversed(case.clawbacks) if each.object_id == fact.object_id), case.main)
    return (
        f"{case.books.label(entry)} took {plural(abs(entry.credits), 'credit')} of user {entry.user_id} for "
        f"{fact.kind} {fact.object_id}: {plural(draft.credits, 'credit')} more than {_held_words(fact)} explains."
    )


def gave_back(case: PaymentCase, fact: Fact) -> CreditEntry | None:
    """The last entry that gave credits back for a refund or dispute; else one of its kind that names none."""
    back = [entry for entry in case.clawbacks if entry.credits > 0]
    named = [entry for entry in back if entry.object_id == fact.object_id]
    kind = f"{fact.kind}_reversal"
    named = named or [entry for entry in back if entry.object_id is None and entry.kind == kind]
    return named[-1] if named else None


def gave_too_much(case: PaymentCase, gave: CreditEntry, draft: EntryDraft, fact: Fact) -> str:
    """The fault behind credits that are to be taken though nothing holds them: an entry that gave too many back."""
    return (
        f"{case.books.label(gave)} gave {plural(gave.credits, 'credit')} back to user {gave.user_id} for {fact.kind} "
        f"{fact.object_id}: {plural(-draft.credits, 'credit')} more than were taken for it."
    )


def _held_words(fact: Fact) -> str:
    return f"{format_amount(fact.counted, fact.currency)} of it" if fact.counted else "it, which holds no money,"


def not_followed_words(draft: EntryDraft, fact: Fact) -> str:
    """What a refund or dispute did with the money, and what was not done with its credits."""
    # Where an entry has followed the money and not its credits, only these are left.
    money = format_amount(min(abs(draft.amount), fact.amount) or fact.amount, draft.currency or "usd")
    name = f"{'refund' if draft.kind in (EntryKind.REFUND, EntryKind.REFUND_REVERSAL) else 'dispute'} {draft.object_id}"
    credits, user = plural(abs(draft.credits), "credit"), draft.user_id
    if not draft.amount and fact.amount:
        credits = f"{abs(draft.credits):,} of its credits"
    held, not_held = f"are held by {name}, but {credits}", "are not"
    if fact.status == "lost":
        held, not_held = f"were lost by {name}, but {credits}", "were not taken back"
    not_returned = f"but {credits} were not returned to user {user}."
    return {
        EntryKind.REFUND: f"{money} went back to user {user} by {name}, but {credits} were not taken back.",
        EntryKind.REFUND_REVERSAL: f"{money} of {name} did not go through, {not_returned}",
        EntryKind.DISPUTE: f"{money} {held} of user {user} {not_held}.",
        EntryKind.DISPUTE_REVERSAL: f"{money} of {name} are ours again, {not_returned}",
    }[draft.kind]
