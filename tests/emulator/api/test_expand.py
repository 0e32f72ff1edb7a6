"""Expanding responses: nested ids, depth, refusals."""

import pytest

from creditctl.emulator.api.expand import MOST_LEVELS
from creditctl.emulator.documented.expandable import documented_paths
from creditctl.emulator.resources.table import INCLUDABLE
from tests.emulator.world import Inside

PAY = "amount=1000&currency=usd"
BOUGHT = "confirm=true&payment_method=pm_card_bypassPending&return_url=https://a.example"
ITEM = "line_items[0][price_data][currency]=usd&line_items[0][price_data][product_data][name]=A"
SOLD = f"mode=payment&success_url=https://a.example&{ITEM}&line_items[0][price_data][unit_amount]=1000"


def one_of_each(ask: Inside) -> dict[str, str]:
    """The address of one object of each kind that has something to expand."""
    ask("POST", "/v1/products", "name=A&id=p&default_price_data[currency]=usd&default_price_data[unit_amount]=100")
    ask("POST", "/v1/coupons", "percent_off=50&id=half")
    code = ask("POST", "/v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]=half")[1]["id"]
    more = f"&line_items[0][quantity]=1&discounts[0][promotion_code]={code}"
    session = ask("POST", "/v1/checkout/sessions", SOLD + more)[1]["id"]
    customer = ask("POST", "/v1/customers")[1]["id"]
    intent = ask("POST", "/v1/payment_intents", f"{PAY}&{BOUGHT}")[1]
    payout = ask("POST", "/v1/payouts", "amount=500&currency=usd")[1]["id"]
    for card in ("createDispute", "createIssuerFraudRecord"):
        ask("POST", "/v1/payment_intents", f"{PAY}&{BOUGHT}".replace("bypassPending", card))
    refund = ask("POST", "/v1/refunds", f"charge={intent['latest_charge']}&amount=100")[1]["id"]
    price = ask("GET", "/v1/prices", "limit=1")[1]["data"][0]["id"]
    return {
        "balance_transaction": "/v1/balance_transactions?data.",
        "charge": f"/v1/charges/{intent['latest_charge']}",
        "checkout.session": f"/v1/checkout/sessions/{session}",
        "coupon": "/v1/coupons/half",
        "customer": f"/v1/customers/{customer}",
        "dispute": "/v1/disputes?data.",
        "item": f"/v1/checkout/sessions/{session}/line_items?data.",
        "payment_intent": f"/v1/payment_intents/{intent['id']}",
        "payment_method": f"/v1/payment_methods/{intent['payment_method']}",
        "payout": f"/v1/payouts/{payout}",
        "price": f"/v1/prices/{price}",
        "product": "/v1/products/p",
        "promotion_code": f"/v1/promotion_codes/{code}",
        "radar.early_fraud_warning": "/v1/radar/early_fraud_warnings?data.",
        "refund": f"/v1/refunds/{refund}",
    }


def test_every_field_that_the_sdk_calls_expandable_is_expanded_or_passes(ask: Inside) -> None:
    refused = []
    for kind, address in one_of_each(ask).items():
        path, _, prefix = address.partition("?")
        for field in documented_paths()[kind] if kind != "coupon" else ["applies_to", "currency_options"]:
            wanted = prefix + field
            if wanted.count(".") < MOST_LEVELS and ask("GET", path, f"expand[]={wanted}")[0] != 200:
                refused.append((kind, wanted))

    assert refused == []


def test_includable_parts_are_given_on_request_only(ask: Inside) -> None:
    addresses = one_of_each(ask)
    for kind, field in INCLUDABLE:
        if kind == "invoice" or kind not in addresses:
            continue
        path, _, prefix = addresses[kind].partition("?")
        assert ask("GET", path, f"expand[]={prefix}{field}")[0] == 200, (kind, field)


def test_the_requests_of_dj_stripe_for_sessions(ask: Inside) -> None:
    session = one_of_each(ask)["checkout.session"]
    listed = "expand[]=data.line_items.data.discounts&expand[]=data.line_items.data.taxes"
    item = ask("GET", "/v1/checkout/sessions", listed)[1]["data"][0]["line_items"]["data"][0]
    assert ([entry["amount"] for entry in item["discounts"]], item["taxes"]) == ([500], [])
    plain = ask("GET", session, "expand[]=line_items")[1]["line_items"]["data"][0]
    assert not {"discounts", "taxes"} & set(plain)


def test_a_null_on_the_way_passes(ask: Inside) -> None:
    session = one_of_each(ask)["checkout.session"]
    found = ask("GET", session, "expand[]=payment_intent.latest_charge.balance_transaction")
    assert (found[0], found[1]["payment_intent"]) == (200, None)
    assert ask("GET", "/v1/disputes", "expand[]=data.charge&charge=ch_none")[0] == 200


def test_a_breakdown_outlives_its_coupon(ask: Inside) -> None:
    session = one_of_each(ask)["checkout.session"]
    ask("DELETE", "/v1/coupons/half")
    status, body, _ = ask("GET", session, "expand[]=total_details.breakdown")
    assert (status, body["total_details"]["breakdown"]["discounts"][0]["amount"]) == (200, 500)


def test_the_coupon_of_a_promotion_code_is_expanded(ask: Inside) -> None:
    coupon = ask("POST", "/v1/coupons", "percent_off=22.5")[1]["id"]
    code = ask("POST", "/v1/promotion_codes", f"promotion[type]=coupon&promotion[coupon]={coupon}")[1]["id"]
    found = ask("GET", f"/v1/promotion_codes/{code}", "expand[]=promotion.coupon")[1]
    assert found["promotion"]["coupon"]["percent_off"] == 22.5


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("", "promotion.coupon.currency_options"),
        ("", "promotion.coupon.name"),
        ("2024-06-20", "coupon.applies_to"),
        ("2024-06-20", "coupon.currency_options"),
    ],
)
def test_a_deleted_coupon_on_the_way_passes(ask: Inside, version: str, path: str) -> None:
    coupon = ask("POST", "/v1/coupons", "amount_off=500&currency=usd")[1]["id"]
    code = ask("POST", "/v1/promotion_codes", f"promotion[type]=coupon&promotion[coupon]={coupon}")[1]["id"]
    ask("DELETE", f"/v1/coupons/{coupon}")
    headers = {"stripe-version": version} if version else None
    status, body, _ = ask("GET", f"/v1/promotion_codes/{code}", f"expand[]={path}", headers=headers)
    assert (status, body["id"]) == (200, code)


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
