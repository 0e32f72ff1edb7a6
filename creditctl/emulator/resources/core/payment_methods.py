"""Payment methods endpoints: create from tokens and bank accounts, attach, detach, list by customer.

Source: Stripe API reference, "PaymentMethods".
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_body, by_column, list_fields, listing
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import billing_details, updated
from creditctl.emulator.payments.banks import BANKS
from creditctl.emulator.payments.cards import card_by_token
from creditctl.emulator.payments.declines import not_saved
from creditctl.emulator.payments.methods import load_method, make_method
from creditctl.emulator.protocol.errors import bad_parameter, invalid, missing_parameter
from creditctl.emulator.protocol.fields import Enum, Field, Integer, Text
from creditctl.emulator.protocol.schema import BILLING_DETAILS, NEW_METADATA, Hash, Metadata
from creditctl.emulator.protocol.wire import ListPage
from creditctl.emulator.storage.object_types import CUSTOMER, PAYMENT_METHOD, Body
from creditctl.emulator.storage.store import Condition
from creditctl.emulator.storage.transactions import transact

TYPES = ("card", *BANKS)
_LEFT_OUT_TEXT = """
affirm afterpay_clearpay alipay alma amazon_pay bancontact billie bizum blik boleto cashapp crypto custom
customer_balance eps fpx giropay grabpay ideal kakao_pay klarna konbini kr_card link mb_way mobilepay multibanco
naver_pay nz_bank_account oxxo p24 pay_by_bank payco paynow paypal paypay payto pix promptpay revolut_pay samsung_pay
satispay scalapay sequra sofort sunbit swish twint upi wechat_pay zip
"""
LEFT_OUT = tuple(_LEFT_OUT_TEXT.split())
"""The kinds of methods that no payment can be made with here; a list of them is empty."""
_REDISPLAY = Enum(values=("always", "limited", "unspecified"))
_NETWORKS = Hash(fields={"preferred": Enum(values=("cartes_bancaires", "mastercard", "visa"), unset=True)}, unset=True)
CARD = Hash(
    fields={
        "token": Text(),
        "number": Text(),
        "exp_month": Integer(),
        "exp_year": Integer(),
        "cvc": Text(),
        "networks": _NETWORKS,
    }
)
METHOD_FIELDS: dict[str, Field] = {
    "type": Enum(values=TYPES, left_out=LEFT_OUT),
    "card": CARD,
    **{name: Hash(fields={field: Text() for field in (bank.account, *bank.routing)}) for name, bank in BANKS.items()},
    "us_bank_account": Hash(
        fields={
            "account_holder_type": Enum(values=("company", "individual")),
            "account_number": Text(),
            "account_type": Enum(values=("checking", "savings")),
            "routing_number": Text(),
        }
    ),
    "billing_details": BILLING_DETAILS,
    "allow_redisplay": _REDISPLAY,
    "metadata": NEW_METADATA,
}
_CREATE: dict[str, Field] = {**METHOD_FIELDS}
_UPDATE: dict[str, Field] = {
    "allow_redisplay": _REDISPLAY,
    "billing_details": BILLING_DETAILS,
    "card": Hash(fields={"exp_month": Integer(low=1, high=12), "exp_year": Integer(), "networks": _NETWORKS}),
    "metadata": Metadata(),
    "us_bank_account": Hash(
        fields={
            "account_holder_type": Enum(values=("company", "individual")),
            "account_type": Enum(values=("checking", "savings")),
        }
    ),
}


def _check(context: RequestContext) -> None:
    params = context.params
    if "type" not in params:
        raise missing_parameter("type")
    for name in TYPES:
        if name in params and name != params["type"]:
            raise bad_parameter(f"`{name}` can't be set for a payment method of the type {params['type']}.", name)


def create(context: RequestContext) -> Body:
    """Create a payment method; nothing announces it."""
    return make_method(context, context.params).body


def retrieve_method(context: RequestContext) -> Body | bytes:
    """A method; a virtual one such as `pm_card_visa` is made and answered. Source: recorded test-mode answers."""
    name = context.args[0]
    if card_by_token(name) is None or not name.startswith("pm_card_"):
        return context.fetch_row(PAYMENT_METHOD, name).body
    return transact(context.services.store, lambda: load_method(context, name).body)


def update(context: RequestContext) -> Body:
    """Change a saved method."""
    params = context.params
    before = context.fetch(PAYMENT_METHOD, context.args[0])
    if before["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    for name in ("card", "us_bank_account"):
        if params.get(name) and name != before["type"]:
            raise bad_parameter(f"`{name}` can't be set for a payment method of the type {before['type']}.", name)
    after = updated(before, params, ("allow_redisplay",))
    if params.get("billing_details"):
        after["billing_details"] = billing_details({**before["billing_details"], **params["billing_details"]})
    if params.get("card"):
        dates = {name: params["card"][name] for name in ("exp_month", "exp_year") if name in params["card"]}
        after["card"] = {**after["card"], **dates}
        if params["card"].get("networks"):
            after["card"]["networks"] = {**before["card"]["networks"], **params["card"]["networks"]}
    if params.get("us_bank_account"):
        after["us_bank_account"] = {**before["us_bank_account"], **params["us_bank_account"]}
    return context.change(PAYMENT_METHOD, before, after, "payment_method.updated")


def attach(context: RequestContext) -> Body:
    """Save a method to the customer that the call names."""
    return save_to(context, context.args[0], context.params["customer"], 404)


def save_to(context: RequestContext, name: str, customer_id: str, status: int = 400) -> Body:
    """Save a method to a customer, which may be done twice; a card that always declines can't be saved.

    Source: recorded test-mode answers; the decline names an empty parameter and carries no method.
    """
    customer = context.refer(CUSTOMER, customer_id, "customer")
    method = load_method(context, name, status=status)
    body = method.body
    if body["customer"] == customer["id"]:
        return body
    if body["customer"] is not None:
        raise invalid("The payment method you provided has already been attached to a customer.")
    if method.extra.get("used"):
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again."
        )
    if not method.delayed and method.card.decline and not method.card.attaches:
        refusal = not_saved(method.card.decline)
        refusal.fields.setdefault("param", "")
        raise refusal
    if body["type"] == "card":
        body["card"] = {**body["card"], "checks": {**body["card"]["checks"], "cvc_check": method.card.cvc_check}}
    body["customer"] = customer["id"]
    return context.save(PAYMENT_METHOD, body, event="payment_method.attached")


def detach(context: RequestContext) -> Body:
    """Take a method away from its customer; it can't be used again."""
    method = load_method(context, context.args[0], status=404)
    customer = method.body["customer"]
    if customer is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    method.body["customer"] = None
    context.services.store.save_extra(context.scope.id, method.body["id"], {**method.extra, "used": True})
    return context.save(PAYMENT_METHOD, method.body, event="payment_method.detached", previous={"customer": customer})


