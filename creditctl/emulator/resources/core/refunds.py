"""Refunds: full, partial, pending, failed later.

Source: Stripe API reference, "Refunds"; Stripe docs, "Refund and cancel payments"; recorded events and messages.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import ListFilter, by_column, by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import given_metadata, updated
from creditctl.emulator.payments import balances
from creditctl.emulator.payments.cards import BY_NUMBER
from creditctl.emulator.payments.charge_bodies import receipt_url
from creditctl.emulator.protocol.currencies import written
from creditctl.emulator.protocol.errors import invalid, no_such
from creditctl.emulator.protocol.fields import Anything, Boolean, Currency, Enum, Field, Integer, Text
from creditctl.emulator.protocol.schema import Metadata
from creditctl.emulator.storage.object_types import CHARGE, DISPUTE, PAYMENT_INTENT, PAYMENT_METHOD, REFUND, Body
from creditctl.emulator.storage.store import column
from creditctl.emulator.webhooks.events import previous_attributes

REFERENCE_SECONDS, LATER_SECONDS = 3, 10
_CREATE: dict[str, Field] = {
    "amount": Integer(low=1),
    "charge": Text(),
    "currency": Currency(),
    "customer": Text(),
    "instructions_email": Text(),
    "metadata": Metadata(),
    "origin": Anything(),
    "payment_intent": Text(),
    "reason": Enum(values=("duplicate", "fraudulent", "requested_by_customer")),
    "refund_application_fee": Boolean(),
    "reverse_transfer": Boolean(),
}


def create(context: RequestContext) -> Body:
    """Give money back, all of it unless told otherwise."""
    params = context.params
    charge = _target(context)
    amount = _amount(context, charge)
    fate = _fate(context, charge)
    refund = new_refund(context, charge, amount, "pending" if fate == "pending" else "succeeded")
    if refund["status"] == "succeeded":
        refund["balance_transaction"] = _post(context, charge, refund)["id"]
    context.add(REFUND, refund, event="refund.created")
    _count(context, charge, amount, "charge.refunded")
    if params.get("reason") == "fraudulent":
        _report_fraud(context, charge["id"])
    _schedule(context, refund, fate)
    return refund


def _target(context: RequestContext) -> Body:
    """The charge to refund, and why it may not be."""
    charge_id, intent_id = context.params.get("charge"), context.params.get("payment_intent")
    if not charge_id and not intent_id:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    if intent_id and not charge_id:
        intent = context.fetch(PAYMENT_INTENT, intent_id, "payment_intent")
        if intent["status"] not in ("succeeded", "processing"):
            raise invalid(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund. If it has not been "
                "captured, cancel the PaymentIntent instead.",
                param="payment_intent",
            )
        charge_id = intent["latest_charge"]
    charge = context.fetch(CHARGE, str(charge_id), "id")
    _refuse(context, charge)
    return charge


def _refuse(context: RequestContext, charge: Body) -> None:
    if charge["refunded"]:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if charge["status"] == "failed":
        raise invalid(f"Charge {charge['id']} failed and cannot be refunded.", param="charge")
    if not charge["captured"] and charge["status"] != "pending":
        raise invalid(f"Charge {charge['id']} has not been captured. Cancel its PaymentIntent instead.", param="charge")
    for row in context.services.store.select(context.scope.id, DISPUTE, column("owner", charge["id"])):
        if not row.decoded()["is_charge_refundable"]:
            raise invalid(
                f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
            )


def _amount(context: RequestContext, charge: Body) -> int:
    left = _refundable(charge) - int(charge["amount_refunded"])
    amount = context.params.get("amount", left)
    if amount > left:
        currency = charge["currency"]
        raise invalid(
            f"Refund amount ({written(amount, currency)}) is greater than unrefunded amount on charge "
            f"({written(left, currency)})",
            param="amount",
        )
    return int(amount)


def _refundable(charge: Body) -> int:
    """What was captured, or what a charge that is still pending will bring."""
    return int(charge["amount"] if charge["status"] == "pending" else charge["amount_captured"])


def _fate(context: RequestContext, charge: Body) -> str:
    """What the card behind a charge does to refunds."""
    row = context.find(charge["payment_method"], PAYMENT_METHOD)
    number = row.hidden().get("card") if row else None
    card = BY_NUMBER.get(number or "")
    if charge["status"] == "pending":
        return "pending"
    return card.refund if card else ""


def new_refund(context: RequestContext, charge: Body, amount: int, status: str) -> Body:
    """The body of a new refund of a charge."""
    card = charge["payment_method_details"]["type"] == "card"
    body: Body = {
        "id": context.services.ids.relative("re_" if card else "pyr_", charge["id"], "1"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": context.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": _destination(charge),
        "metadata": given_metadata(context.params),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": context.params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
    if status == "pending":
        body["pending_reason"] = "charge_pending" if charge["status"] == "pending" else "processing"
    return body


def _destination(charge: Body) -> Body:
    type_ = charge["payment_method_details"]["type"]
    if type_ != "card":
        return {"type": type_, type_: {}}
    card = {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    return {"type": "card", "card": card}


def _post(context: RequestContext, charge: Body, refund: Body) -> Body:
    return balances.post(
        context,
        "refund" if refund["id"].startswith("re_") else "payment_refund",
        refund["id"],
        -refund["amount"],
        refund["currency"],
        category="refund",
        description=f"REFUND FOR CHARGE ({charge['description']})" if charge["description"] else "REFUND FOR CHARGE",
        family=charge["id"],
    )


def _count(context: RequestContext, charge: Body, amount: int, event: str) -> None:
    """Add to (or take from) what a charge says was refunded."""
    total = charge["amount_refunded"] + amount
    after = charge | {
        "amount_refunded": total,
        "refunded": total >= _refundable(charge),
        "receipt_url": receipt_url(context),
    }
    context.change(CHARGE, charge, after, event)


def _report_fraud(context: RequestContext, charge_id: str) -> None:
    charge = context.fetch(CHARGE, charge_id)
    context.save(CHARGE, {**charge, "fraud_details": {"user_report": "fraudulent"}})


def _schedule(context: RequestContext, refund: Body, fate: str) -> None:
    if fate == "pending":
        context.schedule(LATER_SECONDS, "refund_succeeds", refund["id"])
    elif fate == "fail":
        context.schedule(LATER_SECONDS, "refund_fails", refund["id"])
    elif "card" in refund["destination_details"]:
        context.schedule(REFERENCE_SECONDS, "refund_reference", refund["id"])


def _announce(context: RequestContext, before: Body, after: Body) -> None:
    """A refund's change is announced under both of its names."""
    if previous := previous_attributes(before, after):
        context.save(REFUND, after, event="refund.updated", previous=previous)
        context.emit("charge.refund.updated", after, previous)


