"""Prices endpoints: create, retrieve, list, update; lookup keys.

Source: Stripe API reference, "Prices"; recorded traffic for the order of events when a lookup key moves.
"""

from dataclasses import replace

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import (
    ListFilter,
    by_any,
    by_body,
    by_column,
    by_created,
    list_fields,
    listing,
    retrieve,
)
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import updated
from creditctl.emulator.protocol.errors import bad_parameter, invalid, not_acted_on, only_one_of
from creditctl.emulator.protocol.fields import Boolean, Currency, Descriptor, Enum, Field, Integer, OfAnotherMode, Text
from creditctl.emulator.protocol.schema import NEW_METADATA, Hash, Listing, Metadata
from creditctl.emulator.protocol.written_text import Stripped
from creditctl.emulator.resources.products.catalog_bodies import (
    CURRENCY_OPTIONS,
    MONEY_FIELDS,
    MOST_INTERVALS,
    PRODUCT_DATA_FIELDS,
    TAX_BEHAVIOR,
    amounts,
    check_custom_amount,
    new_price,
    new_product,
    price_options,
    read_options,
)
from creditctl.emulator.storage.object_types import PRICE, PRODUCT, Body
from creditctl.emulator.storage.store import Condition, body_value, column

_PRODUCT_DATA = Hash(
    fields={
        **{name: field for name, field in PRODUCT_DATA_FIELDS.items() if name not in ("description", "images")},
        "id": Text(),
        "active": Boolean(),
        "statement_descriptor": Descriptor(),
    }
)
_CREATE: dict[str, Field] = {
    **MONEY_FIELDS,
    "product": Text(),
    "product_data": _PRODUCT_DATA,
    "active": Boolean(),
    "billing_scheme": Enum(values=("per_unit", "tiered")),
    "lookup_key": Text(unset=True, max_length=200),
    "metadata": NEW_METADATA,
    "nickname": Stripped(unset=True),
    "tiers": OfAnotherMode(),
    "tiers_mode": Enum(values=("graduated", "volume")),
    "transfer_lookup_key": Boolean(),
    "transform_quantity": Hash(
        fields={"divide_by": Integer(required=True, low=1), "round": Enum(values=("down", "up"), required=True)}
    ),
}
_UPDATE: dict[str, Field] = {
    "active": Boolean(),
    "currency_options": replace(CURRENCY_OPTIONS, unset=True),
    "lookup_key": Text(unset=True, max_length=200),
    "metadata": Metadata(),
    "nickname": Stripped(unset=True),
    "tax_behavior": TAX_BEHAVIOR,
    "transfer_lookup_key": Boolean(),
}


def make_price(context: RequestContext, params: Body, product: str) -> Body:
    """Store a new price after moving its lookup key away from another."""
    amounts(params, currency=params["currency"])
    check_custom_amount(params.get("custom_unit_amount"), params["currency"])
    price = new_price(context, params, product)
    if price["lookup_key"]:
        claim_lookup_key(context, price["lookup_key"], price["id"], transfer=params.get("transfer_lookup_key", False))
    options = read_options(params, price["currency"])
    return context.add(PRICE, price, event="price.created", extra={"currency_options": options} if options else None)


def claim_lookup_key(context: RequestContext, lookup_key: str, price_id: str, *, transfer: bool) -> None:
    """Free a lookup key for a price: it moves only when told to.

    Source: recorded traffic: an archived price keeps its key from others like an active one does.
    """
    for row in context.services.store.select(context.scope.id, PRICE, column("label", lookup_key)):
        if row.id == price_id:
            continue
        if not transfer:
            raise invalid(f"A price (`{row.id}`) already uses that lookup key.", param="lookup_key")
        # `price.updated` of the old holder comes before `price.created` of the new one (recorded).
        holder = row.decoded()
        context.change(PRICE, holder, {**holder, "lookup_key": None}, "price.updated")


def check_basis(context: RequestContext) -> None:
    """A price needs a product and an amount, each given one way; Source: recorded test-mode refusals."""
    params = context.params
    if ("product" in params) == ("product_data" in params):
        if "product" in params:
            raise bad_parameter("You may only specify one of these parameters: product, product_data.", "product")
        message = "You must specify either `product` or `product_data` when creating a price."
        raise invalid(message, executed=False)
    check_amount_basis(params)
    if params.get("billing_scheme") == "tiered" and not params.get("recurring"):
        raise bad_parameter("Prices with `type=one_time` are not supported with tiered billing.", "interval")
    for name in ("tiers", "tiers_mode"):
        if name in params:
            raise not_acted_on(name, "tiers belong to subscriptions")


def check_amount_basis(params: Body, prefix: str = "") -> None:
    """A price has an amount, given one way, and recurs within bounds; one that the buyer chooses must be enabled.

    Source: recorded test-mode refusals; Stripe API reference, `custom_unit_amount.enabled` (true, or left out).
    """
    _check_recurring(params, prefix)
    bases = ("unit_amount", "unit_amount_decimal", "custom_unit_amount")
    only_one_of(params, bases, prefix)
    chosen = params.get("custom_unit_amount") or {}
    if (
        not any(name in params for name in bases[:2])
        and not chosen.get("enabled")
        and params.get("billing_scheme") != "tiered"
    ):
        message = "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set."
        raise invalid(message, executed=False)


_ADVERBS = {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}


