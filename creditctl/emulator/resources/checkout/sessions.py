"""Checkout Sessions endpoints for one-time payments: create, read, list, update, expire, line items.

Source: Stripe API reference, "Checkout Sessions"; Stripe docs, "How Checkout works".
"""

import msgspec

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import (
    PAGE_FIELDS,
    ListFilter,
    by_body,
    by_column,
    by_created,
    list_fields,
    listing,
    refuse_both,
    retrieve,
)
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import updated
from creditctl.emulator.payments.discounts import Discount, read_discount
from creditctl.emulator.protocol.durations import DAY_SECONDS, MINUTE_SECONDS
from creditctl.emulator.protocol.errors import bad_parameter, invalid, missing_parameter, no_such, not_acted_on
from creditctl.emulator.protocol.fields import Enum, Text
from creditctl.emulator.protocol.schema import Hash
from creditctl.emulator.protocol.versions import INTENT_AT_ONCE_UNTIL, RENAMED_UI_MODES_SINCE, since
from creditctl.emulator.resources.checkout.amounts import calculate
from creditctl.emulator.resources.checkout.bodies import new_session
from creditctl.emulator.resources.checkout.custom_fields import check_custom_fields
from creditctl.emulator.resources.checkout.customer_updates import check_updates
from creditctl.emulator.resources.checkout.flow import expire_session, session_intent
from creditctl.emulator.resources.checkout.included_parts import items_page
from creditctl.emulator.resources.checkout.items import LINE_ITEMS, build_items
from creditctl.emulator.resources.checkout.params import CREATE, ELEMENTS, NOT_FOR_ELEMENTS, NOT_IN_PAYMENT_MODE, UPDATE
from creditctl.emulator.resources.core.payment_intents.checks import check_references, check_types, refuse_connect
from creditctl.emulator.storage.object_types import CUSTOMER, SESSION, Body
from creditctl.emulator.storage.store import body_value

SHORTEST_LIFE_SECONDS = 30 * MINUTE_SECONDS


def check_create(context: RequestContext) -> None:
    """What a session needs, and what excludes what."""
    params = context.params
    check_types(context)
    _check_mode(context)
    if params.get("customer") and params.get("customer_email"):
        raise bad_parameter("You may only specify one of these parameters: customer, customer_email.", "customer")
    if params.get("customer") and params.get("customer_creation"):
        raise bad_parameter("You may only specify one of these parameters: customer, customer_creation.", "customer")
    if params.get("discounts") and "allow_promotion_codes" in params:
        raise bad_parameter(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.", "discounts"
        )
    if not params.get("line_items"):
        raise missing_parameter("line_items")
    if "customer_update" in params and not params.get("customer"):
        message = "`customer_update` can only be used with `customer` or `customer_account`."
        raise bad_parameter(message, "customer_update")
    check_custom_fields(params.get("custom_fields") or [])
    refuse_connect(params.get("payment_intent_data") or {}, "payment_intent_data")
    _check_left_out(params)
    _check_urls(context)
    _check_elements(params)


def _check_left_out(params: Body) -> None:
    """What belongs to another mode is refused, and so is what this emulator does not act on."""
    for name in NOT_IN_PAYMENT_MODE:
        if name in params:
            raise bad_parameter(f"You can not pass `{name}` in `payment` mode.", name)
    if params.get("managed_payments", {}).get("enabled"):
        raise not_acted_on("managed_payments")


def _check_mode(context: RequestContext) -> None:
    params = context.params
    if "mode" not in params:
        raise missing_parameter("mode")
    if params["mode"] != "payment":
        raise invalid(
            f"This emulator covers one-time payments: `mode={params['mode']}` is not in it.",
            param="mode",
            executed=False,
        )
    ui_mode = params.get("ui_mode")
    renamed = since(context.version, RENAMED_UI_MODES_SINCE)
    known = ("elements", "embedded_page", "form", "hosted_page") if renamed else ("custom", "embedded", "hosted")
    if ui_mode is not None and ui_mode not in known:
        shown = ", ".join(known[:-1]) + f", or {known[-1]}"
        raise bad_parameter(f"Invalid ui_mode: must be one of {shown}", "ui_mode")


def _check_urls(context: RequestContext) -> None:
    params = context.params
    hosted = params.get("ui_mode", "hosted") in ("hosted", "hosted_page")
    needed = "success_url" if hosted else "return_url"
    if not params.get(needed) and (hosted or _always_returns(params)):
        raise missing_parameter(needed)
    for name in ("return_url", "redirect_on_completion"):
        if hosted and name in params:
            raise bad_parameter(f"You cannot pass `{name}` when `ui_mode` is `hosted_page`.", name)
    if params.get("redirect_on_completion") == "never" and "return_url" in params:
        # Source: laravel/cashier-stripe#1629; the wording is ours.
        raise bad_parameter("You cannot pass `return_url` when `redirect_on_completion` is `never`.", "return_url")
    if not hosted and ("success_url" in params or "cancel_url" in params):
        raise bad_parameter(
            "You cannot pass `success_url` or `cancel_url` unless `ui_mode` is `hosted_page`.", "success_url"
        )


