"""Payment intents endpoints: create, retrieve, list, update, confirm; capture and cancel have modules of their own.

Source: Stripe API reference, "PaymentIntents"; Stripe docs, "How PaymentIntents and SetupIntents work".
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_column, by_created, list_fields, listing
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import shipping, updated
from creditctl.emulator.payments.confirm import ConfirmOptions, attempt_payment, was_authenticated
from creditctl.emulator.payments.methods import PaymentMethod, given_method, load_method, refuse_reuse, refuse_type
from creditctl.emulator.protocol.errors import StripeError, invalid
from creditctl.emulator.protocol.fields import Text
from creditctl.emulator.resources.core.payment_intents.bodies import (
    automatic_methods,
    new_intent,
    shown_options,
    usable_types,
    with_default_types,
)
from creditctl.emulator.resources.core.payment_intents.cancellations import cancel
from creditctl.emulator.resources.core.payment_intents.captures import capture, check_capture
from creditctl.emulator.resources.core.payment_intents.checks import (
    check_amount,
    check_confirm,
    check_intent_types,
    check_references,
    load_own,
    refuse_unusable,
    unexpected_state,
)
from creditctl.emulator.resources.core.payment_intents.params import CANCEL, CAPTURE, CONFIRM, CREATE, PLAIN, UPDATE
from creditctl.emulator.storage.object_types import PAYMENT_INTENT, Body

_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(context: RequestContext) -> Body:
    """Create an intent, and confirm it at once where asked to."""
    params = context.params
    check_amount(params["amount"], params["currency"])
    check_references(context)
    if not params.get("confirm"):
        _refuse_confirm_only(params)
    automatic = automatic_methods(context, params.get("automatic_payment_methods"))
    intent = new_intent(context, {**with_default_types(context, params, automatic), "automatic": automatic})
    context.add(PAYMENT_INTENT, intent, event="payment_intent.created")
    method = _given_method(context, intent)
    if params.get("confirm"):
        return _confirm(context, intent, method)
    if method is not None:
        intent |= {"payment_method": method.body["id"], "status": "requires_confirmation"}
        context.save(PAYMENT_INTENT, intent)
    return intent


def _refuse_confirm_only(params: Body) -> None:
    for name in ("off_session", "error_on_requires_action", "return_url"):
        if params.get(name):
            raise invalid(f"You can only set `{name}` when `confirm` is true.", param=name)


def _given_method(context: RequestContext, intent: Body) -> PaymentMethod | None:
    """The method that the call names or describes, checked against the intent."""
    method = given_method(context)
    if method is None:
        return None
    refuse_reuse(method, intent["customer"])
    refuse_type(method, intent, "PaymentIntent")
    return method


def _confirm(context: RequestContext, intent: Body, method: PaymentMethod | None) -> Body:
    if method is None and intent["payment_method"]:
        method = load_method(context, intent["payment_method"])
    if method is None:
        raise unexpected_state(intent, _no_method(intent["customer"]))
    off_session = bool(context.params.get("off_session"))
    # Nobody is there to be sent anywhere. Source: recorded off-session intents without a `return_url`.
    if not off_session:
        _require_return_url(context, intent)
    _refuse_card_descriptor(intent, method)
    options = ConfirmOptions(
        off_session=off_session,
        authenticated=was_authenticated(context, intent, method),
        error_on_requires_action=context.params.get("error_on_requires_action", False),
        return_url=context.params.get("return_url"),
        use_stripe_sdk=context.params.get("use_stripe_sdk", False),
    )
    return attempt_payment(context, intent, method, options)


def _refuse_card_descriptor(intent: Body, method: PaymentMethod) -> None:
    """A card's statement shows the account's own text and a suffix. Source: Stripe API reference; wording ours."""
    if method.body["type"] == "card" and intent["statement_descriptor"]:
        raise invalid(
            "`statement_descriptor` can't be used with card payments. Use `statement_descriptor_suffix` instead.",
            param="statement_descriptor",
            payment_intent=intent,
        )


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


def confirm(context: RequestContext) -> Body:
    """Confirm an intent with the method it has or is given."""
    intent = load_own(context)
    if intent["status"] not in _CONFIRMABLE:
        done = intent["status"] == "succeeded"
        raise unexpected_state(
            intent,
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
            if done
            else f"This PaymentIntent's status is {intent['status']}: it cannot be confirmed again.",
        )
    check_confirm(context, intent)
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
    if params.get("payment_method_options"):
        intent["payment_method_options"] = shown_options(
            params["payment_method_options"], intent["payment_method_options"]
        )
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
            raise unexpected_state(
                intent,
                f"This PaymentIntent's {frozen[0]} could not be updated because it has a status of "
                f"{intent['status']}. You may only update the {frozen[0]} of a PaymentIntent with one of the "
                "following statuses: requires_payment_method, requires_confirmation, requires_action.",
                frozen[0],
            )
    check_references(context)
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


def no_amount_lines(_: RequestContext, intent: Body) -> Body:
    """`amount_details.line_items` of an intent without any."""
    url = f"/v1/payment_intents/{intent['id']}/amount_details_line_items"
    return {"object": "list", "data": [], "has_more": False, "url": url}


def retrieve_intent(context: RequestContext) -> Body | bytes:
    """An intent; a wrong client secret is refused."""
    row = context.fetch_row(PAYMENT_INTENT, context.args[0])
    secret = context.params.get("client_secret")
    if secret is not None and row.decoded()["client_secret"] != secret:
        raise invalid(
            f"The client_secret provided does not match any associated PaymentIntent: {row.id}.", param="client_secret"
        )
    return row.body


_FILTERS = {"created": by_created(), "customer": by_column("owner"), "customer_account": by_column("label")}
_BASE, _RIGHT = "/v1/payment_intents", "payment_intent"
ROUTES = (
    route("POST", _BASE, create, CREATE, permission=_RIGHT, check=check_intent_types),
    route("GET", _BASE, listing(PAYMENT_INTENT, _FILTERS), list_fields(_FILTERS), permission=_RIGHT),
    route("GET", _BASE + "/{id}", retrieve_intent, {"client_secret": Text()}, permission=_RIGHT),
    route("POST", _BASE + "/{id}", update, UPDATE, permission=_RIGHT, check=check_intent_types),
    route("POST", _BASE + "/{id}/confirm", confirm, CONFIRM, permission=_RIGHT, check=check_intent_types),
    route("POST", _BASE + "/{id}/capture", capture, CAPTURE, permission=_RIGHT, check=check_capture),
    route("POST", _BASE + "/{id}/cancel", cancel, CANCEL, permission=_RIGHT),
)
