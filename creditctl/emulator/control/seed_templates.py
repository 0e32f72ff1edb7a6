"""Templates of a past payment's objects: made once for each price and fate, filled in for each payment."""

import re
from typing import Any

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments import balances
from creditctl.emulator.payments.cards import BY_NUMBER, GENERIC
from creditctl.emulator.payments.charge_bodies import new_charge
from creditctl.emulator.payments.dispute_bodies import new_dispute
from creditctl.emulator.payments.methods import PaymentMethod, card_body
from creditctl.emulator.payments.refunds import new_refund
from creditctl.emulator.protocol.json_text import written_item
from creditctl.emulator.resources.checkout.amounts import calculate
from creditctl.emulator.resources.checkout.bodies import customer_details, new_session
from creditctl.emulator.resources.core.payment_intents.bodies import new_intent
from creditctl.emulator.storage.object_types import (
    BALANCE_TRANSACTION,
    CHARGE,
    DISPUTE,
    KINDS,
    PAYMENT_INTENT,
    PAYMENT_METHOD,
    PRODUCT,
    REFUND,
    SESSION,
    Body,
    ObjectType,
)

FATES = ("paid", "refunded", "partial", "disputed", "declined", "expired")
_NUMBER = re.compile(rb'"~#(\w+)~"')
_TEXT = re.compile(rb"~(\w+)~")
_HOLE = re.compile(r"~#?(\w+)~")


class Template(msgspec.Struct):
    """One object with holes: `~name~` for text, `~#name~` for a number."""

    kind: str
    object_id: str
    created: str
    links: tuple[str | None, ...]
    body: bytes
    extra: bytes | None
    net: int | None = None
    currency: str = ""
    settles: bool = False
    """Whether its money becomes available only later."""

    def row(self, scope: int, values: dict[str, Any], holes: dict[bytes, Any]) -> tuple[Any, ...]:
        """The database row with the holes filled; `holes` are the values as bytes."""
        links = tuple(values.get(link, link) if link else None for link in self.links)
        extra = self.extra % holes if self.extra else None
        return (
            scope,
            self.kind,
            values[self.object_id],
            values[self.created],
            *links,
            self.body % holes,
            extra,
        )


def _holed(body: Body) -> bytes:
    # Filled in by bytes formatting, far faster than encoding a body for each payment.
    text = written_item(body).replace(b"%", b"%%")
    return _TEXT.sub(rb"%(\1)b", _NUMBER.sub(rb"%(\1)d", text))


def _template(kind: ObjectType, body: Body, extra: Body | None = None) -> Template:
    def hole(value: Any) -> str | None:
        match = _HOLE.fullmatch(str(value)) if value is not None else None
        return match[1] if match else value

    created = hole(body["created"]) or "created"
    links = tuple(hole(value) for value in KINDS[kind.name].columns(body))
    return Template(kind.name, str(hole(body["id"])), created, links, _holed(body), _holed(extra) if extra else None)


def templates(context: RequestContext, price: Body, fate: str) -> list[Template]:
    """Every object of one payment that ended in this way."""
    item = _item(context, price)
    session = _session(context, price, item)
    if fate == "expired":
        session |= {"status": "expired", "url": None}
        return [_session_template(session, item)]
    card = BY_NUMBER["4000000000000002" if fate == "declined" else "4242424242424242"]
    method = PaymentMethod(card_body(context, card, {}, None), {"card": card.number, "used": True})
    method.body |= {"id": "~method~", "created": "~#created~"}
    intent = _intent(context, price)
    charge = new_charge(context, intent, method, "failed" if fate == "declined" else "succeeded",
                        GENERIC if fate == "declined" else None, False)  # fmt: skip
    charge |= {"id": "~charge~", "created": "~#created~"}
    first = [_template(PAYMENT_METHOD, method.body, method.extra)]
    if fate == "declined":
        session |= {"payment_intent": "~intent~", "status": "expired", "url": None}
        intent |= {"canceled_at": "~#expires~", "latest_charge": "~charge~", "status": "canceled"}
        return [*first, _intent_template(intent), _template(CHARGE, charge), _session_template(session, item)]
    return first + _paid(context, session, item, intent, charge, fate)


