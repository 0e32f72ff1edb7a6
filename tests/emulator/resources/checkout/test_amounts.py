"""Amounts of a session: quantities, discounts and taxes add up to the cent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.emulator.payments.discounts import Discount
from creditctl.emulator.protocol.errors import StripeError
from creditctl.emulator.resources.checkout.amounts import calculate
from tests.emulator.world import Inside, Refused, World

RATES = [
    {"id": "txr_1", "inclusive": False, "percentage": 7.25},
    {"id": "txr_2", "inclusive": True, "percentage": 19.0},
    {"id": "txr_3", "inclusive": True, "percentage": 2.5},
]


def item(unit: str, quantity: int, rates: list[int]) -> dict[str, Any]:
    price = {"transform_quantity": None, "product": "p", "unit_amount_decimal": unit}
    return {"price": price, "quantity": quantity, "unit_amount_decimal": unit, "tax_rates": [RATES[n] for n in rates]}


LINES = st.builds(
    item,
    st.integers(50, 90_000).map(str),
    st.integers(1, 9),
    st.lists(st.integers(0, 2), max_size=3, unique=True),
)


@given(st.lists(LINES, min_size=1, max_size=5), st.sampled_from([None, 5.0, 33.3, 100.0]))
def test_any_session_adds_up(items: list[dict[str, Any]], percent: float | None) -> None:
    coupon = {"id": "c", "amount_off": None, "currency": None, "percent_off": percent}
    try:
        amounts = calculate(items, Discount(coupon) if percent else None, "usd")
    except StripeError:
        return
    details = amounts["total_details"]
    on_top = sum(tax["amount"] for line in items for tax in line["taxes"] if not tax["rate"]["inclusive"])
    assert amounts["amount_total"] == amounts["amount_subtotal"] - details["amount_discount"] + on_top
    assert details["amount_tax"] == sum(tax["amount"] for line in items for tax in line["taxes"])
    assert amounts["amount_total"] == sum(line["amount_total"] for line in items)
    assert details["amount_discount"] == sum(line["amount_discount"] for line in items)


@pytest.mark.parametrize(("inclusive", "total", "tax"), [(True, 1200, 200), (False, 1440, 240)])
def test_a_tax_rate_is_in_the_price_or_on_top(world: World, inclusive: bool, total: int, tax: int) -> None:
    rate = world.stripe.tax_rates.create(params={"display_name": "VAT", "percentage": 20, "inclusive": inclusive})
    items = [{"price": world.price(unit_amount=1200).id, "quantity": 1, "tax_rates": [rate.id]}]
    session = world.session(line_items=items, expand=["line_items.data.taxes", "total_details.breakdown"])
    assert (session.amount_subtotal, session.amount_total, session.total_details.amount_tax) == (1200, total, tax)
    (line,) = session.line_items.data
    assert [(entry.amount, entry.rate.id) for entry in line.taxes] == [(tax, rate.id)]
    assert [entry.amount for entry in session.total_details.breakdown.taxes] == [tax]
    assert world.complete(session, world.method())["payment_intent"]["amount"] == total


def test_tax_rates_that_cannot_be_used(world: World, refused: Refused) -> None:
    rate = world.stripe.tax_rates.create(params={"display_name": "VAT", "percentage": 20, "inclusive": True})
    world.stripe.tax_rates.update(rate.id, params={"active": False})
    items = [{"price": world.price().id, "quantity": 1, "tax_rates": [rate.id]}]
    assert refused(lambda: world.session(line_items=items)).param == "line_items[0][tax_rates][0]"


def test_a_price_in_another_currency(ask: Inside) -> None:
    price = ask.price("p", "unit_amount=1000&currency_options[eur][unit_amount]=900")
    status, session = ask.session(price, 2, "&currency=eur&expand[]=line_items.data.price.currency_options")
    assert (status, session["currency"], session["amount_total"]) == (200, "eur", 1800)
    options = session["line_items"]["data"][0]["price"]["currency_options"]
    assert {name: option["unit_amount"] for name, option in options.items()} == {"eur": 900, "usd": 1000}
    assert ask.session(price, 1, "&currency=gbp")[0] == 400
    ask("POST", f"/v1/prices/{price}", "currency_options[gbp][unit_amount]=800")
    assert ask.session(price, 1, "&currency=gbp")[1]["amount_total"] == 800


def test_a_coupon_with_amounts_in_other_currencies(ask: Inside) -> None:
    price = ask.price("p", "unit_amount=1000&currency_options[eur][unit_amount]=900")
    ask("POST", "/v1/coupons", "id=c&amount_off=100&currency=usd&currency_options[eur][amount_off]=90")
    assert ask.session(price, 1, "&currency=eur&discounts[0][coupon]=c")[1]["amount_total"] == 810
    found = ask("GET", "/v1/coupons/c", "expand[]=currency_options")[1]["currency_options"]
    assert found == {"usd": {"amount_off": 100}, "eur": {"amount_off": 90}}
    code = "promotion[type]=coupon&promotion[coupon]=c&restrictions[minimum_amount]=2000"
    code += "&restrictions[minimum_amount_currency]=usd&restrictions[currency_options][eur][minimum_amount]=500"
    name = ask("POST", "/v1/promotion_codes", code)[1]["id"]
    assert ask.session(price, 1, f"&currency=eur&discounts[0][promotion_code]={name}")[0] == 200
    assert ask.session(price, 1, f"&discounts[0][promotion_code]={name}")[0] == 400


def test_packs_are_rounded_as_the_price_says(ask: Inside) -> None:
    pack = "unit_amount=1000&transform_quantity[divide_by]=10&transform_quantity[round]=up"
    assert ask.session(ask.price("p", pack), 11)[1]["amount_total"] == 2000


def test_a_coupon_that_was_deleted_is_still_redeemed_where_it_was_promised(ask: Inside) -> None:
    ask("POST", "/v1/coupons", "id=half&percent_off=50")
    session = ask.session(ask.price("p", "unit_amount=1000"), 1, "&discounts[0][coupon]=half")[1]
    ask("DELETE", "/v1/coupons/half")
    assert ask.control(f"/sessions/{session['id']}/pay")[1]["amount_total"] == 500
