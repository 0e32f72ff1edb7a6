"""Payment intents: create, update, confirm, capture, cancel.

Source: Stripe API reference, "PaymentIntents"; Stripe docs, "How PaymentIntents and SetupIntents work".
"""

import copy
from typing import Any

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_column, by_created, list_fields, listing
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import merged, shipping, updated
from creditctl.emulator.payments.charge_bodies import receipt_url
from creditctl.emulator.payments.confirm import ConfirmOptions, attempt_payment
from creditctl.emulator.payments.methods import Method, load_method, make_method, refuse_reuse
from creditctl.emulator.payments.settlement import dispute_captured, settle_charge
from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.protocol.fields import Anything, Boolean, Currency, Enum, Field, Integer, Text
from creditctl.emulator.protocol.schema import Hash, Metadata
from creditctl.emulator.resources.core.captures import amount_to_capture
from creditctl.emulator.resources.core.intent_bodies import (
    CONFIRM_FIELDS,
    PLAIN,
    SHARED_FIELDS,
    automatic_methods,
    check_amount,
    check_types,
    new_intent,
    refuse_unusable,
    usable_types,
)
from creditctl.emulator.storage.object_types import CHARGE, CUSTOMER, PAYMENT_INTENT, SESSION, Body

_AUTOMATIC = Hash(fields={"enabled": Boolean(required=True), "allow_redirects": Enum(values=("always", "never"))})
_CREATE: dict[str, Field] = {
    **SHARED_FIELDS,
    **CONFIRM_FIELDS,
    "amount": Integer(required=True),
    "currency": Currency(required=True),
    "automatic_payment_methods": _AUTOMATIC,
    "confirm": Boolean(),
    "confirmation_method": Enum(values=("automatic", "manual")),
    "on_behalf_of": Anything(),
}
_UPDATE: dict[str, Field] = {**SHARED_FIELDS, "amount": Integer(), "currency": Currency()}
_CONFIRM: dict[str, Field] = {
    **CONFIRM_FIELDS,
    **{
        name: SHARED_FIELDS[name]
        for name in (
            "allowed_payment_method_types",
            "amount_details",
            "capture_method",
            "excluded_payment_method_types",
            "hooks",
            "payment_details",
            "payment_method",
            "payment_method_data",
            "payment_method_options",
            "payment_method_types",
            "radar_options",
            "receipt_email",
            "setup_future_usage",
            "shipping",
        )
    },
    "amount_to_confirm": Integer(),
    "client_secret": Text(),
}
_CAPTURE: dict[str, Field] = {
    "amount_to_capture": Integer(),
    "amount_details": Anything(),
    "application_fee_amount": Anything(),
    "final_capture": Boolean(),
    "hooks": Anything(),
    "metadata": Metadata(),
    "payment_details": Anything(),
    "statement_descriptor": Text(unset=True),
    "statement_descriptor_suffix": Text(unset=True),
    "transfer_data": Anything(),
}
REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (
    "requires_payment_method",
    "requires_capture",
    "requires_reauthorization",
    "requires_confirmation",
    "requires_action",
    "expired",
    "processing",
)
"""Source: recorded test-mode refusal, which lists states that no intent has here."""


def _unexpected(intent: Body, message: str, param: str | None = None) -> StripeError:
    return invalid(message, code="payment_intent_unexpected_state", param=param, payment_intent=intent)


def create(context: RequestContext) -> Body:
    """Create an intent, and confirm it at once where asked to."""
    params = context.params
    check_amount(params["amount"], params["currency"])
    if params.get("customer"):
        context.refer(CUSTOMER, params["customer"], "customer")
    confirm_only = [name for name in ("off_session", "error_on_requires_action", "return_url") if name in params]
    if confirm_only and not params.get("confirm"):
        raise invalid(f"You can only set `{confirm_only[0]}` when `confirm` is true.", param=confirm_only[0])
    automatic = automatic_methods(context, params.get("automatic_payment_methods"))
    intent = new_intent(context, {**params, "automatic": automatic})
    context.add(PAYMENT_INTENT, intent, event="payment_intent.created")
    method = _given_method(context, intent)
    if params.get("confirm"):
        return _confirm(context, intent, method)
    if method is not None:
        intent |= {"payment_method": method.body["id"], "status": "requires_confirmation"}
        context.save(PAYMENT_INTENT, intent)
    return intent


