"""Promotion codes endpoints: create, retrieve, list, update; the code that a buyer types.

Source: Stripe API reference, "Promotion Codes" (`promotion` replaced `coupon` with 2025-09-30.clover).
"""

import re

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import ListFilter, by_body, by_column, by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import given_metadata, updated
from creditctl.emulator.payments.discount_validity import (
    active_codes,
    check_reactivation,
    coupon_holds,
    refuse_taken,
)
from creditctl.emulator.payments.discounts import minimum_amounts
from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.protocol.errors import bad_parameter, invalid, missing_parameter
from creditctl.emulator.protocol.fields import Boolean, Currency, Enum, Field, Integer, Text
from creditctl.emulator.protocol.schema import NEW_METADATA, ByCurrency, Hash, Metadata
from creditctl.emulator.resources.products.coupons import by_currency
from creditctl.emulator.storage.object_types import COUPON, CUSTOMER, PROMOTION_CODE, Body

_CODE_TEXT = re.compile(r"[a-zA-Z0-9\-_]+\Z")
FIVE_YEARS_SECONDS = (5 * 365 + 1) * DAY_SECONDS
_LEAST_BY_CURRENCY = ByCurrency(item=Hash(fields={"minimum_amount": Integer(required=True, low=1)}))
_CODE: dict[str, Field] = {
    "active": Boolean(),
    "code": Text(max_length=500),
    "coupon": Text(),
    "customer": Text(),
    "expires_at": Integer(),
    "max_redemptions": Integer(low=1),
    "metadata": NEW_METADATA,
    "promotion": Hash(fields={"type": Enum(values=("coupon",)), "coupon": Text()}),
    "restrictions": Hash(
        fields={
            "first_time_transaction": Boolean(),
            "minimum_amount": Integer(low=1),
            "minimum_amount_currency": Currency(),
            "currency_options": _LEAST_BY_CURRENCY,
        }
    ),
}


def restriction_options(context: RequestContext, code: Body) -> Body:
    """The minimum of a promotion code in each currency."""
    found = minimum_amounts(context, code)
    return {currency: {"minimum_amount": amount} for currency, amount in found.items()}


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
    if params.get("promotion") and params.get("coupon"):
        raise bad_parameter("You may only specify one of these parameters: coupon, promotion.", "coupon")
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


def _check_bounds(params: Body, coupon: Body) -> None:
    """A code ends no later, and is redeemed no more often, than its coupon. Source: Stripe API reference; our words."""
    for name, bound, told in (
        ("expires_at", "redeem_by", "after"),
        ("max_redemptions", "max_redemptions", "greater than"),
    ):
        if name in params and coupon[bound] is not None and params[name] > coupon[bound]:
            raise bad_parameter(f"`{name}` cannot be {told} the coupon's `{bound}`, {coupon[bound]}.", name)


def create_code(context: RequestContext) -> Body:
    """Create a promotion code; an active code is unique."""
    params = context.params
    coupon = _coupon_of(context)
    _check_bounds(params, coupon)
    if params.get("customer"):
        context.refer(CUSTOMER, params["customer"], "customer")
    code = params.get("code") or context.services.ids.token(8).upper()
    active = params.get("active", True) and coupon_holds(context, coupon)
    if active:
        refuse_taken(context, code, params.get("customer"))
    body: Body = {
        "id": context.new_id("promo_"),
        "object": "promotion_code",
        "active": active,
        "code": code,
        "created": context.now,
        "customer": params.get("customer"),
        "customer_account": None,
        # Source: Stripe docs, "Add discounts" (Checkout): the coupon's `redeem_by` "automatically populates" it.
        "expires_at": params.get("expires_at") or coupon["redeem_by"],
        "livemode": context.scope.livemode,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": given_metadata(params),
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": _restrictions(params.get("restrictions") or {}),
        "times_redeemed": 0,
    }
    if body["expires_at"]:
        context.schedule(body["expires_at"] - context.now, "promotion_code_expires", body["id"])
    minimums = by_currency(params.get("restrictions") or {}, "minimum_amount")
    return context.add(PROMOTION_CODE, body, event="promotion_code.created", extra={"minimums": minimums})


def _restrictions(given: Body) -> Body:
    least, currency = given.get("minimum_amount"), given.get("minimum_amount_currency")
    if (least is None) != (currency is None):
        raise missing_parameter(f"restrictions[{'minimum_amount' if least is None else 'minimum_amount_currency'}]")
    _check_currencies(given, currency)
    return {
        "first_time_transaction": given.get("first_time_transaction", False),
        "minimum_amount": least,
        "minimum_amount_currency": currency,
    }


def _check_currencies(given: Body, own: str | None) -> None:
    """Source: Stripe API reference: "Each currency must be different from the `minimum_amount_currency`"; our words."""
    if own is not None and own in (given.get("currency_options") or {}):
        message = "`currency_options` can't hold the `minimum_amount_currency`."
        raise bad_parameter(message, f"restrictions[currency_options][{own}]")


def find_code(context: RequestContext, text: str, customer: str | None) -> Body:
    """The promotion code that a buyer typed: the customer's own before one of another, which is refused as such."""
    found = sorted(active_codes(context, text.strip()), key=lambda code: code["customer"] not in (None, customer))
    if not found:
        raise invalid("This promotion code is invalid.", code="resource_missing", param="promotion_code")
    return found[0]


def update_code(context: RequestContext) -> Body:
    """Switch a promotion code on or off, or change its metadata."""
    row = context.fetch_row(PROMOTION_CODE, context.args[0])
    before = row.decoded()
    if context.params.get("active") and not before["active"]:
        check_reactivation(context, before)
    _check_currencies(context.params.get("restrictions") or {}, before["restrictions"]["minimum_amount_currency"])
    after = updated(before, context.params, ("active",))
    changed = by_currency(context.params.get("restrictions") or {}, "minimum_amount")
    if changed:
        minimums = {**(row.hidden().get("minimums") or {}), **changed}
        context.services.store.save_extra(context.scope.id, row.id, {"minimums": minimums})
    return context.change(PROMOTION_CODE, before, after, "promotion_code.updated")


_CODE_FILTERS = {
    "active": by_body("$.active", Boolean()),
    "code": ListFilter(Text(), lambda text: ("label = ? COLLATE NOCASE", (text,))),
    "coupon": by_body("$.promotion.coupon"),
    "created": by_created(),
    "customer": by_column("owner"),
}
_CHANGEABLE = Hash(fields={"currency_options": _LEAST_BY_CURRENCY})
_UPDATE_CODE: dict[str, Field] = {"active": Boolean(), "metadata": Metadata(), "restrictions": _CHANGEABLE}
_CODES = "/v1/promotion_codes"
ROUTES = (
    route("POST", _CODES, create_code, _CODE, permission="promotion_code", check=_check_code),
    route(
        "GET", _CODES, listing(PROMOTION_CODE, _CODE_FILTERS), list_fields(_CODE_FILTERS), permission="promotion_code"
    ),
    route("GET", _CODES + "/{id}", retrieve(PROMOTION_CODE), permission="promotion_code"),
    route("POST", _CODES + "/{id}", update_code, _UPDATE_CODE, permission="promotion_code"),
)