def _check_elements(params: Body) -> None:
    """What only Stripe's own page shows can't be set for elements. Source: stripe-python 16.1, session parameters."""
    if params.get("ui_mode") not in ELEMENTS:
        return
    given = [name for name in NOT_FOR_ELEMENTS if name in params]
    if "required" in (params.get("tax_id_collection") or {}):
        given.append("tax_id_collection[required]")
    if given:
        raise bad_parameter(f"You can't set `{given[0]}` if `ui_mode` is `elements`.", given[0])


def _always_returns(params: Body) -> bool:
    """Whether a page of one's own goes to its `return_url` after every payment.

    Source: Stripe API reference, `return_url` (required where redirect-based methods are enabled: here are none) and
    `redirect_on_completion` (of embedded pages, `always` by default); woocommerce/woocommerce-gateway-stripe leaves it
    out for elements, `includes/Ajax_Handlers/WC_Stripe_Checkout_Sessions_Ajax_Handler.php`.
    """
    return params.get("ui_mode") not in ELEMENTS and params.get("redirect_on_completion", "always") == "always"


def _check_expiry(context: RequestContext) -> None:
    expires_at = context.params.get("expires_at")
    if expires_at is None:
        return
    life = expires_at - context.now
    if life < SHORTEST_LIFE_SECONDS:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise invalid(message, param="expires_at")
    if life > DAY_SECONDS:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise invalid(message, param="expires_at")


def create(context: RequestContext) -> Body:
    """Create a session; nothing announces it."""
    params = context.params
    if not since(context.version, INTENT_AT_ONCE_UNTIL) and not params.get("customer"):
        params.setdefault("customer_creation", "always")
    _check_expiry(context)
    check_references(context)
    customer = context.fetch(CUSTOMER, params["customer"]) if params.get("customer") else {}
    check_updates(params, customer)
    items = build_items(context, params["line_items"], params.get("currency"))
    currency = items[0]["currency"]
    if params.get("currency") not in (None, currency):
        raise invalid(f"The line items are in {currency}, not in {params['currency']}.", param="currency")
    discount = read_discount(context, params["discounts"][0]) if params.get("discounts") else None
    session = new_session(
        context, params, calculate(items, discount, currency), discount, currency, customer.get("email")
    )
    hidden = _hidden(context, items, discount)
    context.add(SESSION, session, extra=hidden)
    context.schedule(session["expires_at"] - context.now, "expire_session", session["id"])
    if session["amount_total"] and not since(context.version, INTENT_AT_ONCE_UNTIL):
        session_intent(context, session, hidden)
    return session


def _hidden(context: RequestContext, items: list[Body], discount: Discount | None) -> Body:
    """What a session is kept with and does not show."""
    params = context.params
    return {
        "base_url": context.base_url,
        "customer_update": params.get("customer_update") or {},
        "discount": msgspec.to_builtins(discount),
        "items": items,
        "payment_intent_data": params.get("payment_intent_data") or {},
        "payment_method_data": params.get("payment_method_data") or {},
    }


def update(context: RequestContext) -> Body:
    """Change a session's metadata; a hosted page's items can't be changed from outside."""
    before = context.fetch(SESSION, context.args[0])
    return context.save(SESSION, updated(before, context.params, ()))


def expire(context: RequestContext) -> Body:
    """End an open session."""
    row = context.fetch_row(SESSION, context.args[0])
    session = row.decoded()
    if session["status"] != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`.",
            param="session",
        )
    return expire_session(context, session)


def line_items(context: RequestContext) -> Body:
    """The line items of a session."""
    row = context.fetch_row(SESSION, context.args[0])
    params = context.params
    after, before = params.get("starting_after"), params.get("ending_before")
    refuse_both(after, before)
    known = {item["id"] for item in row.hidden()["items"]}
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in known:
            raise no_such("item", params[name], name, status=400)
    return items_page(context, row, params.get("limit", 10), after, before)


_FILTERS = {
    "created": by_created(),
    "customer": by_column("owner"),
    "customer_account": by_body("$.customer_account"),
    "customer_details": ListFilter(
        Hash(fields={"email": Text(required=True)}),
        lambda given: body_value("$.customer_details.email", given["email"]),
    ),
    "payment_intent": by_column("parent"),
    "payment_link": by_body("$.payment_link"),
    "status": by_body("$.status", Enum(values=("complete", "expired", "open"))),
    "subscription": by_body("$.subscription"),
}
_BASE, _RIGHT = "/v1/checkout/sessions", "checkout_session"
ROUTES = (
    route("POST", _BASE, create, {**CREATE, "line_items": LINE_ITEMS}, permission=_RIGHT, check=check_create),
    route("GET", _BASE, listing(SESSION, _FILTERS), list_fields(_FILTERS), permission=_RIGHT),
    route("GET", _BASE + "/{id}", retrieve(SESSION), permission=_RIGHT),
    route("POST", _BASE + "/{id}", update, UPDATE, permission=_RIGHT),
    route("POST", _BASE + "/{id}/expire", expire, permission=_RIGHT),
    route("GET", _BASE + "/{id}/line_items", line_items, PAGE_FIELDS, permission=_RIGHT),
)
