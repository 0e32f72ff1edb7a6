"""Discounts in Checkout: coupons and promotion codes, to the cent."""

import uuid
from typing import Any

import pytest

from tests.emulator.world import Inside, Refused, World


def coupon(world: World, **params: Any) -> Any:
    return world.stripe.coupons.create(params={"duration": "once", **params})


@pytest.mark.parametrize(("params", "off"), [({"percent_off": 25}, 250), ({"amount_off": 300, "currency": "usd"}, 300)])
def test_a_coupon_comes_off(world: World, params: dict[str, Any], off: int) -> None:
    session = world.session(discounts=[{"coupon": coupon(world, **params).id}])
    assert (session.amount_subtotal, session.amount_total) == (1000, 1000 - off)
    assert session.total_details.amount_discount == off
    items = world.stripe.checkout.sessions.line_items.list(session.id).data
    assert [item.amount_discount for item in items] == [off]


def test_all_of_it(world: World) -> None:
    code = world.stripe.promotion_codes.create(
        params={"promotion": {"type": "coupon", "coupon": coupon(world, percent_off=100).id}}
    )
    session = world.session(discounts=[{"promotion_code": code.id}])
    assert (session.amount_total, session.payment_status) == (0, "no_payment_required")
    world.client.raw_request("post", f"/v1/payment_pages/{session.id}/confirm", expected_amount=0)
    session = world.stripe.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status, session.payment_intent) == ("complete", "no_payment_required", None)
    assert world.stripe.promotion_codes.retrieve(code.id).times_redeemed == 1


def test_a_breakdown_on_request(world: World) -> None:
    half = coupon(world, percent_off=50)
    session = world.session(discounts=[{"coupon": half.id}])
    path = ["total_details.breakdown"]
    session = world.stripe.checkout.sessions.retrieve(session.id, params={"expand": path})
    assert [entry.amount for entry in session.total_details.breakdown.discounts] == [500]


def test_refused_discounts(world: World, refused: Refused) -> None:
    used = coupon(world, percent_off=10, max_redemptions=1)
    session = world.session(discounts=[{"coupon": used.id}])
    world.complete(session, world.method())
    assert refused(lambda: world.session(discounts=[{"coupon": used.id}])).code == "coupon_expired"
    euros = coupon(world, amount_off=100, currency="eur")
    assert refused(lambda: world.session(discounts=[{"coupon": euros.id}])).http_status == 400
    assert refused(lambda: world.session(discounts=[{"coupon": "none"}])).code == "resource_missing"
    assert refused(lambda: coupon(world)).http_status == 400
    both = {"discounts": [{"coupon": euros.id}], "allow_promotion_codes": True}
    assert refused(lambda: world.session(**both)).http_status == 400


def test_active_codes_are_unique(world: World, refused: Refused) -> None:
    text = "T" + uuid.uuid4().hex[:10]
    params = {"promotion": {"type": "coupon", "coupon": coupon(world, percent_off=10).id}, "code": text}
    code = world.stripe.promotion_codes.create(params=params)
    error = refused(lambda: world.stripe.promotion_codes.create(params=params))
    assert (error.param, "already exists" in error.user_message) == (None, True)
    world.stripe.promotion_codes.update(code.id, params={"active": False})
    assert world.stripe.promotion_codes.create(params=params).active is True


def test_many_items_share_a_discount_to_the_cent(world: World) -> None:
    items = [{"price": world.price(unit_amount=amount).id, "quantity": 1} for amount in (333, 333, 335)]
    session = world.session(line_items=items, discounts=[{"coupon": coupon(world, percent_off=10).id}])
    shared = world.stripe.checkout.sessions.line_items.list(session.id).data
    assert sum(item.amount_discount for item in shared) == session.total_details.amount_discount == 100
    assert sum(item.amount_total for item in shared) == session.amount_total == 901


def test_a_coupon_for_one_product(ask: Inside) -> None:
    one, other = ask.price("one", "unit_amount=1000"), ask.price("other", "unit_amount=500")
    coupon = ask("POST", "/v1/coupons", "percent_off=50&applies_to[products][]=one")[1]
    assert (coupon["percent_off"], "applies_to" in coupon) == (50, False)
    expanded = ask("GET", f"/v1/coupons/{coupon['id']}", "expand[]=applies_to")[1]
    assert expanded["applies_to"] == {"products": ["one"]}
    both = f"&line_items[1][price]={other}&line_items[1][quantity]=1&discounts[0][coupon]={coupon['id']}"
    found = ask.session(one, 1, both)[1]
    assert (found["amount_subtotal"], found["amount_total"]) == (1500, 1000)
    items = ask("GET", f"/v1/checkout/sessions/{found['id']}/line_items")[1]["data"]
    assert [item["amount_discount"] for item in items] == [500, 0]


def test_a_promotion_code_of_one_customer(ask: Inside) -> None:
    one = ask.price("one", "unit_amount=1000")
    coupon = ask("POST", "/v1/coupons", "percent_off=100")[1]["id"]
    owner, other = (ask("POST", "/v1/customers")[1]["id"] for _ in range(2))
    form = f"promotion[type]=coupon&promotion[coupon]={coupon}&customer={owner}"
    code = ask("POST", "/v1/promotion_codes", form)[1]["id"]
    discount = f"&discounts[0][promotion_code]={code}"
    assert ask.session(one, 1, discount)[0] == 400
    assert ask.session(one, 1, f"{discount}&customer={other}")[0] == 400
    free = ask.session(one, 1, f"{discount}&customer={owner}")[1]
    assert (free["amount_total"], free["payment_status"]) == (0, "no_payment_required")


def test_a_promotion_code_with_a_minimum(ask: Inside) -> None:
    one = ask.price("one", "unit_amount=1000")
    coupon = ask("POST", "/v1/coupons", "amount_off=100&currency=usd")[1]["id"]
    form = f"promotion[type]=coupon&promotion[coupon]={coupon}&restrictions[minimum_amount]=2000"
    assert ask("POST", "/v1/promotion_codes", form)[1]["error"]["param"] == "restrictions[minimum_amount_currency]"
    code = ask("POST", "/v1/promotion_codes", form + "&restrictions[minimum_amount_currency]=usd")[1]
    assert code["restrictions"]["minimum_amount"] == 2000
    discount = f"&discounts[0][promotion_code]={code['id']}"
    assert ask.session(one, 1, discount)[0] == 400
    assert ask.session(one, 2, discount)[1]["amount_total"] == 1900