def _paid(context: RequestContext, session: Body, item: Body, intent: Body, charge: Body, fate: str) -> list[Template]:
    session |= {
        "customer_details": customer_details("~user~@example.com", {}),
        "payment_intent": "~intent~",
        "payment_status": "paid",
        "status": "complete",
        "url": None,
    }
    intent |= {"amount_received": intent["amount"], "latest_charge": "~charge~", "payment_method": "~method~",
               "status": "succeeded"}  # fmt: skip
    charge["balance_transaction"] = "~txn~"
    made = [_movement(context, charge, "txn", "charge", "charge", charge["amount"], "~charge~", settles=True)]
    if fate in ("refunded", "partial"):
        made += _refund(context, charge, charge["amount"] if fate == "refunded" else charge["amount"] // 2)
    if fate == "disputed":
        made += _dispute(context, charge)
    return [_intent_template(intent), _template(CHARGE, charge), _session_template(session, item), *made]


def _refund(context: RequestContext, charge: Body, amount: int) -> list[Template]:
    movement = _movement(context, charge, "refund_txn", "refund", "refund", -amount, "~refund~", settles=False)
    refund = new_refund(context, charge, amount, "succeeded", {})
    refund |= {"id": "~refund~", "balance_transaction": "~refund_txn~", "created": "~#later~"}
    charge |= {"amount_refunded": amount, "refunded": amount == charge["amount"]}
    return [_template(REFUND, refund), movement]


def _dispute(context: RequestContext, charge: Body) -> list[Template]:
    amount = -charge["amount"]
    movement = _movement(context, charge, "dispute_txn", "adjustment", "dispute", amount, "~dispute~", settles=False)
    body = _transaction(context, charge, "dispute_txn", "adjustment", "dispute", amount, "~dispute~", settles=False)
    dispute = new_dispute(context, charge, charge["amount"], "fraudulent", "10.4", "")
    dispute |= {
        "id": "~dispute~",
        "balance_transaction": "~dispute_txn~",
        "balance_transactions": [body],
        "created": "~#later~",
        "evidence_details": {**dispute["evidence_details"], "due_by": "~#due_by~"},
    }
    charge |= {"disputed": True, "dispute": "~dispute~"}
    return [_template(DISPUTE, dispute), movement]


def _transaction(
    context: RequestContext,
    charge: Body,
    name: str,
    type_: str,
    category: str,
    amount: int,
    source: str,
    *,
    settles: bool,
) -> Body:
    fee = {"charge": balances.processing_fee(amount), "dispute": balances.DISPUTE_FEE}.get(category, 0)
    text = "Dispute fee" if category == "dispute" else "Stripe processing fees"
    body = balances.transaction_body(
        context, type_, source, amount, charge["currency"], category, fee, text, context.now
    )
    moment = "~#created~" if settles else "~#later~"
    body |= {
        "id": f"~{name}~",
        "available_on": "~#available_on~" if settles else moment,
        "created": moment,
        "status": "~status~" if settles else "available",
    }
    return body


def _movement(context: RequestContext, charge: Body, name: str, type_: str, category: str, amount: int, source: str, *,
              settles: bool) -> Template:  # fmt: skip
    body = _transaction(context, charge, name, type_, category, amount, source, settles=settles)
    template = _template(BALANCE_TRANSACTION, body)
    template.net, template.currency, template.settles = body["net"], body["currency"], settles
    return template


def _metadata(price: Body) -> Body:
    """What an application writes: whose purchase it is, and what its price says about itself."""
    return {**price["metadata"], "user_id": "~user~"}


def _item(context: RequestContext, price: Body) -> Body:
    product = context.fetch(PRODUCT, price["product"])
    return {
        "id": "~item~",
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": price["unit_amount"],
        "amount_tax": 0,
        "amount_total": price["unit_amount"],
        "currency": price["currency"],
        "description": product["name"],
        "metadata": {},
        "price": price,
        "quantity": 1,
        "tax_rates": [],
        "taxes": [],
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def _session(context: RequestContext, price: Body, item: Body) -> Body:
    params = {
        "client_reference_id": "~user~",
        "metadata": _metadata(price),
        "success_url": "https://example.com/credits/success?session_id={CHECKOUT_SESSION_ID}",
    }
    amounts = calculate([item], None, price["currency"])
    body = new_session(context, params, amounts, None, price["currency"], None)
    return body | {"id": "~session~", "created": "~#created~", "expires_at": "~#expires~"}


def _session_template(session: Body, item: Body) -> Template:
    return _template(SESSION, session, {"items": [item], "payment_intent_data": {}})


def _intent(context: RequestContext, price: Body) -> Body:
    params = {"amount": price["unit_amount"], "currency": price["currency"], "metadata": _metadata(price)}
    intent = new_intent(context, params)
    return intent | {"id": "~intent~", "client_secret": "~secret~", "created": "~#created~"}


def _intent_template(intent: Body) -> Template:
    return _template(PAYMENT_INTENT, intent, {"session": "~session~"})
