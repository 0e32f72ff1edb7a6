"""Coupons and promotion codes: when their validity ends, and who may redeem them."""

import pytest

from tests.emulator.world import Inside, World
from tests.support.clock import NOW


def code(ask: Inside, coupon: str, more: str = "") -> str:
    made: str = ask("POST", "/v1/promotion_codes", f"promotion[type]=coupon&promotion[coupon]={coupon}{more}")[1]["id"]
    return made


def active(ask: Inside, promotion_code: str) -> bool:
    found: bool = ask("GET", f"/v1/promotion_codes/{promotion_code}")[1]["active"]
    return found


@pytest.mark.parametrize(
    ("form", "param"),
    [("&expires_at={late}", "expires_at"), ("&max_redemptions=6", "max_redemptions")],
)
def test_a_code_goes_no_further_than_its_coupon(ask: Inside, form: str, param: str) -> None:
    """Source: Stripe API reference: "this value cannot be" after `redeem_by`, or greater than `max_redemptions`."""
    ask("POST", "/v1/coupons", f"id=C&percent_off=5&max_redemptions=5&redeem_by={NOW + 1000}")
    given = form.format(late=NOW + 1001)
    status, body, _ = ask("POST", "/v1/promotion_codes", f"promotion[type]=coupon&promotion[coupon]=C{given}")
    assert (status, body["error"]["param"]) == (400, param)
    assert active(ask, code(ask, "C", f"&expires_at={NOW + 1000}&max_redemptions=5"))


def test_a_minimum_stands_once_a_currency(ask: Inside) -> None:
    """Source: Stripe API reference, `restrictions.currency_options`."""
    ask("POST", "/v1/coupons", "id=C&percent_off=5")
    own = "restrictions[minimum_amount]=100&restrictions[minimum_amount_currency]=usd"
    again = "restrictions[currency_options][usd][minimum_amount]=5"
    form = f"promotion[type]=coupon&promotion[coupon]=C&{own}"
    assert ask("POST", "/v1/promotion_codes", f"{form}&{again}")[0] == 400
    made = ask("POST", "/v1/promotion_codes", f"{form}&restrictions[currency_options][eur][minimum_amount]=5")[1]
    assert ask("POST", f"/v1/promotion_codes/{made['id']}", again)[0] == 400


def test_time_ends_a_coupon_with_its_codes(emulated: World) -> None:
    coupon = emulated.stripe.coupons.create(params={"percent_off": 5, "redeem_by": NOW + 1000})
    made = {"type": "coupon", "coupon": coupon.id}
    first = emulated.stripe.promotion_codes.create(params={"promotion": made, "expires_at": NOW + 500})
    second = emulated.stripe.promotion_codes.create(params={"promotion": made})
    assert second.expires_at == NOW + 1000

    def standing() -> tuple[bool, bool, bool]:
        codes = emulated.stripe.promotion_codes
        valid = emulated.stripe.coupons.retrieve(coupon.id).valid
        return codes.retrieve(first.id).active, codes.retrieve(second.id).active, valid

    emulated.advance(499)
    assert standing() == (True, True, True)
    emulated.advance(1)
    assert standing() == (False, True, True)
    emulated.advance(500)
    assert standing() == (False, False, False)


def test_a_coupon_that_is_deleted_or_used_up_takes_its_codes_along(ask: Inside) -> None:
    ask("POST", "/v1/coupons", "id=GONE&percent_off=100")
    ask("POST", "/v1/coupons", "id=ONCE&percent_off=100&max_redemptions=1")
    gone, once = code(ask, "GONE"), code(ask, "ONCE")
    ask("DELETE", "/v1/coupons/GONE")
    session = ask.session(ask.price("one", "unit_amount=1000"), 1, "&discounts[0][coupon]=ONCE")[1]["id"]
    ask("POST", f"/v1/payment_pages/{session}/confirm", "expected_amount=0")
    assert (active(ask, gone), active(ask, once)) == (False, False)
    status, body, _ = ask("POST", f"/v1/promotion_codes/{gone}", "active=true")
    assert (status, body["error"]["param"]) == (400, "active")
    refused = ask.session(ask.price("two", "unit_amount=1000"), 1, f"&discounts[0][promotion_code]={gone}")
    assert (refused[0], refused[1]["error"]["code"]) == (400, "promotion_code_expired")


def test_a_code_is_switched_on_again_only_where_its_text_is_free(ask: Inside) -> None:
    ask("POST", "/v1/coupons", "id=C&percent_off=5")
    first = code(ask, "C", "&code=Hello")
    ask("POST", f"/v1/promotion_codes/{first}", "active=false")
    second = code(ask, "C", "&code=HELLO")
    status, body, _ = ask("POST", f"/v1/promotion_codes/{first}", "active=true")
    assert (status, "already exists" in body["error"]["message"]) == (400, True)
    ask("POST", f"/v1/promotion_codes/{second}", "active=false")
    assert ask("POST", f"/v1/promotion_codes/{first}", "active=true")[1]["active"] is True


def test_different_customers_may_have_the_same_text(ask: Inside) -> None:
    ask("POST", "/v1/coupons", "id=C&percent_off=5")
    one, other = (ask("POST", "/v1/customers")[1]["id"] for _ in range(2))
    first, second = (code(ask, "C", f"&code=VIP&customer={owner}") for owner in (one, other))
    assert first != second
    assert ask("POST", "/v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]=C&code=vip")[0] == 400
    listed = ask("GET", "/v1/promotion_codes", "code=vip")[1]["data"]
    assert [found["id"] for found in listed] == [second, first]
    price = ask.price("one", "unit_amount=1000")
    session = ask.session(price, 1, f"&customer={one}&allow_promotion_codes=true")[1]["id"]
    assert ask.control(f"/sessions/{session}/pay", promo="vip")[0] == 200
    used = ask("GET", f"/v1/checkout/sessions/{session}")[1]["discounts"]
    assert [entry["promotion_code"] for entry in used] == [first]


def test_a_code_for_first_orders(ask: Inside) -> None:
    ask("POST", "/v1/coupons", "id=C&percent_off=5")
    first = code(ask, "C", "&restrictions[first_time_transaction]=true")
    price, customer = ask.price("one", "unit_amount=1000"), ask("POST", "/v1/customers")[1]["id"]
    form = f"&customer={customer}&discounts[0][promotion_code]={first}"
    assert ask.session(price, 1, form)[1]["amount_total"] == 950
    ways = "&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never"
    paying = f"amount=500&currency=usd&confirm=true&customer={customer}{ways}&payment_method=pm_card_visa"
    ask("POST", "/v1/payment_intents", paying.replace("pm_card_visa", "pm_card_visa_chargeDeclined"))
    assert ask.session(price, 1, form)[0] == 200
    ask("POST", "/v1/payment_intents", paying)
    status, body = ask.session(price, 1, form)
    assert (status, body["error"]["param"]) == (400, "discounts[0][promotion_code]")
    assert body["error"]["message"] == (
        "This promotion code cannot be redeemed because the associated customer has prior transactions."
    )