_FILTERS = {
    "customer": by_column("owner"),
    "type": by_body("$.type", Enum(values=(*TYPES, *LEFT_OUT))),
    "allow_redisplay": by_body("$.allow_redisplay", _REDISPLAY),
}


def _of_customer(context: RequestContext) -> ListPage:
    context.fetch(CUSTOMER, context.args[0], "id")
    context.params["customer"] = context.args[0]
    return _LIST_OF_CUSTOMER(context)


def _one_of_customer(context: RequestContext) -> bytes:
    """A method by its customer; Source: recorded test-mode refusal of one that is not the customer's."""
    context.fetch(CUSTOMER, context.args[0], "id")
    row = context.fetch_row(PAYMENT_METHOD, context.args[1])
    if row.decoded()["customer"] != context.args[0]:
        raise invalid("Invalid request", param="customer", status=404)
    return row.body


def _all(context: RequestContext) -> ListPage:
    """The methods of the customer that is named; Source: recorded test-mode lists, empty where none is."""
    if context.params.get("customer"):
        context.refer(CUSTOMER, context.params["customer"], "customer")
    return _LIST(context)


def _nobody(context: RequestContext) -> list[Condition]:
    return [] if context.params.get("customer") else [("0", [])]


_LIST = listing(PAYMENT_METHOD, _FILTERS, base=_nobody)
_LIST_OF_CUSTOMER = listing(
    PAYMENT_METHOD, _FILTERS, url=lambda context: f"/v1/customers/{context.args[0]}/payment_methods"
)
_OF_CUSTOMER = list_fields({name: entry for name, entry in _FILTERS.items() if name != "customer"})
_BASE = "/v1/payment_methods"
ROUTES = (
    route("POST", _BASE, create, _CREATE, permission="payment_method", check=_check),
    route("GET", _BASE, _all, list_fields(_FILTERS), permission="payment_method"),
    route("GET", _BASE + "/{id}", retrieve_method, permission="payment_method"),
    route("POST", _BASE + "/{id}", update, _UPDATE, permission="payment_method"),
    route("POST", _BASE + "/{id}/attach", attach, {"customer": Text(required=True)}, permission="payment_method"),
    route("POST", _BASE + "/{id}/detach", detach, permission="payment_method"),
    route("GET", "/v1/customers/{id}/payment_methods", _of_customer, _OF_CUSTOMER, permission="payment_method"),
    route("GET", "/v1/customers/{id}/payment_methods/{method}", _one_of_customer, permission="payment_method"),
)
