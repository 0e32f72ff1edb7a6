"""Expected entries: those that would be right for a payment, as its keeper would have them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from creditctl.core.entitlement.entry import CreditEntry
from creditctl.core.entitlement.facts import Fact
from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.ledger.models import Entry
from creditctl.payments.case import PaymentCase
from creditctl.payments.facts import PaymentFacts
from creditctl.payments.source.source_entry import SourceEntry
from creditctl.payments.verdict import JudgementContext


def with_entries(
    bare: PaymentCase,
    stripe: PaymentFacts,
    drafts: Sequence[EntryDraft],
    known: Mapping[str, Fact],
    context: JudgementContext,
) -> PaymentCase:
    """The payment with the entries that would be right, as its keeper would have them."""
    if not drafts:
        return bare
    paid = bare.sold.session.created if bare.sold is not None else 0
    paid = paid if bare.intent is None else max(paid, bare.intent.paid)
    make = _row_of_application if context.keeper.books.external else _entry_of_ledger
    entries: list[CreditEntry] = [make(n, draft, paid, context) for n, draft in enumerate(drafts, 1)]
    return PaymentCase.of(stripe, entries, known, context.keeper)


def _entry_of_ledger(number: int, draft: EntryDraft, paid: int, context: JudgementContext) -> Entry:
    return Entry(
        id=number,
        recorded=paid,
        created=draft.created,
        user_id=draft.user_id,
        kind=draft.kind,
        credits=draft.credits,
        amount=draft.amount,
        currency=draft.currency,
        payment_key=draft.payment_key,
        session_id=draft.session_id,
        object_id=draft.object_id,
        package=draft.package,
        idempotency_key=draft.idempotency_key,
        source_event=None,
        corrects=draft.corrects,
        account="",
        livemode=context.livemode,
        note=None,
        hash="",
    )


def _row_of_application(number: int, draft: EntryDraft, paid: int, context: JudgementContext) -> SourceEntry:
    """A row that says whose and how many, and leaves the money to Stripe."""
    return SourceEntry(
        id=number,
        name=str(number),
        status="done",
        recorded=paid,
        created=paid,
        user_id=draft.user_id,
        kind=draft.kind,
        credits=draft.credits,
        amount=0,
        currency=None,
        payment_key=draft.payment_key,
        session_id=None,
        object_id=None,
        idempotency_key=f"row:{number}",
        corrects=None,
        livemode=context.livemode,
        stated_amount=None,
        mode_known=False,
        units=draft.credits,
    )