def reference_arrives(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """The acquirer's reference number becomes known."""
    before = context.fetch(REFUND, subject)
    card = before["destination_details"]["card"] | {
        "reference": context.services.ids.digits(16),
        "reference_status": "available",
    }
    _announce(context, before, before | {"destination_details": {"type": "card", "card": card}})


def pending_refund_succeeds(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """A pending refund goes out."""
    before = context.fetch(REFUND, subject)
    if before["status"] != "pending":
        return
    charge = context.fetch(CHARGE, before["charge"])
    after = {name: value for name, value in before.items() if name != "pending_reason"}
    after |= {"status": "succeeded", "balance_transaction": _post(context, charge, before)["id"]}
    _announce(context, before, after)


def refund_fails(context: RequestContext, subject: str, payload: dict[str, Any]) -> None:
    """The bank returns a refund: the money is back, and the charge counts less as refunded."""
    before = context.fetch(REFUND, subject)
    if before["status"] not in ("succeeded", "pending"):
        return
    charge = context.fetch(CHARGE, before["charge"])
    reason = payload.get("reason") or "lost_or_stolen_card"
    after = before | {"status": "failed", "failure_reason": reason}
    if before["balance_transaction"]:
        after["failure_balance_transaction"] = _return(context, charge, before)["id"]
    context.save(REFUND, after, event="refund.failed")
    _announce(context, before, after)
    _count(context, charge, -before["amount"], "charge.updated")


def _return(context: RequestContext, charge: Body, refund: Body) -> Body:
    return balances.post(
        context,
        "refund_failure",
        refund["id"],
        refund["amount"],
        refund["currency"],
        category="refund_failure",
        description="REFUND FAILURE",
        family=charge["id"],
    )


def update(context: RequestContext) -> Body:
    """Change a refund's metadata."""
    before = context.fetch(REFUND, context.args[0])
    after = updated(before, context.params, ())
    _announce(context, before, after)
    return after


def cancel(context: RequestContext) -> Body:
    """Card refunds can't be canceled; Source: recorded message."""
    context.fetch(REFUND, context.args[0])
    raise invalid("Canceling this refund is unsupported.")


def _create_for(context: RequestContext) -> Body:
    """Refund the charge of the path."""
    context.params["charge"] = context.args[0]
    return create(context)


def _refund_charge(context: RequestContext) -> Body:
    """The older way to refund, which answers the charge."""
    return context.fetch(CHARGE, _create_for(context)["charge"])


def _of_charge(context: RequestContext) -> Body | bytes:
    context.fetch(CHARGE, context.args[0], "charge")
    conditions = [column("owner", context.args[0])]
    url = f"/v1/charges/{context.args[0]}/refunds"
    return listing(REFUND, {}, base=lambda _: conditions, url=lambda _: url)(context)


def _one_of_charge(context: RequestContext) -> bytes:
    context.fetch(CHARGE, context.args[0], "charge")
    row = context.fetch_row(REFUND, context.args[1])
    if row.decoded()["charge"] != context.args[0]:
        raise no_such("refund", context.args[1], "refund")
    return row.body


_FILTERS: dict[str, ListFilter] = {
    "charge": by_column("owner"),
    "payment_intent": by_column("parent"),
    "created": by_created(),
}
_META: dict[str, Field] = {"metadata": Metadata()}
_CREATE_FOR = {name: field for name, field in _CREATE.items() if name not in ("charge", "payment_intent")}
ROUTES = (
    route("POST", "/v1/refunds", create, _CREATE, permission="refund"),
    route("GET", "/v1/refunds", listing(REFUND, _FILTERS, counted=True), list_fields(_FILTERS), permission="refund"),
    route("GET", "/v1/refunds/{id}", retrieve(REFUND), permission="refund"),
    route("POST", "/v1/refunds/{id}", update, _META, permission="refund"),
    route("POST", "/v1/refunds/{id}/cancel", cancel, permission="refund"),
    route("POST", "/v1/charges/{id}/refund", _refund_charge, _CREATE_FOR, permission="charge"),
    route("POST", "/v1/charges/{id}/refunds", _create_for, _CREATE_FOR, permission="charge"),
    route("GET", "/v1/charges/{id}/refunds", _of_charge, list_fields({}), permission="charge"),
    route("GET", "/v1/charges/{id}/refunds/{refund}", _one_of_charge, permission="charge"),
)
