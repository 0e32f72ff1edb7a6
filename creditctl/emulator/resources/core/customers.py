"""Customers endpoints: create, retrieve, list, update, delete.

Source: Stripe API reference, "Customers"; a deleted customer is still retrieved, as a stub.
"""

from collections.abc import Callable

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_column, by_created, list_fields, listing
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import address, erase, given_metadata, shipping, updated
from creditctl.emulator.payments.tax_location import tax_location
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.fields import Email, Enum, Field, Integer, Matching, Text
from creditctl.emulator.protocol.schema import ADDRESS, CUSTOMER_SHIPPING, Hash, Listing, Metadata
from creditctl.emulator.protocol.written_text import Capitals, Stripped
from creditctl.emulator.resources.billing.tax_id_formats import check_format
from creditctl.emulator.resources.billing.tax_ids import TAX_ID_DATA, add_tax_id
from creditctl.emulator.resources.core.payment_methods import save_to
from creditctl.emulator.resources.core.sources import SOURCE, add_source, own_source
from creditctl.emulator.storage.object_types import CUSTOMER, PAYMENT_METHOD, Body

_SIMPLE: dict[str, Field] = {
    "address": Hash(fields={**ADDRESS.fields, "country": Capitals(unset=True)}, unset=True),
    "balance": Integer(),
    "description": Text(unset=True),
    "email": Email(unset=True),
    "name": Stripped(unset=True, max_length=256),
    "phone": Stripped(unset=True, max_length=20),
    "preferred_locales": Listing(item=Text()),
    "shipping": CUSTOMER_SHIPPING,
    "tax_exempt": Enum(values=("exempt", "none", "reverse"), unset=True),
    "invoice_prefix": Matching(form="[A-Z0-9]{1,12}", what="1 to 12 uppercase letters or numbers"),
    "next_invoice_sequence": Integer(),
}
_SETTINGS = Hash(
    fields={
        "custom_fields": Listing(
            item=Hash(
                fields={"name": Text(required=True, max_length=40), "value": Text(required=True, max_length=140)}
            ),
            most=4,
        ),
        "default_payment_method": Text(unset=True),
        "footer": Text(unset=True),
        "rendering_options": Hash(
            fields={"amount_tax_display": Enum(values=("exclude_tax", "include_inclusive_tax"), unset=True)}, unset=True
        ),
    }
)
_SHARED: dict[str, Field] = {
    **_SIMPLE,
    "business_name": Text(unset=True, max_length=150),
    "individual_name": Text(unset=True, max_length=150),
    "invoice_settings": _SETTINGS,
    "metadata": Metadata(),
    "source": SOURCE,
}
_CREATE: dict[str, Field] = {**_SHARED, "payment_method": Text(), "tax_id_data": TAX_ID_DATA}
_UPDATE: dict[str, Field] = {**_SHARED, "default_source": Text()}


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
    """Create a customer, with method, source and tax ids; a card that always declines is refused, and all with it."""
    params = context.params
    customer = context.add(CUSTOMER, new_customer(context, params))
    settings = dict(params.get("invoice_settings") or {})
    if params.get("payment_method"):
        method = save_to(context, params["payment_method"], customer["id"])
        if settings.get("default_payment_method") == params["payment_method"]:
            settings["default_payment_method"] = method["id"]
    if params.get("source"):
        customer["default_source"] = add_source(context, customer["id"], params["source"])["id"]
    customer["invoice_settings"] = _settings(context, customer, settings)
    context.save(CUSTOMER, customer, event="customer.created")
    for place, tax_id in enumerate(params.get("tax_id_data") or []):
        check_format(tax_id["type"], tax_id["value"], f"tax_id_data[{place}][value]")
        add_tax_id(context, customer["id"], tax_id["type"], tax_id["value"])
    return customer


def _settings(context: RequestContext, customer: Body, given: Body) -> Body:
    """`invoice_settings` after a change; the default method must be attached to the customer.

    Source: messages quoted in public issues.
    """
    param = "invoice_settings[default_payment_method]"
    name = given.get("default_payment_method")
    if name:
        method = context.refer(PAYMENT_METHOD, name, param)
        if method["customer"] != customer["id"]:
            raise invalid(
                f"The customer does not have a payment method with the ID {name}. The payment method must be attached "
                "to the customer.",
                code="resource_missing",
                param=param,
            )
    rendering = given.get("rendering_options")
    shown = {"rendering_options": {"template": None, **rendering}} if rendering else {}
    return {**customer["invoice_settings"], **given, **shown}


def empty_list(part: str) -> Callable[[RequestContext, Body], Body]:
    """A loader of one of a customer's lists that nothing here fills."""

    def load(_: RequestContext, customer: Body) -> Body:
        return {"object": "list", "data": [], "has_more": False, "url": f"/v1/customers/{customer['id']}/{part}"}

    return load


def tax(_: RequestContext, customer: Body) -> Body:
    """Where a customer is taxed, by an account that is registered nowhere."""
    location = tax_location(customer)
    known = "not_collecting" if location else "unrecognized_location"
    return {"automatic_tax": known, "ip_address": None, "location": location, "provider": "stripe"}


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
    if params.get("invoice_settings"):
        after["invoice_settings"] = _settings(context, before, params["invoice_settings"])
    if params.get("source"):
        after["default_source"] = add_source(context, before["id"], params["source"])["id"]
    if params.get("default_source"):
        after["default_source"] = own_source(context, before["id"], params["default_source"], "default_source", 400)[
            "id"
        ]
    return context.change(CUSTOMER, before, after, "customer.updated")


def delete(context: RequestContext) -> Body:
    """Delete a customer."""
    customer = context.fetch(CUSTOMER, context.args[0])
    context.emit("customer.deleted", customer)
    return erase(context, CUSTOMER, customer["id"])


_FILTERS = {"created": by_created(), "email": by_column("label")}
ROUTES = (
    route("POST", "/v1/customers", create, _CREATE, permission="customer"),
    route("GET", "/v1/customers", listing(CUSTOMER, _FILTERS), list_fields(_FILTERS), permission="customer"),
    route("GET", "/v1/customers/{id}", retrieve_customer, permission="customer"),
    route("POST", "/v1/customers/{id}", update, _UPDATE, permission="customer"),
    route("DELETE", "/v1/customers/{id}", delete, permission="customer"),
)