def _given_method(context: RequestContext, intent: Body) -> Method | None:
    """The method that the call names or describes, checked against the intent."""
    name, data = context.params.get("payment_method"), context.params.get("payment_method_data")
    if not name and not data:
        return None
    method = load_method(context, name) if name else make_method(context, data or {}, "payment_method_data")
    refuse_reuse(method, intent["customer"])
    if method.body["type"] not in intent["payment_method_types"]:
        listed = ", ".join(intent["payment_method_types"])
        raise invalid(
            f"The PaymentMethod provided ({method.body['type']}) is not allowed for this PaymentIntent. Please attach "
            f"a PaymentMethod of one of the following types: {listed}.",
            param="payment_method",
        )
    return method


def _confirm(context: RequestContext, intent: Body, method: Method | None) -> Body:
    if method is None and intent["payment_method"]:
        method = load_method(context, intent["payment_method"])
    if method is None:
        raise _unexpected(intent, _no_method(intent["customer"]))
    _require_return_url(context, intent)
    options = ConfirmOptions(
        off_session=context.params.get("off_session") not in (None, "false"),
        error_on_requires_action=context.params.get("error_on_requires_action", False),
        return_url=context.params.get("return_url"),
    )
    return attempt_payment(context, intent, method, options)


def _no_method(customer: str | None) -> str:
    missing = "You cannot confirm this PaymentIntent because it's missing a payment method. "
    if customer:
        return missing + (
            f"To confirm the PaymentIntent with {customer}, specify a payment method attached to this customer along "
            "with the customer ID."
        )
    return missing + (
        "You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again "
        "directly with a payment method or ConfirmationToken."
    )


def _require_return_url(context: RequestContext, intent: Body) -> None:
    automatic = intent["automatic_payment_methods"]
    redirects = automatic is not None and automatic["allow_redirects"] == "always"
    if not redirects or intent["allowed_payment_method_types"] or context.params.get("return_url"):
        return
    raise invalid(
        "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
        "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't "
        "want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
        "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
    )


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


def confirm(context: RequestContext) -> Body:
    """Confirm an intent with the method it has or is given."""
    intent = load_own(context)
    if intent["status"] not in _CONFIRMABLE:
        done = intent["status"] == "succeeded"
        raise _unexpected(
            intent,
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
            if done
            else f"This PaymentIntent's status is {intent['status']}: it cannot be confirmed again.",
        )
    _apply(intent, context.params)
    try:
        method = _given_method(context, intent)
    except StripeError as refusal:
        refusal.fields.setdefault("payment_intent", intent)
        raise
    return _confirm(context, intent, method)


def _apply(intent: Body, params: Body) -> None:
    for name in PLAIN:
        if name in params:
            intent[name] = params[name]
    if "shipping" in params:
        intent["shipping"] = shipping(params["shipping"])
    if {"payment_method_types", "allowed_payment_method_types", "excluded_payment_method_types"} & set(params):
        known = {"payment_method_types": params.get("payment_method_types")}
        named = {name: intent[name] for name in ("allowed_payment_method_types", "excluded_payment_method_types")}
        intent["payment_method_types"] = usable_types(known | named, intent["currency"])


def update(context: RequestContext) -> Body:
    """Change an intent that is not finished; nothing announces it."""
    params = context.params
    intent = context.fetch(PAYMENT_INTENT, context.args[0])
    if intent["status"] in ("succeeded", "canceled", "processing", "requires_capture"):
        frozen = sorted(set(params) - {"metadata", "description", "receipt_email", "transfer_group", "shipping"})
        if frozen:
            raise _unexpected(
                intent,
                f"This PaymentIntent's {frozen[0]} could not be updated because it has a status of "
                f"{intent['status']}. You may only update the {frozen[0]} of a PaymentIntent with one of the "
                "following statuses: requires_payment_method, requires_confirmation, requires_action.",
                frozen[0],
            )
    if params.get("customer"):
        context.refer(CUSTOMER, params["customer"], "customer")
    after = updated(intent, params, ("amount", "currency"))
    check_amount(after["amount"], after["currency"])
    refuse_unusable(params.get("payment_method_types") or [], after["currency"])
    _apply(after, params)
    method = _given_method(context, after)
    if method is not None:
        after |= {"payment_method": method.body["id"], "status": "requires_confirmation"}
    elif "payment_method" in params:
        after |= {"next_action": None, "payment_method": None, "status": "requires_payment_method"}
    return context.save(PAYMENT_INTENT, after)


