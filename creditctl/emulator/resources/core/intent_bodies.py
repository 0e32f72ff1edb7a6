"""The body of a payment intent and the parameters that shape it.

Source: Stripe API reference, "PaymentIntents"; changelog 2023-08-16, 2024-04-10, 2026-09-30.endive.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.updates import given_metadata, shipping
from creditctl.emulator.payments.methods import DELAYED_TYPES, payment_types
from creditctl.emulator.protocol.currencies import LARGEST, smallest, written
from creditctl.emulator.protocol.errors import bad_parameter, invalid
from creditctl.emulator.protocol.fields import Anything, Boolean, Email, Enum, Field, Text
from creditctl.emulator.protocol.schema import SHIPPING, Hash, Listing, Metadata, MethodOptions
from creditctl.emulator.protocol.versions import ASYNC_CAPTURE_SINCE, DYNAMIC_METHODS_ONLY_SINCE, since
from creditctl.emulator.resources.core.payment_methods import METHOD_FIELDS
from creditctl.emulator.storage.object_types import Body

DYNAMIC_SINCE = "2023-08-16"
CAPTURE = Enum(values=("automatic", "automatic_async", "manual"))
_CARD_OPTIONS_TEXT = """
capture_method cvc_token installments mandate_options moto network payment_details request_decremental_authorization
request_extended_authorization request_incremental_authorization request_multicapture request_overcapture
require_cvc_recollection restrictions setup_future_usage statement_descriptor_suffix_kana
statement_descriptor_suffix_kanji statement_details three_d_secure
"""
_CARD_OPTIONS: dict[str, Field] = {
    **{name: Anything() for name in _CARD_OPTIONS_TEXT.split()},
    "request_three_d_secure": Enum(values=("any", "automatic", "challenge")),
}
OPTIONS = MethodOptions(fields={"card": Hash(fields=_CARD_OPTIONS)})
SHARED_FIELDS: dict[str, Field] = {
    "allowed_payment_method_types": Listing(item=Text()),
    "amount_details": Anything(),
    "application_fee_amount": Anything(),
    "capture_method": CAPTURE,
    "customer": Text(),
    "customer_account": Text(),
    "description": Text(unset=True, max_length=1000),
    "excluded_payment_method_types": Listing(item=Text()),
    "hooks": Anything(),
    "metadata": Metadata(),
    "payment_details": Anything(),
    "payment_method": Text(unset=True),
    "payment_method_configuration": Text(),
    "payment_method_data": Hash(fields=METHOD_FIELDS),
    "payment_method_options": OPTIONS,
    "payment_method_types": Listing(item=Text(), unset=False),
    "radar_options": Anything(),
    "receipt_email": Email(unset=True),
    "setup_future_usage": Enum(values=("off_session", "on_session"), unset=True),
    "shipping": SHIPPING,
    "statement_descriptor": Text(unset=True, max_length=22),
    "statement_descriptor_suffix": Text(unset=True, max_length=22),
    "transfer_data": Anything(),
    "transfer_group": Text(unset=True),
}
CONFIRM_FIELDS: dict[str, Field] = {
    "confirmation_token": Text(),
    "error_on_requires_action": Boolean(),
    "mandate": Text(),
    "mandate_data": Anything(),
    "off_session": Anything(),
    "return_url": Text(unset=True),
    "use_stripe_sdk": Boolean(),
}
PLAIN = (
    "capture_method",
    "customer",
    "description",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "allowed_payment_method_types",
    "excluded_payment_method_types",
)


def check_types(context: RequestContext) -> None:
    """From endive on `payment_method_types` can't be written; before, each must be one that exists."""
    types = context.params.get("payment_method_types")
    refuse_connect(context.params)
    if types is None:
        return
    if since(context.version, DYNAMIC_METHODS_ONLY_SINCE) and context.version_given:
        raise bad_parameter(
            "The `payment_method_types` parameter is no longer supported. Manage payment methods in the Dashboard, or "
            "use `allowed_payment_method_types` or `excluded_payment_method_types`.",
            "payment_method_types",
            "payment_method_types_no_longer_supported",
        )
    refuse_unusable(types, context.params.get("currency"))


def refuse_connect(params: Body, prefix: str = "") -> None:
    """Connect is not here: there is no other account to send money to, and no fee to take from one."""
    destination = params.get("transfer_data")
    if isinstance(destination, dict):
        name, param = str(destination.get("destination", "")), _inside(prefix, "transfer_data[destination]")
        raise invalid(f"No such destination: '{name}'", code="resource_missing", param=param, executed=False)
    if params.get("on_behalf_of"):
        name, param = params["on_behalf_of"], _inside(prefix, "on_behalf_of")
        raise invalid(f"No such account: '{name}'", code="resource_missing", param=param, executed=False)
    if params.get("application_fee_amount"):
        raise invalid(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an "
            "OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).",
            param=_inside(prefix, "application_fee_amount"),
            executed=False,
        )


