"""Due entries: what the refunds and disputes of a payment still ask of the books that its entries stand in. Pure."""

from __future__ import annotations

from creditctl.core.entitlement.settlement import EntryDraft, RefundPosition, settlement
from creditctl.payments.case import PaymentCase


def due_entries(case: PaymentCase, position: RefundPosition) -> tuple[EntryDraft, ...]:
    """The entries that are still missing for the refunds and disputes of a payment.

    Shape: an application keeps credits, and what money went with a row is reckoned here: an entry of no credits, which
           our ledger keeps for its amount, is none that it lacks.
    """
    drafts = settlement(position, case.facts)
    return tuple(draft for draft in drafts if draft.credits) if case.books.external else drafts
