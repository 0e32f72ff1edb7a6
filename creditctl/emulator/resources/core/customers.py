"""Customers endpoints: create, retrieve, list, update, delete.

Source: Stripe API reference, "Customers"; a deleted customer is still retrieved, as a stub.
"""

from collections.abc import Callable

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_column, by_created, list_fields, listing
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import address, erase, given_metadata, shipping, updated
from creditctl.emulator.protocol.fields import Anything, Email, Enum, Field, Integer, Text
from creditctl.emulator.protocol.schema import ADDRESS, SHIPPING, Hash, Listing, Metadata
from creditctl.emulator.resources.core.payment_methods import save_to
from creditctl.emulator.storage.object_types import CUSTOMER, Body

_SIMPLE: dict[str, Field] = {
    "address": ADDRESS,
    "balance": Integer(),
    "description": Text(unset=True),
    "email": Email(unset=True),
    "name": Text(unset=True, max_length=256),
    "phone": Text(unset=True, max_length=20),
    "preferred_locales": Listing(item=Text()),
    "shipping": SHIPPING,
    "tax_exempt": Enum(values=("exempt", "none", "reverse"), unset=True),
    "invoice_prefix": Text(),
    "next_invoice_sequence": Integer(),
}
_ACCEPTED: dict[str, Field] = {
    "business_name": Text(unset=True),
    "individual_name": Text(unset=True),
    "cash_balance": Anything(),
    "invoice_settings": Hash(
        fields={
            "custom_fields": Anything(),
            "default_payment_method": Text(),
            "footer": Text(unset=True),
            "rendering_options": Anything(),
        }
    ),
    "source": Text(),
    "tax": Anything(),
}
_CREATE: dict[str, Field] = {
    **_SIMPLE,
    **_ACCEPTED,
    "metadata": Metadata(),
    "payment_method": Text(),
    "tax_id_data": Anything(),
    "test_clock": Text(),
}
_UPDATE: dict[str, Field] = {**_SIMPLE, **_ACCEPTED, "metadata": Metadata(), "default_source": Text()}


def new_customer(context: RequestContext, params: Body) -> Body:
    """The body of a new customer."""
    body: Body = {
        "id": "cus_" + context.services.ids.token(14),
        "object": "customer",
        "address": address(params.get("address")),
        "balance": params.get("balance", 0),
        "created": context.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": params.get("description"),
        "discount": None,
        "email": params.get("email"),
        "invoice_prefix": params.get("invoice_prefix") or context.services.ids.token(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": context.scope.livemode,
        "metadata": given_metadata(params),
        "name": params.get("name"),
        "next_invoice_sequence": params.get("next_invoice_sequence", 1),
        "phone": params.get("phone"),
        "preferred_locales": params.get("preferred_locales") or [],
        "shipping": shipping(params.get("shipping")),
        "tax_exempt": params.get("tax_exempt") or "none",
        "test_clock": None,
    }
    body |= {name: params[name] for name in ("business_name", "individual_name") if params.get(name)}
    return body


def create(context: RequestContext) -> Body:
    """Create a customer, with a method saved to it where one is named."""
    customer = new_customer(context, context.params)
    default = (context.params.get("invoice_settings") or {}).get("default_payment_method")
    customer["invoice_settings"]["default_payment_method"] = default
    context.add(CUSTOMER, customer, event="customer.created")
    if context.params.get("payment_method"):
        method = save_to(context, context.params["payment_method"], customer["id"])
        if default == context.params["payment_method"] != method["id"]:
            customer["invoice_settings"]["default_payment_method"] = method["id"]
            context.save(CUSTOMER, customer)
    return customer


def empty_list(part: str) -> Callable[[RequestContext, Body], Body]:
    """A loader of one of a customer's lists that nothing here fills."""

    def load(_: RequestContext, customer: Body) -> Body:
        return {"object": "list", "data": [], "has_more": False, "url": f"/v1/customers/{customer['id']}/{part}"}

    return load


def tax(_: RequestContext, __: Body) -> Body:
    """What is known about a customer's taxes: nothing."""
    return {"automatic_tax": "unrecognized_location", "ip_address": None, "location": None, "provider": "stripe"}


def cash_balance(context: RequestContext, customer: Body) -> Body:
    """The cash balance of a customer whom nobody sent a bank transfer."""
    return {
        "object": "cash_balance",
        "available": None,
        "customer": customer["id"],
        "customer_account": None,
        "livemode": context.scope.livemode,
        "settings": {"reconciliation_mode": "automatic", "using_merchant_default": True},
    }


def no_invoice_credit(_: RequestContext, __: Body) -> Body:
    """`invoice_credit_balance` of a customer without invoices to come. Source: recorded as `{}`."""
    return {}


def retrieve_customer(context: RequestContext) -> Body | bytes:
    """A customer, or the stub of a deleted one."""
    row = context.services.store.get(context.scope.id, context.args[0])
    if row is None or row.kind != CUSTOMER.name:
        raise context.missing(CUSTOMER, context.args[0], "id")
    return {"id": row.id, "object": "customer", "deleted": True} if row.deleted else row.body


def update(context: RequestContext) -> Body:
    """Change a customer."""
    params = context.params
    before = context.fetch(CUSTOMER, context.args[0])
    after = updated(before, params, (*_SIMPLE, "business_name", "individual_name"))
    after["address"] = address(after["address"])
    after["shipping"] = shipping(after["shipping"])
    after["tax_exempt"] = after["tax_exempt"] or "none"
    after["preferred_locales"] = after["preferred_locales"] or []
    settings = params.get("invoice_settings")
    if settings:
        after["invoice_settings"] = {**before["invoice_settings"], **settings}
    return context.change(CUSTOMER, before, after, "customer.updated")


def delete(context: RequestContext) -> Body:
    """Delete a customer."""
    customer = context.fetch(CUSTOMER, context.args[0])
    context.emit("customer.deleted", customer)
    return erase(context, CUSTOMER, customer["id"])


_FILTERS = {"created": by_created(), "email": by_column("label"), "test_clock": by_column("owner")}
ROUTES = (
    route("POST", "/v1/customers", create, _CREATE, permission="customer"),
    route("GET", "/v1/customers", listing(CUSTOMER, _FILTERS), list_fields(_FILTERS), permission="customer"),
    route("GET", "/v1/customers/{id}", retrieve_customer, permission="customer"),
    route("POST", "/v1/customers/{id}", update, _UPDATE, permission="customer"),
    route("DELETE", "/v1/customers/{id}", delete, permission="customer"),
)
