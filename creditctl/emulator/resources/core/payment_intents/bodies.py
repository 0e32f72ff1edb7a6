"""The body of a payment intent, and which payment methods it may be paid with.

Source: Stripe API reference, "PaymentIntents"; changelog 2023-08-16, 2024-04-10.
"""

from functools import lru_cache

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.updates import given_metadata, shipping
from creditctl.emulator.payments.methods import payment_types
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.versions import ASYNC_CAPTURE_SINCE, since
from creditctl.emulator.storage.object_types import Body, in_wire_order

DYNAMIC_SINCE = "2023-08-16"
_UNUSED_TEXT = """
application application_fee_amount canceled_at cancellation_reason customer_account last_payment_error latest_charge
next_action on_behalf_of payment_method payment_record processing review shared_payment_granted_token source
transfer_data
"""
_AS_GIVEN_TEXT = """
allowed_payment_method_types customer description excluded_payment_method_types receipt_email setup_future_usage
statement_descriptor statement_descriptor_suffix transfer_group
"""
_AS_GIVEN = frozenset(_AS_GIVEN_TEXT.split())
_OTHERS_TEXT = """
id object amount amount_capturable amount_details amount_received automatic_payment_methods capture_method client_secret
confirmation_method created currency livemode managed_payments metadata payment_method_configuration_details
payment_method_options payment_method_types shipping status
"""
_EMPTY = in_wire_order(
    dict.fromkeys(f"{_UNUSED_TEXT} {_AS_GIVEN_TEXT} {_OTHERS_TEXT}".split())
    | {
        "object": "payment_intent",
        "amount_capturable": 0,
        "amount_received": 0,
        "status": "requires_payment_method",
    }
)
"""A new intent before anything is known, in the order of the wire; parts of Connect stay null."""


def usable_types(params: Body, currency: str, what: str = "Payment Intent") -> list[str]:
    """The methods a payment may be made with; refuses where none is left. Source: refusals that public code quotes."""
    types: list[str] = params.get("payment_method_types") or payment_types(currency)
    allowed, excluded = params.get("allowed_payment_method_types"), params.get("excluded_payment_method_types")
    if allowed:
        types = [name for name in types if name in allowed]
    usable = [name for name in types if name not in excluded] if excluded else types
    if not usable:
        known = ", ".join(payment_types(currency))
        raise invalid(
            f"No valid payment method types for this {what}. Please ensure that you have activated payment methods "
            "compatible with your chosen currency in your dashboard "
            f"(https://dashboard.stripe.com/settings/payment_methods). (The emulator has {known}.)"
        )
    return usable


def with_default_types(context: RequestContext, params: Body, automatic: Body | None) -> Body:
    """The parameters of an intent; before 2023-08-16 one that asks for no methods is paid by card alone.

    Source: types of stripe-node 8.222 to 13.11 ("If this is not provided, defaults to ["card"]").
    """
    if automatic or params.get("payment_method_types") or since(context.version, DYNAMIC_SINCE):
        return params
    return params | {"payment_method_types": ["card"]}


def new_intent(context: RequestContext, params: Body) -> Body:
    """The body of a new payment intent that nobody has tried to pay yet."""
    # A copy of all keys that is filled in place: every payment builds one.
    body = _EMPTY.copy()
    body["id"] = intent_id = context.new_payment_id("pi_")
    body["amount"], body["currency"] = params["amount"], params["currency"]
    body["amount_details"] = {"tip": {}}
    if automatic := params.get("automatic"):
        body["automatic_payment_methods"] = automatic
        body["payment_method_configuration_details"] = method_configuration(context)
    body["capture_method"] = params.get("capture_method") or default_capture(context)
    body["client_secret"] = f"{intent_id}_secret_{context.services.ids.token(25)}"
    body["confirmation_method"] = params.get("confirmation_method") or "automatic"
    body["created"], body["livemode"] = context.now, context.scope.livemode
    body["managed_payments"] = {"enabled": False}
    body["metadata"] = given_metadata(params)
    body["payment_method_options"] = shown_options(params.get("payment_method_options"))
    body["payment_method_types"] = usable_types(params, params["currency"])
    if (shipped := params.get("shipping")) is not None:
        body["shipping"] = shipping(shipped)
    for name in params:
        if name in _AS_GIVEN:
            body[name] = params[name]
    if not params.get("payment_details"):
        return body
    return in_wire_order(body | {"payment_details": params["payment_details"]})


def default_capture(context: RequestContext) -> str:
    """`capture_method` of an intent that is given none. Source: changelog 2024-04-10."""
    return "automatic_async" if since(context.version, ASYNC_CAPTURE_SINCE) else "automatic"


def method_configuration(context: RequestContext) -> Body:
    """The account's one configuration of payment methods."""
    return {"id": _configuration_id(context.scope.account), "parent": None}


@lru_cache(maxsize=256)
def _configuration_id(account: str) -> str:
    return f"pmc_1{account[-15:]}00000000"


_CARD_OPTIONS: Body = {
    "installments": None,
    "mandate_options": None,
    "network": None,
    "request_three_d_secure": "automatic",
}


def shown_options(given: Body | None, before: Body | None = None) -> Body:
    """`payment_method_options` of an intent: what was said of each kind of method, beside Stripe's defaults."""
    if not before and not given:
        return {"card": _CARD_OPTIONS.copy()}
    card = _CARD_OPTIONS.copy()
    merged: Body = {"card": card}
    for source in (before or {}, given or {}):
        for name, options in source.items():
            # None takes back what was said before.
            known = merged.get(name, {}) if options is not None else card if name == "card" else None
            merged[name] = None if known is None else {**known, **(options or {})}
    return {
        name: {key: options[key] for key in sorted(options)} for name, options in merged.items() if options is not None
    }


def automatic_methods(context: RequestContext, given: Body | None) -> Body | None:
    """`automatic_payment_methods`: on by default from 2023-08-16 when no list of methods is given."""
    if given is not None:
        return (
            {"allow_redirects": given.get("allow_redirects", "always"), "enabled": True} if given["enabled"] else None
        )
    if "payment_method_types" in context.params or not since(context.version, DYNAMIC_SINCE):
        return None
    return {"allow_redirects": "always", "enabled": True}
