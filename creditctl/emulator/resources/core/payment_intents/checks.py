"""Refusals of payment intent calls: amounts, payment method types, Connect, and the status of the intent.

Source: Stripe API reference, "PaymentIntents"; changelog 2026-09-30.endive; recorded test-mode refusals.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.banks import BANKS
from creditctl.emulator.protocol.currencies import is_chargeable, largest, refuse_too_fine, smallest, written
from creditctl.emulator.protocol.errors import StripeError, bad_parameter, invalid, no_such, only_one_of
from creditctl.emulator.protocol.versions import DYNAMIC_METHODS_ONLY_SINCE, since
from creditctl.emulator.resources.core.payment_intents.bodies import method_configuration
from creditctl.emulator.storage.object_types import CUSTOMER, PAYMENT_INTENT, SESSION, Body

NOTHING_TO_PAY = (
    "The amount must be greater than or equal to the minimum charge amount allowed for your account and the currency "
    "set (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).  If you want to save a Payment "
    "Method for future use without an immediate payment, use a Setup Intent instead: "
    "https://docs.stripe.com/payments/setup-intents"
)

_OTHER_CHOICES = (
    "payment_method_types",
    "excluded_payment_method_types",
    "automatic_payment_methods",
    "payment_method_configuration",
)


def check_types(context: RequestContext) -> None:
    """From endive on `payment_method_types` can't be written; before, each must be one that exists."""
    types = context.params.get("payment_method_types")
    refuse_connect(context.params)
    if types is None:
        return
    automatic = context.params.get("automatic_payment_methods")
    if automatic and automatic["enabled"]:
        only_one_of(context.params, ("automatic_payment_methods", "payment_method_types"))
    if since(context.version, DYNAMIC_METHODS_ONLY_SINCE) and context.version_given:
        raise bad_parameter(
            "The `payment_method_types` parameter is no longer supported. Manage payment methods in the Dashboard, or "
            "use `allowed_payment_method_types` or `excluded_payment_method_types`.",
            "payment_method_types",
            "payment_method_types_no_longer_supported",
        )
    refuse_unusable(types, context.params.get("currency"))


def check_intent_types(context: RequestContext) -> None:
    """What `check_types` refuses, and a list of allowed methods beside anything else that chooses them.

    Source: Stripe changelog, 2026-07-29.dahlia, "Adds the allowed payment method types parameter to Payment Intents and
    Setup Intents"; the words of the refusal are those of other pairs.
    """
    for name in _OTHER_CHOICES if context.params.get("allowed_payment_method_types") else ():
        only_one_of(context.params, ("allowed_payment_method_types", name))
    check_types(context)


def check_references(context: RequestContext) -> None:
    """What a call names must exist: the customer, and the account's one configuration of payment methods.

    Saving a method needs the buyer, so it does not go with `off_session`. Source: Stripe API reference; wording ours.
    """
    params = context.params
    if params.get("customer"):
        context.refer(CUSTOMER, params["customer"], "customer")
    named = params.get("payment_method_configuration")
    if named and named != method_configuration(context)["id"]:
        raise no_such("payment_method_configuration", named, "payment_method_configuration", status=400)
    if params.get("off_session") and params.get("setup_future_usage"):
        message = "You cannot set `setup_future_usage` on a payment that is made `off_session`."
        raise invalid(message, param="setup_future_usage")


def check_confirm(context: RequestContext, intent: Body) -> None:
    """What a confirmation says of its intent must be so."""
    check_references(context)
    secret, amount = context.params.get("client_secret"), context.params.get("amount_to_confirm")
    if secret is not None and secret != intent["client_secret"]:
        raise invalid(
            f"The client_secret provided does not match any associated PaymentIntent: {intent['id']}.",
            param="client_secret",
        )
    if amount is not None and amount != intent["amount"]:
        raise invalid(
            f"The amount to confirm ({amount}) is not the amount of the PaymentIntent ({intent['amount']}).",
            param="amount_to_confirm",
            payment_intent=intent,
        )


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
        if name not in ("card", "link", *BANKS):
            raise invalid(
                f"The payment method type provided: {name} is invalid. Please ensure the provided type is activated in "
                "your dashboard (https://dashboard.stripe.com/account/payments/settings) and your account is enabled "
                "for any preview features that you are trying to use.",
                param="payment_method_types",
                executed=False,
            )
        accepted = BANKS[name].currency if name in BANKS else None
        if currency and accepted and accepted != currency:
            raise invalid(
                f"The currency provided ({currency}) is invalid for one or more payment method types ({name}).",
                param="payment_method_types",
                executed=False,
            )


def check_amount(amount: int, currency: str) -> None:
    """The bounds of a charge; Source: recorded test-mode refusal of nothing at all."""
    if is_chargeable(amount, currency):
        return
    if amount < 0:
        raise bad_parameter("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount == 0:
        raise bad_parameter(NOTHING_TO_PAY, "amount", "parameter_invalid_integer")
    if amount < smallest(currency):
        least = written(smallest(currency), currency)
        raise invalid(f"Amount must be at least {least} {currency}", code="amount_too_small", param="amount")
    if amount > largest(currency):
        most = written(largest(currency), currency)
        raise invalid(f"Amount must be no more than {most}", code="amount_too_large", param="amount")
    refuse_too_fine(amount, currency, "amount")


def load_own(context: RequestContext) -> Body:
    """An intent that may be acted on directly: one of an open Checkout Session may not."""
    row = context.fetch_row(PAYMENT_INTENT, context.args[0])
    session = row.hidden().get("session")
    if session and context.fetch(SESSION, session)["status"] == "open":
        raise invalid(
            "You cannot perform this action on PaymentIntents created by Checkout. You must use the Checkout Session "
            "to collect payment, or expire it.",
            code="payment_intent_unexpected_state",
        )
    return row.decoded()


def unexpected_state(intent: Body, message: str, param: str | None = None) -> StripeError:
    """The refusal of an act that an intent's status does not allow."""
    return invalid(message, code="payment_intent_unexpected_state", param=param, payment_intent=intent)
