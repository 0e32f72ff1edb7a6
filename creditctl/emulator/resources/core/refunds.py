"""Refunds endpoints: create, retrieve, list, update, cancel; also below a charge, as older versions have them.

Source: Stripe API reference, "Refunds"; Stripe docs, "Refund and cancel payments"; recorded events and messages.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import ListFilter, by_column, by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import updated
from creditctl.emulator.payments.refunds import announce_change, refund_charge, refundable
from creditctl.emulator.protocol.currencies import refuse_too_fine, written
from creditctl.emulator.protocol.errors import invalid, no_such, not_acted_on
from creditctl.emulator.protocol.fields import Boolean, Currency, Enum, Field, Integer, Text
from creditctl.emulator.protocol.schema import Metadata
from creditctl.emulator.protocol.wire import ListPage
from creditctl.emulator.storage.object_types import CHARGE, DISPUTE, PAYMENT_INTENT, REFUND, Body
from creditctl.emulator.storage.store import column

_CREATE: dict[str, Field] = {
    "amount": Integer(low=1),
    "charge": Text(),
    "currency": Currency(),
    "customer": Text(),
    "instructions_email": Text(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": Enum(values=("duplicate", "fraudulent", "requested_by_customer")),
    "refund_application_fee": Boolean(),
    "reverse_transfer": Boolean(),
}


def create(context: RequestContext) -> Body:
    """Give money back, all of it unless told otherwise."""
    charge = _target(context)
    _refuse_more(context, charge)
    return refund_charge(context, charge, _amount(context, charge), context.params)


def _refuse_more(context: RequestContext, charge: Body) -> None:
    """What belongs to Connect or to a customer's balance has nothing to act on here."""
    params = context.params
    for name in ("refund_application_fee", "reverse_transfer"):
        if params.get(name):
            raise not_acted_on(name, "there are no connected accounts")
    if params.get("customer"):
        raise not_acted_on("customer", "there is no customer balance to refund from")
    if params.get("currency") not in (None, charge["currency"]):
        raise invalid(f"The charge is in {charge['currency']}, not in {params['currency']}.", param="currency")


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
    left = refundable(charge) - int(charge["amount_refunded"])
    amount = context.params.get("amount", left)
    if amount > left:
        currency = charge["currency"]
        # Source: recorded refusals, before and after a first refund.
        most = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
        raise invalid(
            f"Refund amount ({written(amount, currency)}) is greater than {most} ({written(left, currency)})",
            param="amount",
        )
    refuse_too_fine(amount, charge["currency"], "amount")
    return int(amount)


def update(context: RequestContext) -> Body:
    """Change a refund's metadata."""
    before = context.fetch(REFUND, context.args[0])
    after = updated(before, context.params, ())
    announce_change(context, before, after)
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


def _of_charge(context: RequestContext) -> ListPage:
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


def _update_of_charge(context: RequestContext) -> Body:
    """Change the metadata of a charge's refund, by the older path."""
    _one_of_charge(context)
    context.args = context.args[1:]
    return update(context)


_FILTERS: dict[str, ListFilter] = {
    # Source: an emulator that is held against Stripe's test mode refuses both here: neilberkman/paper_tiger, issue 87
    # and `lib/paper_tiger/resources/refund.ex`. Of the other lists no source was found: they answer empty.
    "charge": by_column("owner", refers=CHARGE),
    "payment_intent": by_column("parent", refers=PAYMENT_INTENT),
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
    # Source: Stripe's OpenAPI description, `PostChargesChargeRefundsRefund`.
    route("POST", "/v1/charges/{id}/refunds/{refund}", _update_of_charge, _META, permission="charge"),
)