def _check_recurring(params: Body, prefix: str) -> None:
    """Source: Stripe API reference, `interval_count`; Stripe docs, "Pay what you want": not for recurring payments.

    The words of the first refusal: crvouga/emulates, `packages/service/stripe/src/prices.ts`, held against Stripe.
    """
    recurring = params.get("recurring")
    if not recurring:
        return
    most = MOST_INTERVALS[recurring["interval"]]
    if recurring.get("interval_count", 1) > most:
        message = f"The interval_count for {_ADVERBS[recurring['interval']]} prices can't be greater than {most}"
        raise bad_parameter(message, f"{prefix}[recurring][interval_count]" if prefix else "recurring[interval_count]")
    if (params.get("custom_unit_amount") or {}).get("enabled"):
        message = "Recurring prices can't have a `custom_unit_amount`."
        raise bad_parameter(message, f"{prefix}[custom_unit_amount]" if prefix else "custom_unit_amount")


def create(context: RequestContext) -> Body:
    """Create a price for a product, which is made on the way where `product_data` describes it."""
    params = context.params
    if "product_data" in params:
        product = context.add(PRODUCT, new_product(context, params["product_data"]), event="product.created")
    else:
        product = context.refer(PRODUCT, params["product"], "product")
    return make_price(context, params, product["id"])


def update(context: RequestContext) -> Body:
    """Change what may change: amount and currency never do, and a product's default price can't be archived."""
    params = context.params
    row = context.fetch_row(PRICE, context.args[0])
    before, hidden = row.decoded(), row.hidden()
    if hidden.get("inline"):
        # Source: Stripe docs, "Pay what you want": "you can't reuse or update inline prices"; the wording is ours.
        raise invalid("Inline prices, which `price_data` makes, can't be updated.")
    if params.get("active") is False and before["active"]:
        _refuse_default(context, before)
    if params.get("lookup_key") and params["lookup_key"] != before["lookup_key"]:
        claim_lookup_key(context, params["lookup_key"], before["id"], transfer=params.get("transfer_lookup_key", False))
    after = updated(before, params, ("active", "lookup_key", "nickname", "tax_behavior"))
    _refuse_other_tax_behavior(before["tax_behavior"], params.get("tax_behavior"), "tax_behavior")
    if "currency_options" in params:
        known = price_options(context, before["id"]) if params["currency_options"] else {}
        options = {**known, **read_options(params, before["currency"])}
        for name, option in known.items():
            param = f"currency_options[{name}][tax_behavior]"
            _refuse_other_tax_behavior(option["tax_behavior"], options[name]["tax_behavior"], param)
        context.services.store.save_extra(context.scope.id, before["id"], {**hidden, "currency_options": options})
    return context.change(PRICE, before, after, "price.updated")


def _refuse_other_tax_behavior(before: str, after: str | None, param: str) -> None:
    """Once it is said whether a price includes its tax, that stays. Source: Stripe API reference; wording ours."""
    if after is not None and before not in ("unspecified", after):
        raise bad_parameter(f"`tax_behavior` cannot be changed: it was set to `{before}` already.", param)


def _refuse_default(context: RequestContext, price: Body) -> None:
    product = context.find(price["product"], PRODUCT)
    if product is not None and product.decoded()["default_price"] == price["id"]:
        raise invalid("This price cannot be archived because it is the default price of its product.")


def currency_options(context: RequestContext, price: Body) -> Body:
    """The amounts of a price by currency, its own included."""
    return {
        **price_options(context, price["id"]),
        price["currency"]: {
            "custom_unit_amount": price["custom_unit_amount"],
            "tax_behavior": price["tax_behavior"],
            "unit_amount": price["unit_amount"],
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
    }


def tiers(_: RequestContext, __: Body) -> None:
    """Prices here have one tier at most, which is not shown."""
    return


def _by_recurring(given: Body) -> Condition:
    clauses = [body_value(f"$.recurring.{name}", value) for name, value in given.items()]
    return " AND ".join(clause for clause, _ in clauses) or "1", [value for _, values in clauses for value in values]


_RECURRING_FILTER: dict[str, Field] = {
    "interval": Enum(values=tuple(MOST_INTERVALS)),
    "usage_type": Enum(values=("licensed", "metered")),
    "meter": Text(),
}
_FILTERS = {
    # Source of `product`: crvouga/emulates, `packages/service/stripe/src/prices.ts`, which is held against Stripe.
    "active": by_body("$.active", Boolean()),
    "created": by_created(),
    "currency": by_body("$.currency", Currency()),
    "lookup_keys": by_any("label", Listing(item=Text(), most=10)),
    "product": by_column("parent", refers=PRODUCT),
    "recurring": ListFilter(Hash(fields=_RECURRING_FILTER), _by_recurring),
    "type": by_body("$.type", Enum(values=("one_time", "recurring"))),
}


def _not_inline(_: RequestContext) -> list[Condition]:
    """Source: Stripe API reference: lists exclude inline prices; stripe/stripe-python#1724: searches find them."""
    return [("(extra IS NULL OR json_extract(CAST(extra AS TEXT), '$.inline') IS NULL)", ())]


ROUTES = (
    route("POST", "/v1/prices", create, _CREATE, permission="plan", check=check_basis),
    route("GET", "/v1/prices", listing(PRICE, _FILTERS, base=_not_inline), list_fields(_FILTERS), permission="plan"),
    route("GET", "/v1/prices/{id}", retrieve(PRICE), permission="plan"),
    route("POST", "/v1/prices/{id}", update, _UPDATE, permission="plan"),
)
