"""Prices: amounts, lookup keys, archiving."""

import pytest

from tests.emulator.world import Inside, Refused, World


def test_prices_by_their_interval(ask: Inside) -> None:
    ask.price("one", "unit_amount=1000")
    monthly = ask.price("two", "unit_amount=1000&recurring[interval]=month")
    found = ask("GET", "/v1/prices", "recurring[interval]=month&type=recurring")[1]["data"]
    assert [entry["id"] for entry in found] == [monthly]
    assert ask("GET", "/v1/prices", "recurring[interval]=fortnight")[1]["error"]["param"] == "recurring[interval]"


def test_inline_prices_are_neither_listed_nor_updated(ask: Inside) -> None:
    """Source: Stripe API reference, "List all prices"; stripe/stripe-python#1724: searches find them all the same."""
    item = "line_items[0][price_data][currency]=usd&line_items[0][price_data][product_data][name]=A"
    form = f"mode=payment&success_url=https://a.example&{item}&line_items[0][price_data][unit_amount]=1000"
    made = ask("POST", "/v1/checkout/sessions", f"{form}&line_items[0][quantity]=1&expand[]=line_items")[1]
    inline = made["line_items"]["data"][0]["price"]["id"]
    for query in ("", "active=false"):
        assert ask("GET", "/v1/prices", query)[1]["data"] == []
    found = ask("GET", "/v1/prices/search", "query=active:'false'")[1]["data"]
    assert [price["id"] for price in found] == [inline]
    assert ask("GET", f"/v1/prices/{inline}")[0] == 200
    assert ask("POST", f"/v1/prices/{inline}", "nickname=x")[0] == 400


def test_an_archived_price_keeps_its_lookup_key(ask: Inside) -> None:
    old = ask.price("p", "unit_amount=100&lookup_key=key")
    ask("POST", f"/v1/prices/{old}", "active=false")
    new = "product=p&currency=usd&unit_amount=200&lookup_key=key"
    assert ask("POST", "/v1/prices", new)[1]["error"]["message"] == f"A price (`{old}`) already uses that lookup key."
    assert ask("POST", "/v1/prices", f"{new}&transfer_lookup_key=true")[1]["lookup_key"] == "key"
    assert ask("GET", f"/v1/prices/{old}")[1]["lookup_key"] is None


def test_lookup_keys_filter_and_move(emulated: World) -> None:
    old = emulated.price(lookup_key="starter_usd")
    with pytest.raises(Exception, match="already uses that lookup key"):
        emulated.price(product=old.product, lookup_key="starter_usd")
    new = emulated.price(product=old.product, lookup_key="starter_usd", unit_amount=1200, transfer_lookup_key=True)
    found = emulated.stripe.prices.list(params={"lookup_keys": ["starter_usd"], "active": True})
    assert [price.id for price in found.data] == [new.id]
    assert emulated.stripe.prices.retrieve(old.id).lookup_key is None
    assert emulated.event_types()[-2:] == ["price.updated", "price.created"]


def test_a_default_price_can_not_be_archived(world: World, refused: Refused) -> None:
    product = world.product(default_price_data={"currency": "usd", "unit_amount": 1000})
    error = refused(lambda: world.stripe.prices.update(product.default_price, params={"active": False}))
    assert "default price" in error.user_message
    other = world.price(product=product.id)
    assert world.stripe.prices.update(other.id, params={"active": False}).active is False


def test_amounts_never_change(world: World, refused: Refused) -> None:
    price = world.price()
    error = refused(lambda: world.stripe.prices.update(price.id, params={"unit_amount": 5}))
    assert error.code == "parameter_unknown"


def test_prices_need_one_amount(world: World, refused: Refused) -> None:
    product = world.product().id
    missing = refused(lambda: world.stripe.prices.create(params={"product": product, "currency": "usd"}))
    assert missing.http_status == 400
    unknown = refused(lambda: world.price(product="prod_none"))
    assert (unknown.http_status, unknown.code, unknown.param) == (400, "resource_missing", "product")


def test_an_amount_that_the_buyer_may_not_choose_is_none(ask: Inside) -> None:
    """Source: Stripe API reference, `custom_unit_amount.enabled`: true, or left out."""
    for path, form in (
        ("/v1/prices", "product_data[name]=A&currency=usd&custom_unit_amount[enabled]="),
        ("/v1/products", "name=A&default_price_data[currency]=usd&default_price_data[custom_unit_amount][enabled]="),
    ):
        assert ask("POST", path, f"{form}true")[0] == 200
        status, body, _ = ask("POST", path, f"{form}false")
        assert (status, body["error"]["message"].startswith("Prices require an `unit_amount`")) == (400, True)


def test_fractions_of_a_cent(world: World) -> None:
    product = world.product().id
    price = world.stripe.prices.create(params={"product": product, "currency": "usd", "unit_amount_decimal": "0.5"})
    assert price.unit_amount is None
    assert str(price.unit_amount_decimal) == "0.5"


def test_the_prices_of_a_product_that_never_was_are_refused(ask: Inside) -> None:
    """Source: crvouga/emulates, `packages/service/stripe/src/prices.ts`, which is held against Stripe."""
    status, body, _ = ask("GET", "/v1/prices", "product=prod_none")
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "resource_missing", "product")