def capture(context: RequestContext) -> Body:
    """Take what was authorised, or part of it: the rest is released."""
    params = context.params
    intent = context.fetch(PAYMENT_INTENT, context.args[0])
    amount = amount_to_capture(intent, params)
    charge = _capture_charge(context, intent["latest_charge"], amount)
    intent |= {"amount_capturable": 0, "amount_received": amount, "status": "succeeded"}
    if "metadata" in params:
        intent["metadata"] = merged(intent["metadata"], params["metadata"])
    context.cancel_job("expire_authorization", intent["id"])
    context.save(PAYMENT_INTENT, intent, event="payment_intent.succeeded")
    settle_charge(context, charge["id"])
    dispute_captured(context, charge)
    _tell_session(context, intent)
    return intent


def _tell_session(context: RequestContext, intent: Body) -> None:
    """A Checkout Session whose payment was only authorised is paid now; nothing announces it."""
    session_id = context.fetch_row(PAYMENT_INTENT, intent["id"]).hidden().get("session")
    if session_id:
        context.save(SESSION, context.fetch(SESSION, session_id) | {"payment_status": "paid"})


def _capture_charge(context: RequestContext, charge_id: str, amount: int) -> Body:
    """A charge after its capture; Source: a recorded charge, which does not count as refunded what was released."""
    before = context.fetch(CHARGE, charge_id)
    charge = before | {"amount_captured": amount, "captured": True, "receipt_url": receipt_url(context)}
    return context.change(CHARGE, before, charge, "charge.captured")


def cancel(context: RequestContext) -> Body:
    """Give an intent up; an authorisation is released."""
    intent = load_own(context)
    if intent["status"] not in _CANCELABLE:
        raise _unexpected(
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(_CANCELABLE)}.",
        )
    return cancel_intent(context, intent, context.params.get("cancellation_reason"), "charge.refunded")


def cancel_intent(context: RequestContext, intent: Body, reason: str | None, charge_event: str) -> Body:
    """Cancel, release what was held, and announce both."""
    if intent["status"] == "requires_capture":
        before = context.fetch(CHARGE, intent["latest_charge"])
        charge = before | {"amount_refunded": before["amount"], "refunded": True, "receipt_url": receipt_url(context)}
        context.change(CHARGE, before, charge, charge_event)
        context.cancel_job("expire_authorization", intent["id"])
    context.cancel_job("delayed_result", intent["id"])
    intent |= {
        "amount_capturable": 0,
        "canceled_at": context.now,
        "cancellation_reason": reason,
        "next_action": None,
        "status": "canceled",
    }
    return context.save(PAYMENT_INTENT, intent, event="payment_intent.canceled")


def expire_authorization(context: RequestContext, subject: str, _: dict[str, Any]) -> None:
    """An authorisation that nobody captured lapses."""
    intent = context.fetch(PAYMENT_INTENT, subject)
    if intent["status"] == "requires_capture":
        cancel_intent(context, intent, "automatic", "charge.expired")


def retrieve_intent(context: RequestContext) -> Body | bytes:
    """An intent; a wrong client secret is refused."""
    row = context.fetch_row(PAYMENT_INTENT, context.args[0])
    secret = context.params.get("client_secret")
    if secret is not None and copy.copy(row.decoded())["client_secret"] != secret:
        raise invalid(
            f"The client_secret provided does not match any associated PaymentIntent: {row.id}.", param="client_secret"
        )
    return row.body


_FILTERS = {"created": by_created(), "customer": by_column("owner"), "customer_account": by_column("label")}
_BASE, _RIGHT = "/v1/payment_intents", "payment_intent"
ROUTES = (
    route("POST", _BASE, create, _CREATE, permission=_RIGHT, check=check_types),
    route("GET", _BASE, listing(PAYMENT_INTENT, _FILTERS), list_fields(_FILTERS), permission=_RIGHT),
    route("GET", _BASE + "/{id}", retrieve_intent, {"client_secret": Text()}, permission=_RIGHT),
    route("POST", _BASE + "/{id}", update, _UPDATE, permission=_RIGHT, check=check_types),
    route("POST", _BASE + "/{id}/confirm", confirm, _CONFIRM, permission=_RIGHT, check=check_types),
    route("POST", _BASE + "/{id}/capture", capture, _CAPTURE, permission=_RIGHT),
    route(
        "POST",
        _BASE + "/{id}/cancel",
        cancel,
        {"cancellation_reason": Enum(values=REASONS)},
        permission=_RIGHT,
    ),
)
