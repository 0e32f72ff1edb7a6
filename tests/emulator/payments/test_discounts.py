"""Coupons and promotion codes in Checkout."""

from typing import Any

import pytest

from tests.emulator.world import Refused, World


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
    import uuid

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
