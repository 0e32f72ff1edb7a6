"""Coupons and promotion codes endpoints: create, retrieve, list, update, delete.

Source: Stripe API reference, "Coupons", "Promotion Codes" (`promotion` replaced `coupon` with 2025-09-30.clover).
"""

import re

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_body, by_column, by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import erase, given_metadata, updated
from creditctl.emulator.payments.discounts import products_of
from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.protocol.errors import bad_parameter, invalid, missing_parameter
from creditctl.emulator.protocol.fields import (
    Amount,
    Anything,
    Boolean,
    Currency,
    Enum,
    Field,
    Integer,
    Text,
)
from creditctl.emulator.protocol.schema import Hash, Listing, Metadata
from creditctl.emulator.storage.object_types import COUPON, CUSTOMER, PRODUCT, PROMOTION_CODE, Body

_CODE_TEXT = re.compile(r"[a-zA-Z0-9\-_]+\Z")
FIVE_YEARS_SECONDS = (5 * 365 + 1) * DAY_SECONDS
_COUPON: dict[str, Field] = {
    "amount_off": Integer(low=1),
    "applies_to": Hash(fields={"products": Listing(item=Text())}),
    "currency": Currency(),
    "currency_options": Anything(),
    "duration": Enum(values=("forever", "once", "repeating")),
    "duration_in_months": Integer(low=1),
    "id": Text(max_length=200),
    "max_redemptions": Integer(low=1),
    "metadata": Metadata(),
    "name": Text(unset=True, max_length=40),
    "percent_off": Amount(),
    "redeem_by": Integer(),
}
_CODE: dict[str, Field] = {
    "active": Boolean(),
    "code": Text(max_length=500),
    "coupon": Text(),
    "customer": Text(),
    "expires_at": Integer(),
    "max_redemptions": Integer(low=1),
    "metadata": Metadata(),
    "promotion": Hash(fields={"type": Enum(values=("coupon",)), "coupon": Text()}),
    "restrictions": Hash(
        fields={
            "first_time_transaction": Boolean(),
            "minimum_amount": Integer(low=1),
            "minimum_amount_currency": Currency(),
            "currency_options": Anything(),
        }
    ),
}


def _check_coupon(context: RequestContext) -> None:
    params = context.params
    if "percent_off" in params and "amount_off" in params:
        message = "Received both percent_off and amount_off parameters. Please pass in only one."
        raise invalid(message, executed=False)
    if "percent_off" not in params and "amount_off" not in params:
        raise invalid("Must provide percent_off or amount_off.", code="parameter_missing", executed=False)
    if "amount_off" in params and "currency" not in params:
        raise bad_parameter("You must pass currency when passing amount_off", "currency")
    if "percent_off" in params:
        _check_percent(float(params["percent_off"]))
    if "redeem_by" in params and params["redeem_by"] <= context.now:
        raise bad_parameter(
            "The parameter `redeem_by` expects a unix timestamp representing a date and time in the future. You "
            f"specified the value `{params['redeem_by']}` which is in the past.",
            "redeem_by",
        )
    _check_options(params)
    if params.get("duration") == "repeating" and "duration_in_months" not in params:
        raise bad_parameter(
            "The duration_in_months param must be set when creating a coupon with a repeating duration", "duration"
        )


def _check_percent(percent: float) -> None:
    for wrong, text in (
        (percent < 0.01, "greater than or equal to 0.01"),
        (percent > 100, "less than or equal to 100"),
    ):
        if wrong:
            raise bad_parameter(f"This value must be {text} (it currently is '{percent}').", "percent_off")


