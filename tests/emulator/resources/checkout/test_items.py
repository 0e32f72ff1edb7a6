"""Line items of Checkout Sessions: amounts, currencies, prices described in place."""

import pytest

from tests.emulator.world import Inside, Refused, World


@pytest.mark.parametrize(("quantity", "total"), [(1000, 333), (1001, 333), (1002, 334), (2000, 666)])
def test_fractions_of_a_cent_are_rounded_once(ask: Inside, quantity: int, total: int) -> None:
    fraction = ask.price("p", "unit_amount_decimal=0.333")
    assert ask.session(fraction, quantity)[1]["amount_total"] == total


def test_a_price_that_names_no_amount_is_not_free(ask: Inside) -> None:
    chosen = ask.price("p", "custom_unit_amount[enabled]=true")
    assert ask.session(chosen, 1)[0] == 400


def test_archived_prices_are_not_sold(world: World, refused: Refused) -> None:
    price = world.price()
    world.stripe.prices.update(price.id, params={"active": False})
    error = refused(lambda: world.session(line_items=[{"price": price.id, "quantity": 1}]))
    assert "inactive" in error.user_message


def test_too_little_for_a_card(world: World, refused: Refused) -> None:
    price = world.price(unit_amount=49)
    error = refused(lambda: world.session(line_items=[{"price": price.id, "quantity": 1}]))
    assert error.code == "amount_too_small"


def test_one_currency_a_session(world: World, refused: Refused) -> None:
    items = [{"price": world.price(currency=name).id, "quantity": 1} for name in ("usd", "eur")]
    assert refused(lambda: world.session(line_items=items)).http_status == 400


def test_price_data_makes_an_archived_price(world: World) -> None:
    data = {"currency": "usd", "unit_amount": 700, "product_data": {"name": "One-off"}}
    session = world.session(line_items=[{"price_data": data, "quantity": 3}])
    assert session.amount_total == 2100
    item = world.stripe.checkout.sessions.line_items.list(session.id).data[0]
    assert (item.description, item.price.active, item.amount_total) == ("One-off", False, 2100)
