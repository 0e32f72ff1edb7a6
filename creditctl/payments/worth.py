"""Worth of a payment: the one entrance to the entitlement decision, for webhook, reader and judgement."""

from __future__ import annotations

from dataclasses import replace

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.decision import Decision, Grants, decide, needs_line_items
from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.entitlement.prices import LineItem, PriceFacts
from creditctl.payments.facts import IntentFacts, SoldSession


def worth(sold: SoldSession, catalog: Catalog) -> Decision:
    """What a checkout session is worth; NeedsLineItems where only its line items can say it and are not there."""
    return decide(sold.session, catalog, sold.items)


def needs_items(session: SessionFacts, catalog: Catalog) -> bool:
    """Whether only the line items of a checkout session can say what it is worth: quicker asked than `worth`."""
    return needs_line_items(session, catalog)


def worth_off_session(intent: IntentFacts, catalog: Catalog) -> Decision | None:
    """What a payment without a session is worth, by its own metadata or by a rule of the catalogue; None where neither
    names anything of ours.

    Source: Stripe documentation, "Charge a saved payment method": an off-session payment intent has no session.
    """
    if intent.status != "succeeded":
        return None
    for items in ((), (_as_line(intent),)):
        decision = decide(_as_session(intent), catalog, items)
        if isinstance(decision, Grants):
            return Grants(replace(decision.purchase, session_id=None))
    return None


def _as_session(intent: IntentFacts) -> SessionFacts:
    return SessionFacts(
        id=intent.id,
        status="complete",
        payment_status="paid",
        mode="payment",
        amount_subtotal=intent.amount_received,
        amount_total=intent.amount_received,
        currency=intent.currency,
        payment_intent=intent.id,
        client_reference_id=None,
        metadata=intent.metadata,
        livemode=False,
        created=intent.paid,
    )


def _as_line(intent: IntentFacts) -> LineItem:
    """The payment as one line of a price that only a rule can name: metadata with amount and currency."""
    amount, currency = intent.amount_received, intent.currency
    price = PriceFacts(intent.id, "", amount, currency, None, {}, product_metadata={}, superseded=False)
    return LineItem(1, amount, currency, price, amount)
