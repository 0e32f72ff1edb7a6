"""Coupons endpoints: create, retrieve, list, update, delete.

Source: Stripe API reference, "Coupons"; changelog 2018-07-27: `percent_off` has a precision of two decimal places.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import by_created, list_fields, listing, retrieve
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import erase, given_metadata, updated
from creditctl.emulator.payments.discount_validity import end_codes
from creditctl.emulator.protocol.errors import bad_parameter, invalid
from creditctl.emulator.protocol.fields import (
    Amount,
    Currency,
    Enum,
    Field,
    Integer,
    Text,
)
from creditctl.emulator.protocol.schema import ByCurrency, Hash, Listing, Metadata
from creditctl.emulator.storage.object_types import COUPON, PRODUCT, Body

_OFF_BY_CURRENCY = ByCurrency(item=Hash(fields={"amount_off": Integer(required=True, low=1)}))
_COUPON: dict[str, Field] = {
    "amount_off": Integer(low=1),
    "applies_to": Hash(fields={"products": Listing(item=Text())}),
    "currency": Currency(),
    "currency_options": _OFF_BY_CURRENCY,
    "duration": Enum(values=("forever", "once", "repeating")),
    "duration_in_months": Integer(low=1),
    "id": Text(),
    "max_redemptions": Integer(low=1),
    "metadata": Metadata(),
    "name": Text(unset=True, max_length=40),
    "percent_off": Amount(places=2),
    "redeem_by": Integer(),
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
    """`currency_options` goes with an amount. Source: recorded refusal."""
    if params.get("currency_options") and "percent_off" in params:
        message = "You may only specify one of these parameters: currency_options, percent_off."
        raise bad_parameter(message, "currency_options")


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
    if body["redeem_by"]:
        context.schedule(body["redeem_by"] - context.now, "coupon_expires", body["id"])
    extra: Body = {"products": products, "options": by_currency(params, "amount_off")}
    return context.add(COUPON, body, event="coupon.created", extra=extra)


def by_currency(params: Body, name: str) -> dict[str, int]:
    """The amounts that `currency_options` gives."""
    return {currency: option[name] for currency, option in (params.get("currency_options") or {}).items()}


def _percent(given: str | None) -> float | None:
    """A percentage as recorded answers show it: 25.0, 12.5."""
    return None if given is None else float(given)


def applies_to(context: RequestContext, coupon: Body) -> Body | None:
    """The products that a coupon is for, where it is not for all."""
    products = _hidden(context, coupon).get("products")
    return {"products": products} if products else None


def currency_options(context: RequestContext, coupon: Body) -> Body:
    """What a coupon takes off in each currency."""
    own = {coupon["currency"]: coupon["amount_off"]} if coupon["currency"] else {}
    options = _hidden(context, coupon).get("options") or {}
    return {currency: {"amount_off": amount} for currency, amount in {**own, **options}.items()}


def _hidden(context: RequestContext, coupon: Body) -> Body:
    """What a coupon does not show; one that is deleted still stands whole in what older versions show."""
    row = context.services.store.get(context.scope.id, coupon["id"])
    return row.hidden() if row is not None else {}


def update_coupon(context: RequestContext) -> Body:
    """Change a coupon's name, metadata, or what it takes off in other currencies."""
    row = context.fetch_row(COUPON, context.args[0])
    before, hidden = row.decoded(), row.hidden()
    if context.params.get("currency_options"):
        _check_options(context.params | ({"percent_off": 1} if before["percent_off"] is not None else {}))
        options = {**(hidden.get("options") or {}), **by_currency(context.params, "amount_off")}
        context.services.store.save_extra(context.scope.id, row.id, {**hidden, "options": options})
    return context.change(COUPON, before, updated(before, context.params, ("name",)), "coupon.updated")


def delete_coupon(context: RequestContext) -> Body:
    """Delete a coupon; what was already discounted stays so, its promotion codes are active no longer."""
    coupon = context.fetch(COUPON, context.args[0])
    context.cancel_job("coupon_expires", coupon["id"])
    end_codes(context, coupon["id"])
    context.emit("coupon.deleted", coupon | {"valid": False})
    return erase(context, COUPON, coupon["id"])


_COUPON_FILTERS = {"created": by_created()}
_UPDATE: dict[str, Field] = {
    "name": Text(unset=True, max_length=40),
    "metadata": Metadata(),
    "currency_options": _OFF_BY_CURRENCY,
}
_COUPONS = "/v1/coupons"
ROUTES = (
    route("POST", _COUPONS, create_coupon, _COUPON, permission="coupon", check=_check_coupon),
    route("GET", _COUPONS, listing(COUPON, _COUPON_FILTERS), list_fields(_COUPON_FILTERS), permission="coupon"),
    route("GET", _COUPONS + "/{id}", retrieve(COUPON), permission="coupon"),
    route("POST", _COUPONS + "/{id}", update_coupon, _UPDATE, permission="coupon"),
    route("DELETE", _COUPONS + "/{id}", delete_coupon, permission="coupon"),
)