def _check_options(params: Body) -> None:
    """`currency_options` goes with an amount, and names its currencies in lower case. Source: recorded refusals."""
    options = params.get("currency_options")
    if options is None:
        return
    if not isinstance(options, dict):
        raise bad_parameter("Invalid object", "currency_options")
    if "percent_off" in params:
        message = "You may only specify one of these parameters: currency_options, percent_off."
        raise bad_parameter(message, "currency_options")
    wrong = next((name for name in options if name != name.lower()), None)
    if wrong:
        raise bad_parameter(
            f"Currencies must be lowercase when used as keys in a map. Use `{wrong.lower()}` instead of `{wrong}`.",
            "currency_options",
        )


def create_coupon(context: RequestContext) -> Body:
    """Create a coupon."""
    params = context.params
    body: Body = {
        "id": params.get("id") or context.services.ids.token(8),
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": context.now,
        "currency": params.get("currency"),
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": context.scope.livemode,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": given_metadata(params),
        "name": params.get("name"),
        "percent_off": _percent(params.get("percent_off")),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    if context.services.store.get(context.scope.id, body["id"]) is not None:
        raise invalid("Coupon already exists.", code="resource_already_exists")
    products = (params.get("applies_to") or {}).get("products")
    for index, product in enumerate(products or ()):
        context.refer(PRODUCT, product, f"applies_to[products][{index}]")
    return context.add(COUPON, body, event="coupon.created", extra={"products": products} if products else None)


def _percent(given: str | None) -> float | None:
    """A percentage as recorded answers show it: 25.0, 12.5."""
    return None if given is None else float(given)


def applies_to(context: RequestContext, coupon: Body) -> Body | None:
    """The products that a coupon is for, where it is not for all."""
    products = products_of(context, coupon["id"])
    return {"products": products} if products else None


def currency_options(_: RequestContext, coupon: Body) -> Body:
    """What a coupon takes off in each currency."""
    return {coupon["currency"]: {"amount_off": coupon["amount_off"]}} if coupon["currency"] else {}


def restriction_options(_: RequestContext, code: Body) -> Body:
    """The minimum of a promotion code in each currency."""
    limits = code["restrictions"]
    currency = limits["minimum_amount_currency"]
    return {currency: {"minimum_amount": limits["minimum_amount"]}} if currency else {}


def update_coupon(context: RequestContext) -> Body:
    """Change a coupon's name or metadata."""
    before = context.fetch(COUPON, context.args[0])
    return context.change(COUPON, before, updated(before, context.params, ("name",)), "coupon.updated")


def delete_coupon(context: RequestContext) -> Body:
    """Delete a coupon; what was already discounted stays so."""
    coupon = context.fetch(COUPON, context.args[0])
    context.emit("coupon.deleted", coupon | {"valid": False})
    return erase(context, COUPON, coupon["id"])


def _coupon_of(context: RequestContext) -> Body:
    promotion = context.params.get("promotion") or {}
    name = promotion.get("coupon") or context.params.get("coupon")
    if not name:
        raise missing_parameter("promotion[coupon]" if promotion else "promotion")
    return context.refer(COUPON, name, "promotion[coupon]" if promotion else "coupon")


def _check_code(context: RequestContext) -> None:
    """The refusals of a promotion code by itself; Source: recorded test-mode refusals."""
    params = context.params
    if params.get("promotion") and not params["promotion"].get("coupon"):
        raise bad_parameter("You must pass promotion.coupon when passing promotion", "promotion.coupon")
    code, expires_at = params.get("code"), params.get("expires_at")
    if code and not _CODE_TEXT.match(code):
        raise bad_parameter(
            f"This value must match the regex pattern. (/\\A[a-zA-Z0-9\\-_]+\\z/ does not match for the value {code}).",
            "code",
        )
    if expires_at is not None and expires_at <= context.now:
        raise bad_parameter(
            "The parameter `expires_at` expects a unix timestamp representing a date and time in the future. You "
            f"specified the value `{expires_at}` which is in the past.",
            "expires_at",
        )
    if expires_at is not None and expires_at > context.now + FIVE_YEARS_SECONDS:
        raise bad_parameter("Invalid timestamp: can be no more than five years in the future.", "expires_at")


def create_code(context: RequestContext) -> Body:
    """Create a promotion code; an active code is unique."""
    params = context.params
    coupon = _coupon_of(context)
    if params.get("customer"):
        context.refer(CUSTOMER, params["customer"], "customer")
    code = params.get("code") or context.services.ids.token(8).upper()
    if _active_code(context, code):
        raise invalid(f"An active promotion code with `code: {code}` already exists.")
    body: Body = {
        "id": context.new_id("promo_"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": code,
        "created": context.now,
        "customer": params.get("customer"),
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": context.scope.livemode,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": given_metadata(params),
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": _restrictions(params.get("restrictions") or {}),
        "times_redeemed": 0,
    }
    return context.add(PROMOTION_CODE, body, event="promotion_code.created")


def _restrictions(given: Body) -> Body:
    least, currency = given.get("minimum_amount"), given.get("minimum_amount_currency")
    if (least is None) != (currency is None):
        raise missing_parameter(f"restrictions[{'minimum_amount' if least is None else 'minimum_amount_currency'}]")
    return {
        "first_time_transaction": given.get("first_time_transaction", False),
        "minimum_amount": least,
        "minimum_amount_currency": currency,
    }


def _active_code(context: RequestContext, code: str) -> Body | None:
    """The active promotion code with this text, in any case."""
    rows = context.services.store.select(context.scope.id, PROMOTION_CODE, ("label = ? COLLATE NOCASE", (code,)))
    bodies = (row.decoded() for row in rows)
    return next((body for body in bodies if body["active"]), None)


def find_code(context: RequestContext, text: str) -> Body:
    """The promotion code that a buyer typed."""
    found = _active_code(context, text.strip())
    if found is None:
        raise invalid("This promotion code is invalid.", code="resource_missing", param="promotion_code")
    return found


def update_code(context: RequestContext) -> Body:
    """Switch a promotion code on or off, or change its metadata."""
    before = context.fetch(PROMOTION_CODE, context.args[0])
    after = updated(before, context.params, ("active",))
    return context.change(PROMOTION_CODE, before, after, "promotion_code.updated")


_COUPON_FILTERS = {"created": by_created()}
_CODE_FILTERS = {
    "active": by_body("$.active", Boolean()),
    "code": by_column("label"),
    "coupon": by_body("$.promotion.coupon"),
    "created": by_created(),
    "customer": by_column("owner"),
}
_UPDATE: dict[str, Field] = {
    "name": Text(unset=True, max_length=40),
    "metadata": Metadata(),
    "currency_options": Anything(),
}
_CHANGEABLE = Hash(fields={"currency_options": Anything()})
_UPDATE_CODE: dict[str, Field] = {"active": Boolean(), "metadata": Metadata(), "restrictions": _CHANGEABLE}
_COUPONS, _CODES = "/v1/coupons", "/v1/promotion_codes"
ROUTES = (
    route("POST", _COUPONS, create_coupon, _COUPON, permission="coupon", check=_check_coupon),
    route("GET", _COUPONS, listing(COUPON, _COUPON_FILTERS), list_fields(_COUPON_FILTERS), permission="coupon"),
    route("GET", _COUPONS + "/{id}", retrieve(COUPON), permission="coupon"),
    route("POST", _COUPONS + "/{id}", update_coupon, _UPDATE, permission="coupon"),
    route("DELETE", _COUPONS + "/{id}", delete_coupon, permission="coupon"),
    route("POST", _CODES, create_code, _CODE, permission="promotion_code", check=_check_code),
    route(
        "GET", _CODES, listing(PROMOTION_CODE, _CODE_FILTERS), list_fields(_CODE_FILTERS), permission="promotion_code"
    ),
    route("GET", _CODES + "/{id}", retrieve(PROMOTION_CODE), permission="promotion_code"),
    route("POST", _CODES + "/{id}", update_code, _UPDATE_CODE, permission="promotion_code"),
)
