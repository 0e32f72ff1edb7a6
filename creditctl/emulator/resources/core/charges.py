"""Charges endpoints: read, annotate, list their refunds. Charges are made by payment intents only.

Source: Stripe API reference, "Charges".
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_body, by_column, by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import shipping, updated
from creditctl.emulator.payments.charge_bodies import receipt_url
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.fields import Enum, Field, Text
from creditctl.emulator.protocol.schema import SHIPPING, Hash, Metadata
from creditctl.emulator.protocol.wire import ListPage
from creditctl.emulator.storage.object_types import CHARGE, CUSTOMER, REFUND, Body
from creditctl.emulator.storage.store import column, decode

_UPDATE: dict[str, Field] = {
    "customer": Text(),
    "description": Text(unset=True, max_length=40_000),
    "fraud_details": Hash(fields={"user_report": Enum(values=("fraudulent", "safe"), unset=True, required=True)}),
    "metadata": Metadata(),
    "receipt_email": Text(unset=True),
    "shipping": SHIPPING,
    "transfer_group": Text(),
}


def update(context: RequestContext) -> Body:
    """Annotate a charge; Source: recorded test-mode refusal for `transfer_group`."""
    before = context.fetch(CHARGE, context.args[0])
    if "transfer_group" in context.params:
        raise invalid(
            f"This Charge was created by a PaymentIntent ({before['payment_intent']}). You must update the "
            "`transfer_group` on the PaymentIntent instead of updating the Charge directly. See "
            "https://stripe.com/docs/api#update_payment_intent"
        )
    if context.params.get("customer"):
        context.refer(CUSTOMER, context.params["customer"], "customer")
        if before["customer"] not in (None, context.params["customer"]):
            # Source: Stripe API reference: "only be updated if there is no existing associated customer"; words ours.
            raise invalid("This charge has a customer already, which can't be changed.", param="customer")
    after = updated(before, context.params, ("customer", "description", "receipt_email"))
    if "shipping" in context.params:
        after["shipping"] = shipping(context.params["shipping"])
    report = (context.params.get("fraud_details") or {}).get("user_report")
    if report:
        after["fraud_details"] = {"user_report": report}
    if after != before:
        after["receipt_url"] = receipt_url(context)
    return context.change(CHARGE, before, after, "charge.updated")


def refunds(context: RequestContext, charge: Body) -> Body:
    """The refunds of a charge, as a list of its first ten."""
    rows = context.services.store.select(context.scope.id, REFUND, column("owner", charge["id"]))
    url = f"/v1/charges/{charge['id']}/refunds"
    found: Body = decode(ListPage(url, [row.body for row in rows[:10]], len(rows) > 10).text())
    return found


_FILTERS = {
    "created": by_created(),
    "customer": by_column("owner"),
    "payment_intent": by_column("parent"),
    "transfer_group": by_body("$.transfer_group"),
}
ROUTES = (
    route("GET", "/v1/charges", listing(CHARGE, _FILTERS), list_fields(_FILTERS), permission="charge"),
    route("GET", "/v1/charges/{id}", retrieve(CHARGE), permission="charge"),
    route("POST", "/v1/charges/{id}", update, _UPDATE, permission="charge"),
)
