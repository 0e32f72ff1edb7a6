"""Expanding responses: nested ids, depth, refusals."""

import pytest

from tests.emulator.world import Inside

PAY = "amount=1000&currency=usd"


def test_the_coupon_of_a_promotion_code_is_expanded(ask: Inside) -> None:
    coupon = ask("POST", "/v1/coupons", "percent_off=22.5")[1]["id"]
    code = ask("POST", "/v1/promotion_codes", f"promotion[type]=coupon&promotion[coupon]={coupon}")[1]["id"]
    found = ask("GET", f"/v1/promotion_codes/{code}", "expand[]=promotion.coupon")[1]
    assert found["promotion"]["coupon"]["percent_off"] == 22.5


@pytest.mark.parametrize("path", ["metadata", "images", "name", "nothing", "default_price.metadata"])
def test_what_is_no_object_cannot_be_expanded(ask: Inside, path: str) -> None:
    ask("POST", "/v1/products", "name=A&id=p&default_price_data[currency]=usd&default_price_data[unit_amount]=100")
    status, body, _ = ask("GET", "/v1/products/p", f"expand[]={path}")
    assert (status, body["error"]["message"]) == (400, f"This property cannot be expanded ({path}).")
    assert ask("GET", "/v1/products", "expand[]=data")[0] == 400
    assert ask("GET", "/v1/products/p", "expand[]=default_price&expand[]=default_price.product")[0] == 200


def test_expanding_four_levels_deep(ask: Inside) -> None:
    ask(
        "POST",
        "/v1/payment_intents",
        f"{PAY}&confirm=true&payment_method=pm_card_bypassPending&return_url=https://a.example",
    )
    listed = "expand[]=data.latest_charge.balance_transaction.source"
    found = ask("GET", "/v1/payment_intents", listed)[1]["data"][0]
    assert found["latest_charge"]["balance_transaction"]["source"]["object"] == "charge"
    status, body, _ = ask("GET", "/v1/payment_intents", f"{listed}.payment_intent")
    assert (status, body["error"]["message"]) == (400, "You cannot expand more than 4 levels of a property")