def _inside(prefix: str, name: str) -> str:
    head, bracket, rest = name.partition("[")
    return f"{prefix}[{head}]{bracket}{rest}" if prefix else name


def refuse_unusable(types: list[str], currency: str | None) -> None:
    """A method that this account has not, or that can't take the currency."""
    for name in types:
        if name not in ("card", "link", *DELAYED_TYPES):
            raise invalid(
                f"The payment method type provided: {name} is invalid. Please ensure the provided type is activated in "
                "your dashboard (https://dashboard.stripe.com/account/payments/settings) and your account is enabled "
                "for any preview features that you are trying to use.",
                param="payment_method_types",
                executed=False,
            )
        accepted = DELAYED_TYPES.get(name)
        if currency and accepted and accepted != currency:
            raise invalid(
                f"The currency provided ({currency}) is invalid for one or more payment method types ({name}).",
                param="payment_method_types",
                executed=False,
            )


NOTHING_TO_PAY = (
    "The amount must be greater than or equal to the minimum charge amount allowed for your account and the currency "
    "set (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).  If you want to save a Payment "
    "Method for future use without an immediate payment, use a Setup Intent instead: "
    "https://docs.stripe.com/payments/setup-intents"
)


def check_amount(amount: int, currency: str) -> None:
    """The bounds of a charge; Source: recorded test-mode refusal of nothing at all."""
    if amount < 0:
        raise bad_parameter("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount == 0:
        raise bad_parameter(NOTHING_TO_PAY, "amount", "parameter_invalid_integer")
    if amount < smallest(currency):
        least = written(smallest(currency), currency)
        raise invalid(f"Amount must be at least {least} {currency}", code="amount_too_small", param="amount")
    if amount > LARGEST:
        raise invalid(
            f"Amount must be no more than {written(LARGEST, currency)}", code="amount_too_large", param="amount"
        )


def usable_types(params: Body, currency: str) -> list[str]:
    """The methods a payment may be made with."""
    types: list[str] = params.get("payment_method_types") or payment_types(currency)
    allowed, excluded = params.get("allowed_payment_method_types"), params.get("excluded_payment_method_types")
    if allowed:
        types = [name for name in types if name in allowed]
    return [name for name in types if name not in (excluded or ())] or ["card"]


def new_intent(context: RequestContext, params: Body) -> Body:
    """The body of a new payment intent that nobody has tried to pay yet."""
    intent_id = context.new_payment_id("pi_")
    asynchronous = since(context.version, ASYNC_CAPTURE_SINCE)
    return {
        "id": intent_id,
        "object": "payment_intent",
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": params.get("automatic"),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method") or ("automatic_async" if asynchronous else "automatic"),
        "client_secret": f"{intent_id}_secret_{context.services.ids.token(25)}",
        "confirmation_method": params.get("confirmation_method") or "automatic",
        "created": context.now,
        "currency": params["currency"],
        "customer": params.get("customer"),
        "customer_account": None,
        "description": params.get("description"),
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": context.scope.livemode,
        "managed_payments": {"enabled": False},
        "metadata": given_metadata(params),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": method_configuration(context) if params.get("automatic") else None,
        "payment_method_options": _options(params),
        "payment_method_types": usable_types(params, params["currency"]),
        "payment_record": None,
        "processing": None,
        "receipt_email": params.get("receipt_email"),
        "review": None,
        "setup_future_usage": params.get("setup_future_usage"),
        "shared_payment_granted_token": None,
        "shipping": shipping(params.get("shipping")),
        "source": None,
        "statement_descriptor": params.get("statement_descriptor"),
        "statement_descriptor_suffix": params.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": params.get("transfer_group"),
    }


def method_configuration(context: RequestContext) -> Body:
    """The account's one configuration of payment methods."""
    return {"id": f"pmc_1{context.scope.account[-15:]}00000000", "parent": None}


def _options(params: Body) -> Body:
    return {
        "card": {
            "installments": None,
            "mandate_options": None,
            "network": None,
            "request_three_d_secure": requested_3ds(params),
        }
    }


def requested_3ds(params: Body) -> str:
    """Whether the merchant asks for 3D Secure: `automatic`, `any` or `challenge`."""
    options = params.get("payment_method_options")
    card = options.get("card") if isinstance(options, dict) else None
    return str(card.get("request_three_d_secure", "automatic")) if isinstance(card, dict) else "automatic"


def automatic_methods(context: RequestContext, given: Body | None) -> Body | None:
    """`automatic_payment_methods`: on by default from 2023-08-16 when no list of methods is given."""
    if given is not None:
        return (
            {"allow_redirects": given.get("allow_redirects", "always"), "enabled": True} if given["enabled"] else None
        )
    if "payment_method_types" in context.params or not since(context.version, DYNAMIC_SINCE):
        return None
    return {"allow_redirects": "always", "enabled": True}
