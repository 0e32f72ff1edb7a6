"""Setup intents endpoints: save a card or bank account to a customer without a payment.

Source: Stripe API reference, "SetupIntents"; Stripe docs, "Save and reuse". Mandates and setup attempts are left out.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_body, by_column, by_created, list_fields, listing
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import given_metadata, updated
from creditctl.emulator.payments.banks import BANKS
from creditctl.emulator.payments.methods import PaymentMethod, given_method, load_method, refuse_reuse, refuse_type
from creditctl.emulator.payments.setups import attempt_setup
from creditctl.emulator.protocol.errors import StripeError, invalid, no_such
from creditctl.emulator.protocol.fields import Boolean, Enum, Field, Text, Url
from creditctl.emulator.protocol.schema import NEW_METADATA, Hash, Listing, Metadata
from creditctl.emulator.resources.core.payment_intents.bodies import (
    automatic_methods,
    method_configuration,
    usable_types,
    with_default_types,
)
from creditctl.emulator.resources.core.payment_intents.checks import check_intent_types
from creditctl.emulator.resources.core.payment_intents.params import METHOD_DATA
from creditctl.emulator.storage.object_types import CUSTOMER, SETUP_INTENT, Body, in_wire_order

_THREE_DS = Enum(values=("any", "automatic", "challenge"))
_OPTIONS = Hash(fields={"card": Hash(fields={"request_three_d_secure": _THREE_DS})})
_SHARED: dict[str, Field] = {
    "allowed_payment_method_types": Listing(item=Text()),
    "customer": Text(),
    "description": Text(unset=True, max_length=1000),
    "excluded_payment_method_types": Listing(item=Text()),
    "metadata": Metadata(),
    "payment_method": Text(unset=True),
    "payment_method_configuration": Text(),
    "payment_method_data": METHOD_DATA,
    "payment_method_options": _OPTIONS,
    "payment_method_types": Listing(item=Text(), unset=False),
}
_CREATE: dict[str, Field] = {
    **_SHARED,
    "metadata": NEW_METADATA,
    "automatic_payment_methods": Hash(
        fields={"enabled": Boolean(required=True), "allow_redirects": Enum(values=("always", "never"))}
    ),
    "confirm": Boolean(),
    "return_url": Url(apps=True),
    "usage": Enum(values=("off_session", "on_session")),
    "use_stripe_sdk": Boolean(),
}
_CONFIRM: dict[str, Field] = {
    "allowed_payment_method_types": Listing(item=Text()),
    "client_secret": Text(),
    "payment_method": Text(),
    "payment_method_data": METHOD_DATA,
    "payment_method_options": _OPTIONS,
    "return_url": Url(apps=True),
    "use_stripe_sdk": Boolean(),
}
_REASONS = ("abandoned", "duplicate", "requested_by_customer")
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_NARROWING = ("allowed_payment_method_types", "excluded_payment_method_types")
_UNUSED_TEXT = """
application cancellation_reason customer_account flow_directions last_setup_error latest_attempt mandate
next_action on_behalf_of payment_method single_use_mandate
"""


def create(context: RequestContext) -> Body:
    """Create a setup intent, and confirm it at once where asked to."""
    _check_references(context)
    if context.params.get("return_url") and not context.params.get("confirm"):
        raise invalid("You can only set `return_url` when `confirm` is true.", param="return_url")
    intent = context.add(SETUP_INTENT, _new_intent(context), event="setup_intent.created")
    method = _given_method(context, intent)
    if context.params.get("confirm"):
        return _confirm(context, intent, method)
    if method is not None:
        intent |= {"payment_method": method.body["id"], "status": "requires_confirmation"}
        context.save(SETUP_INTENT, intent)
    return intent


def _new_intent(context: RequestContext) -> Body:
    params = context.params
    intent_id = context.new_id("seti_")
    automatic = automatic_methods(context, params.get("automatic_payment_methods"))
    body: Body = {
        **dict.fromkeys(_UNUSED_TEXT.split()),
        "id": intent_id,
        "object": "setup_intent",
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "automatic_payment_methods": automatic,
        "client_secret": f"{intent_id}_secret_{context.services.ids.token(25)}",
        "created": context.now,
        "customer": params.get("customer"),
        "description": params.get("description"),
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "livemode": context.scope.livemode,
        "metadata": given_metadata(params),
        "payment_method_configuration_details": method_configuration(context) if automatic else None,
        "payment_method_options": _shown_options(params),
        **_types(with_default_types(context, params, automatic)),
        "status": "requires_payment_method",
        "usage": params.get("usage", "off_session"),
    }
    return in_wire_order(body)


def _shown_options(params: Body) -> Body:
    asked = ((params.get("payment_method_options") or {}).get("card") or {}).get("request_three_d_secure")
    return {"card": {"mandate_options": None, "network": None, "request_three_d_secure": asked or "automatic"}}


def _check_references(context: RequestContext) -> None:
    params = context.params
    if params.get("customer"):
        context.refer(CUSTOMER, params["customer"], "customer")
    named = params.get("payment_method_configuration")
    if named and named != method_configuration(context)["id"]:
        raise no_such("payment_method_configuration", named, "payment_method_configuration", status=400)


def _given_method(context: RequestContext, intent: Body) -> PaymentMethod | None:
    method = given_method(context)
    if method is None:
        return None
    refuse_reuse(method, intent["customer"])
    narrowed = intent["allowed_payment_method_types"] or method.body["type"] in (
        intent["excluded_payment_method_types"] or ()
    )
    # What the account has configured may be saved in any currency.
    if narrowed or not intent["automatic_payment_methods"]:
        refuse_type(method, intent, "SetupIntent")
    return method


def _types(params: Body) -> Body:
    """How a method may be set up: a setup intent has no currency, so that any known method may be allowed."""
    allowed = params.get("allowed_payment_method_types") or ()
    named = params.get("payment_method_types") or [name for name in allowed if name == "card" or name in BANKS]
    return {"payment_method_types": usable_types({**params, "payment_method_types": named}, "usd", "Setup Intent")}


def _confirm(context: RequestContext, intent: Body, method: PaymentMethod | None) -> Body:
    if method is None and intent["payment_method"]:
        method = load_method(context, intent["payment_method"])
    if method is None:
        raise _unexpected(
            intent,
            "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a "
            "payment method and then confirm it again.",
        )
    back = None if context.params.get("use_stripe_sdk") else context.params.get("return_url")
    return attempt_setup(context, intent, method, back)


def _unexpected(intent: Body, message: str) -> StripeError:
    return invalid(message, code="setup_intent_unexpected_state", setup_intent=intent)


def _load_open(context: RequestContext, act: str) -> Body:
    intent = context.fetch(SETUP_INTENT, context.args[0])
    if intent["status"] not in _OPEN:
        raise _unexpected(
            intent,
            f"You cannot {act} this SetupIntent because it has a status of {intent['status']}.",
        )
    return intent


def confirm(context: RequestContext) -> Body:
    """Confirm a setup intent with the method it has or is given."""
    intent = _load_open(context, "confirm")
    secret = context.params.get("client_secret")
    if secret is not None and secret != intent["client_secret"]:
        raise invalid(
            f"The client_secret provided does not match any associated SetupIntent: {intent['id']}.",
            param="client_secret",
        )
    if context.params.get("payment_method_options"):
        intent["payment_method_options"] = _shown_options(context.params)
    if context.params.get("allowed_payment_method_types"):
        intent["allowed_payment_method_types"] = context.params["allowed_payment_method_types"]
        intent |= _types(context.params)
    return _confirm(context, intent, _given_method(context, intent))


def update(context: RequestContext) -> Body:
    """Change a setup intent that is still open; of a finished one only description and metadata."""
    params = context.params
    _check_references(context)
    plain = set(params) <= {"metadata", "description"}
    intent = context.fetch(SETUP_INTENT, context.args[0]) if plain else _load_open(context, "update")
    after = updated(intent, params, ("customer", "description", *_NARROWING))
    if params.get("payment_method_options"):
        after["payment_method_options"] = _shown_options(params)
    if params.get("payment_method_types") or any(params.get(name) for name in _NARROWING):
        after |= _types(params)
    method = _given_method(context, after)
    if method is not None:
        after |= {"payment_method": method.body["id"], "status": "requires_confirmation"}
    elif "payment_method" in params:
        after |= {"next_action": None, "payment_method": None, "status": "requires_payment_method"}
    return context.save(SETUP_INTENT, after)


def cancel(context: RequestContext) -> Body:
    """Give up a setup intent that is still open."""
    intent = _load_open(context, "cancel")
    intent |= {
        "cancellation_reason": context.params.get("cancellation_reason"),
        "next_action": None,
        "status": "canceled",
    }
    return context.save(SETUP_INTENT, intent, event="setup_intent.canceled")


def retrieve_intent(context: RequestContext) -> Body:
    """A setup intent; a wrong client secret is refused."""
    intent = context.fetch(SETUP_INTENT, context.args[0])
    secret = context.params.get("client_secret")
    if secret is not None and intent["client_secret"] != secret:
        raise invalid(
            f"The client_secret provided does not match any associated SetupIntent: {intent['id']}.",
            param="client_secret",
        )
    return intent


_FILTERS = {
    "created": by_created(),
    "customer": by_column("owner"),
    "customer_account": by_body("$.customer_account"),
    "payment_method": by_body("$.payment_method"),
}
_BASE, _RIGHT = SETUP_INTENT.url, "setup_intent"
_CANCEL: dict[str, Field] = {"cancellation_reason": Enum(values=_REASONS)}
ROUTES = (
    route("POST", _BASE, create, _CREATE, permission=_RIGHT, check=check_intent_types),
    route("GET", _BASE, listing(SETUP_INTENT, _FILTERS), list_fields(_FILTERS), permission=_RIGHT),
    route("GET", _BASE + "/{id}", retrieve_intent, {"client_secret": Text()}, permission=_RIGHT),
    route("POST", _BASE + "/{id}", update, _SHARED, permission=_RIGHT, check=check_intent_types),
    route("POST", _BASE + "/{id}/confirm", confirm, _CONFIRM, permission=_RIGHT, check=check_intent_types),
    route("POST", _BASE + "/{id}/cancel", cancel, _CANCEL, permission=_RIGHT),
)
