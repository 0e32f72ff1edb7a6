"""Payouts endpoints and life cycle: from the available balance to a bank account, step by step.

Source: Stripe API reference, "Payouts"; Stripe docs, "Testing" (payout test accounts). Days until arrival: ours.
"""

from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import (
    ListFilter,
    by_body,
    by_column,
    by_created,
    list_fields,
    listing,
    retrieve,
    within,
)
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import given_metadata, updated
from creditctl.emulator.payments import balances
from creditctl.emulator.protocol.currencies import WHOLE_PAYOUTS, written
from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.protocol.errors import bad_parameter, invalid
from creditctl.emulator.protocol.fields import Currency, Enum, Field, Integer, Text
from creditctl.emulator.protocol.schema import NEW_METADATA, Metadata, Range
from creditctl.emulator.storage.object_types import PAYOUT, Body

ARRIVAL_DAYS = 2
STATUSES = ("canceled", "failed", "in_transit", "paid", "pending")
_CREATE: dict[str, Field] = {
    "amount": Integer(required=True, low=1),
    "currency": Currency(required=True),
    "description": Text(unset=True),
    "destination": Text(),
    "metadata": NEW_METADATA,
    "method": Enum(values=("instant", "standard")),
    "payout_method": Text(),
    "source_type": Enum(values=("bank_account", "card", "fpx")),
    "statement_descriptor": Text(max_length=22),
}


def create(context: RequestContext) -> Body:
    """Pay out of what is available."""
    params = context.params
    amount, currency = params["amount"], params["currency"]
    if currency in WHOLE_PAYOUTS and amount % 100:
        message = f"Payouts in {currency} must be evenly divisible by 100: they have no smaller unit than {currency}."
        raise bad_parameter(message, "amount")
    available = balances.total(context, currency, "available")
    if amount > available:
        raise invalid(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low. "
            f"You have {written(available, currency)} available. You can use the the /v1/balance endpoint to view "
            "your Stripe balance (for more details, see stripe.com/docs/api#balance).",
            code="balance_insufficient",
        )
    payout = _new_payout(context, params)
    payout["balance_transaction"] = _post(context, payout, "payout", -amount)["id"]
    context.add(PAYOUT, payout, event="payout.created")
    context.schedule(DAY_SECONDS, "payout_leaves", payout["id"])
    return payout


def _new_payout(context: RequestContext, params: Body) -> Body:
    return {
        "id": context.new_id("po_"),
        "object": "payout",
        "amount": params["amount"],
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": (context.now // DAY_SECONDS + ARRIVAL_DAYS) * DAY_SECONDS,
        "automatic": False,
        "balance_transaction": None,
        "created": context.now,
        "currency": params["currency"],
        "description": params.get("description"),
        "destination": params.get("destination") or f"ba_1{context.scope.account[-15:]}00000000",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": context.scope.livemode,
        "metadata": given_metadata(params),
        "method": params.get("method", "standard"),
        "original_payout": None,
        "payout_method": params.get("payout_method"),
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": params.get("source_type", "card"),
        "statement_descriptor": params.get("statement_descriptor"),
        "status": "pending",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    }


def _post(context: RequestContext, payout: Body, type_: str, amount: int) -> Body:
    """Source: a recorded failure (phil9690/stripe_api_mock, `db/seeds.rb`); a cancellation by analogy."""
    description, category = payout["description"] or "STRIPE PAYOUT", "payout"
    if type_ != "payout":
        description, category = f"REFUND FOR PAYOUT ({description})", "payout_reversal"
    return balances.post(
        context, type_, payout["id"], amount, payout["currency"], category=category, description=description
    )


def leaves(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Job: a pending payout goes on its way."""
    before = context.fetch(PAYOUT, subject)
    if before["status"] == "pending":
        context.change(PAYOUT, before, before | {"status": "in_transit"}, "payout.updated")
        context.schedule(max(before["arrival_date"] - context.now, 0), "payout_arrives", subject)


def arrives(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """Job: a payout arrives at the bank."""
    before = context.fetch(PAYOUT, subject)
    if before["status"] != "in_transit":
        return
    trace = {"status": "supported", "value": context.services.ids.digits(15)}
    context.save(PAYOUT, before | {"status": "paid", "trace_id": trace}, event="payout.paid")


def fail_payout(context: RequestContext, payout_id: str, code: str) -> Body:
    """Fail a payout that the bank returns: the money is back in the balance."""
    before = context.fetch(PAYOUT, payout_id)
    if before["status"] not in ("pending", "in_transit", "paid"):
        raise invalid(f"This payout has a status of {before['status']} and can no longer fail.")
    entry = _post(context, before, "payout_failure", before["amount"])
    after = before | {
        "failure_balance_transaction": entry["id"],
        "failure_code": code,
        "failure_message": f"The bank answered {code.replace('_', ' ')}.",
        "status": "failed",
    }
    return context.save(PAYOUT, after, event="payout.failed")


def update(context: RequestContext) -> Body:
    """Change a payout's metadata."""
    before = context.fetch(PAYOUT, context.args[0])
    return context.change(PAYOUT, before, updated(before, context.params, ()), "payout.updated")


def cancel(context: RequestContext) -> Body:
    """Call back a payout that has not left yet."""
    before = context.fetch(PAYOUT, context.args[0])
    if before["status"] != "pending":
        raise invalid(f"Payouts can only be canceled while pending; this one is {before['status']}.")
    entry = _post(context, before, "payout_cancel", before["amount"])
    after = before | {"failure_balance_transaction": entry["id"], "status": "canceled"}
    return context.save(PAYOUT, after, event="payout.canceled")


def reverse(context: RequestContext) -> Body:
    """Reversals exist for payouts to US bank accounts of connected platforms; not here."""
    context.fetch(PAYOUT, context.args[0])
    raise invalid("This payout cannot be reversed: it was not made to a debitable bank account.")


_FILTERS = {
    "arrival_date": ListFilter(
        Range(), lambda bounds: within("json_extract(CAST(body AS TEXT), '$.arrival_date')", bounds)
    ),
    "created": by_created(),
    "destination": by_body("$.destination"),
    "status": by_column("label", Enum(values=STATUSES)),
}
_META: dict[str, Field] = {"metadata": Metadata()}
_BASE = "/v1/payouts"
ROUTES = (
    route("POST", _BASE, create, _CREATE, permission="payout"),
    route("GET", _BASE, listing(PAYOUT, _FILTERS), list_fields(_FILTERS), permission="payout"),
    route("GET", _BASE + "/{id}", retrieve(PAYOUT), permission="payout"),
    route("POST", _BASE + "/{id}", update, _META, permission="payout"),
    route("POST", _BASE + "/{id}/cancel", cancel, permission="payout"),
    route("POST", _BASE + "/{id}/reverse", reverse, _META, permission="payout"),
)
