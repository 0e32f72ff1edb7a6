"""Smaller rules: fractions of a cent, coupons for some products, staged evidence, saved methods, late captures."""

import json
from typing import Any

import pytest

from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import Inside, Receiver

PAY = "amount=1000&currency=usd&confirm=true&return_url=https://a.example"


def session(ask: Inside, price: str, quantity: int, extra: str = "") -> tuple[int, Any]:
    form = f"mode=payment&success_url=https://a.example&line_items[0][price]={price}&line_items[0][quantity]={quantity}"
    status, body, _ = ask("POST", "/v1/checkout/sessions", form + extra)
    return status, body


def price(ask: Inside, product: str, amount: str) -> str:
    ask("POST", "/v1/products", f"name={product}&id={product}")
    made: str = ask("POST", "/v1/prices", f"product={product}&currency=usd&{amount}")[1]["id"]
    return made


@pytest.mark.parametrize(("quantity", "total"), [(1000, 333), (1001, 333), (1002, 334), (2000, 666)])
def test_fractions_of_a_cent_are_rounded_once(ask: Inside, quantity: int, total: int) -> None:
    fraction = price(ask, "p", "unit_amount_decimal=0.333")
    assert session(ask, fraction, quantity)[1]["amount_total"] == total


def test_a_price_that_names_no_amount_is_not_free(ask: Inside) -> None:
    chosen = price(ask, "p", "custom_unit_amount[enabled]=true")
    assert session(ask, chosen, 1)[0] == 400


def test_a_coupon_for_one_product(ask: Inside) -> None:
    one, other = price(ask, "one", "unit_amount=1000"), price(ask, "other", "unit_amount=500")
    coupon = ask("POST", "/v1/coupons", "percent_off=50&applies_to[products][]=one")[1]
    assert (coupon["percent_off"], "applies_to" in coupon) == (50, False)
    expanded = ask("GET", f"/v1/coupons/{coupon['id']}", "expand[]=applies_to")[1]
    assert expanded["applies_to"] == {"products": ["one"]}
    both = f"&line_items[1][price]={other}&line_items[1][quantity]=1&discounts[0][coupon]={coupon['id']}"
    found = session(ask, one, 1, both)[1]
    assert (found["amount_subtotal"], found["amount_total"]) == (1500, 1000)
    items = ask("GET", f"/v1/checkout/sessions/{found['id']}/line_items")[1]["data"]
    assert [item["amount_discount"] for item in items] == [500, 0]


def test_a_promotion_code_with_a_minimum(ask: Inside) -> None:
    one = price(ask, "one", "unit_amount=1000")
    coupon = ask("POST", "/v1/coupons", "amount_off=100&currency=usd")[1]["id"]
    form = f"promotion[type]=coupon&promotion[coupon]={coupon}&restrictions[minimum_amount]=2000"
    assert ask("POST", "/v1/promotion_codes", form)[1]["error"]["param"] == "restrictions[minimum_amount_currency]"
    code = ask("POST", "/v1/promotion_codes", form + "&restrictions[minimum_amount_currency]=usd")[1]
    assert code["restrictions"]["minimum_amount"] == 2000
    discount = f"&discounts[0][promotion_code]={code['id']}"
    assert session(ask, one, 1, discount)[0] == 400
    assert session(ask, one, 2, discount)[1]["amount_total"] == 1900


def test_staged_evidence_is_handed_in_later(ask: Inside) -> None:
    ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_createDispute")
    path = "/v1/disputes/" + ask("GET", "/v1/disputes")[1]["data"][0]["id"]
    staged = ask("POST", path, "evidence[uncategorized_text]=winning_evidence&submit=false")[1]
    assert (staged["status"], staged["evidence_details"]["has_evidence"]) == ("needs_response", True)
    assert staged["evidence_details"]["submission_count"] == 0
    submitted = ask("POST", path, "submit=true")[1]
    assert (submitted["status"], submitted["evidence_details"]["submission_count"]) == ("under_review", 1)
    event = ask("GET", "/v1/events", "type=charge.dispute.updated")[1]["data"][0]
    assert event["data"]["previous_attributes"]["status"] == "needs_response"
    ask.emulator.move_clock(5)
    assert ask("GET", path)[1]["status"] == "won"
    assert ask("POST", path, "submit=true")[0] == 400


def test_a_method_is_saved_by_the_payment(ask: Inside) -> None:
    customer = ask("POST", "/v1/customers")[1]["id"]
    method = ask("POST", "/v1/payment_methods", "type=card&card[token]=tok_visa")[1]["id"]
    form = f"{PAY}&customer={customer}&payment_method={method}&setup_future_usage=off_session"
    assert ask("POST", "/v1/payment_intents", form)[1]["status"] == "succeeded"
    assert ask("GET", f"/v1/payment_methods/{method}")[1]["customer"] == customer
    again = f"{PAY}&customer={customer}&payment_method={method}&off_session=true"
    assert ask("POST", "/v1/payment_intents", again)[1]["status"] == "succeeded"
    types = [event["type"] for event in ask("GET", "/v1/events", "limit=100")[1]["data"]]
    assert types.count("payment_method.attached") == 1


def test_a_customer_is_made_with_a_method(ask: Inside) -> None:
    made = ask(
        "POST", "/v1/customers", "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa"
    )[1]
    methods = ask("GET", f"/v1/customers/{made['id']}/payment_methods")[1]["data"]
    assert [method["id"] for method in methods] == [made["invoice_settings"]["default_payment_method"]]
    assert ask("POST", "/v1/customers", "payment_method=pm_card_chargeDeclined")[0] == 402
    expanded = ask("GET", f"/v1/customers/{made['id']}", "expand[]=sources&expand[]=subscriptions&expand[]=tax")[1]
    assert expanded["sources"]["data"] == expanded["subscriptions"]["data"] == []
    assert expanded["tax"]["location"] is None


def test_a_session_is_paid_when_its_payment_is_captured(ask: Inside) -> None:
    one = price(ask, "one", "unit_amount=1000")
    made = session(ask, one, 1, "&payment_intent_data[capture_method]=manual")[1]["id"]
    ask("POST", f"/v1/payment_pages/{made}/confirm", "payment_method=pm_card_visa")
    held = ask("GET", f"/v1/checkout/sessions/{made}")[1]
    assert (held["status"], held["payment_status"]) == ("complete", "unpaid")
    intent = f"/v1/payment_intents/{held['payment_intent']}"
    assert ask("POST", intent, "amount=500")[1]["error"]["code"] == "payment_intent_unexpected_state"
    assert ask("POST", f"{intent}/capture", "amount_to_capture=600")[1]["amount_received"] == 600
    assert ask("GET", f"/v1/checkout/sessions/{made}")[1]["payment_status"] == "paid"


def test_the_payment_of_a_session(ask: Inside) -> None:
    one = price(ask, "one", "unit_amount=1000")
    opened = session(ask, one, 1)[1]
    assert opened["payment_method_configuration_details"]["id"].startswith("pmc_1")
    ask("POST", f"/v1/payment_pages/{opened['id']}/confirm", "payment_method=pm_card_chargeDeclined")
    intent = ask("GET", f"/v1/checkout/sessions/{opened['id']}")[1]["payment_intent"]
    assert ask("POST", f"/v1/payment_intents/{intent}/cancel")[0] == 400
    held = session(ask, one, 1, "&payment_intent_data[capture_method]=manual")[1]["id"]
    ask("POST", f"/v1/payment_pages/{held}/confirm", "payment_method=pm_card_visa")
    intent = ask("GET", f"/v1/checkout/sessions/{held}")[1]["payment_intent"]
    assert ask("POST", f"/v1/payment_intents/{intent}/cancel")[1]["status"] == "canceled"


def test_a_method_is_taken_away_again(ask: Inside) -> None:
    made = ask("POST", "/v1/payment_intents", "amount=1000&currency=usd&payment_method=pm_card_visa")[1]
    assert made["status"] == "requires_confirmation"
    bare = ask("POST", f"/v1/payment_intents/{made['id']}", "payment_method=")[1]
    assert (bare["status"], bare["payment_method"]) == ("requires_payment_method", None)


@pytest.mark.parametrize(("asked", "status"), [("automatic", "succeeded"), ("any", "requires_action")])
def test_authentication_on_request(ask: Inside, asked: str, status: str) -> None:
    option = f"payment_method_options[card][request_three_d_secure]={asked}"
    found = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_threeDSecureOptional&{option}")[1]
    assert found["status"] == status
    assert found["payment_method_options"]["card"]["request_three_d_secure"] == asked


def test_prices_by_their_interval(ask: Inside) -> None:
    price(ask, "one", "unit_amount=1000")
    monthly = price(ask, "two", "unit_amount=1000&recurring[interval]=month")
    found = ask("GET", "/v1/prices", "recurring[interval]=month&type=recurring")[1]["data"]
    assert [entry["id"] for entry in found] == [monthly]
    assert ask("GET", "/v1/prices", "recurring[interval]=fortnight")[1]["error"]["param"] == "recurring[interval]"


def test_an_endpoint_that_only_fails_is_switched_off(ask: Inside, receiver: Receiver) -> None:
    body = json.dumps({"days": 3}).encode()
    ask.emulator.handle(Request("POST", "/_emulator/auto_disable", "", {}, body))
    made = ask("POST", "/v1/webhook_endpoints", "url=https://a.example&enabled_events[]=*")[1]["id"]
    receiver.answers = [500] * 3
    for wait, status in ((0, "enabled"), (2 * 86_400, "enabled"), (86_400, "disabled")):
        ask.emulator.move_clock(wait)
        ask("POST", "/v1/products", "name=A")
        assert ask.emulator.pump(send=receiver) >= 1
        assert ask("GET", f"/v1/webhook_endpoints/{made}")[1]["status"] == status, wait
        receiver.answers = [500] * 9
    ask("POST", f"/v1/webhook_endpoints/{made}", "disabled=false")
    ask.emulator.move_clock(600)
    receiver.answers = [500]
    assert ask.emulator.pump(send=receiver) >= 1
    assert ask("GET", f"/v1/webhook_endpoints/{made}")[1]["status"] == "enabled"


def test_line_items_have_cursors_too(ask: Inside) -> None:
    one = price(ask, "one", "unit_amount=1000")
    more = "".join(f"&line_items[{n}][price]={one}&line_items[{n}][quantity]={n}" for n in (2, 3))
    path = f"/v1/checkout/sessions/{session(ask, one, 1, more)[1]['id']}/line_items"
    first = ask("GET", path, "limit=1")[1]
    assert (first["data"][0]["quantity"], first["has_more"]) == (1, True)
    after = ask("GET", path, f"starting_after={first['data'][0]['id']}")[1]
    assert ([item["quantity"] for item in after["data"]], after["has_more"]) == ([2, 3], False)
    status, body, _ = ask("GET", path, "starting_after=li_none")
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "resource_missing", "starting_after")
    assert ask("GET", path, "starting_after=li_1&ending_before=li_2")[0] == 400


def test_a_promotion_code_of_one_customer(ask: Inside) -> None:
    one = price(ask, "one", "unit_amount=1000")
    coupon = ask("POST", "/v1/coupons", "percent_off=100")[1]["id"]
    owner, other = (ask("POST", "/v1/customers")[1]["id"] for _ in range(2))
    form = f"promotion[type]=coupon&promotion[coupon]={coupon}&customer={owner}"
    code = ask("POST", "/v1/promotion_codes", form)[1]["id"]
    discount = f"&discounts[0][promotion_code]={code}"
    assert session(ask, one, 1, discount)[0] == 400
    assert session(ask, one, 1, f"{discount}&customer={other}")[0] == 400
    free = session(ask, one, 1, f"{discount}&customer={owner}")[1]
    assert (free["amount_total"], free["payment_status"]) == (0, "no_payment_required")


def test_json_is_no_form(ask: Inside) -> None:
    status, body, _ = ask("POST", "/v1/products", '{"name": "A"}', headers={"content-type": "application/json"})
    assert (status, "application/x-www-form-urlencoded" in body["error"]["message"]) == (400, True)


def test_tax_of_an_account_that_is_registered_nowhere(ask: Inside) -> None:
    one = price(ask, "one", "unit_amount=1000")
    made = session(ask, one, 1, "&automatic_tax[enabled]=true")[1]
    assert (made["automatic_tax"]["enabled"], made["automatic_tax"]["status"]) == (True, "requires_location_inputs")
    ask("POST", f"/v1/payment_pages/{made['id']}/confirm", "payment_method=pm_card_visa")
    paid = ask("GET", f"/v1/checkout/sessions/{made['id']}")[1]
    assert (paid["automatic_tax"]["status"], paid["amount_total"]) == ("complete", 1000)


def test_refunding_by_the_path_of_the_charge(ask: Inside) -> None:
    charge = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_visa")[1]["latest_charge"]
    old = ask("POST", f"/v1/charges/{charge}/refund", "amount=800")[1]
    assert (old["object"], old["amount_refunded"], old["refunded"]) == ("charge", 800, False)
    new = ask("POST", f"/v1/charges/{charge}/refunds", "amount=200")[1]
    assert (new["object"], new["amount"], new["charge"]) == ("refund", 200, charge)
    assert "reference" not in new["destination_details"]["card"]
    status, body, _ = ask("POST", f"/v1/charges/{charge}/refunds", "amount=1")
    assert (status, body["error"]["code"]) == (400, "charge_already_refunded")
    listed = ask("GET", "/v1/refunds", f"charge={charge}")[1]
    assert (listed["count"], len(listed["data"])) == (2, 2)
    assert "count" not in ask("GET", f"/v1/charges/{charge}/refunds")[1]


@pytest.mark.parametrize("token", ["tok_visa_createDispute", "tok_createDispute"])
def test_tokens_with_and_without_the_brand(ask: Inside, token: str) -> None:
    assert ask("POST", "/v1/payment_methods", f"type=card&card[token]={token}")[1]["card"]["last4"] == "0259"


def test_the_dispute_of_a_charge_knows_the_buyer(ask: Inside) -> None:
    customer = ask("POST", "/v1/customers", "email=b@example.com&description=Buyer")[1]["id"]
    method = ask("POST", "/v1/payment_methods", "type=card&card[token]=tok_createDispute")[1]["id"]
    ask("POST", f"/v1/payment_methods/{method}/attach", f"customer={customer}")
    form = f"{PAY}&customer={customer}&payment_method={method}&description=1000+credits"
    charge = ask("POST", "/v1/payment_intents", form)[1]["latest_charge"]
    dispute = ask("GET", f"/v1/charges/{charge}/dispute")[1]
    assert (dispute["charge"], dispute["status"]) == (charge, "needs_response")
    evidence = dispute["evidence"]
    known = ("customer_email_address", "customer_name", "product_description")
    assert [evidence[name] for name in known] == ["b@example.com", "Buyer", "1000 credits"]
    assert dispute["evidence_details"]["has_evidence"] is False
    created = ask("GET", "/v1/events", "type=charge.dispute.created")[1]["data"][0]["data"]["object"]
    assert created["evidence"]["customer_name"] is None
    clean = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_visa")[1]["latest_charge"]
    assert ask("GET", f"/v1/charges/{clean}/dispute")[0] == 404


def test_transactions_of_a_payout_that_does_not_exist(ask: Inside) -> None:
    status, body, _ = ask("GET", "/v1/balance_transactions", "payout=po_nope")
    assert (status, body["error"]["param"], body["error"]["code"]) == (400, "payout", "resource_missing")


def test_a_product_with_everything(ask: Inside) -> None:
    sizes = "&".join(f"package_dimensions[{name}]=2" for name in ("height", "length", "weight", "width"))
    made = ask("POST", "/v1/products", f"name=A&id=p&tax_code=txcd_10103000&marketing_features[0][name]=x&{sizes}")[1]
    assert made["package_dimensions"] == {"height": 2.0, "length": 2.0, "weight": 2.0, "width": 2.0}
    assert made["tax_details"] == {"performance_location": None, "tax_code": "txcd_10103000"}
    assert made["marketing_features"] == [{"name": "x"}]
    bare = ask("POST", "/v1/products/p", "package_dimensions=&tax_code=&marketing_features=")[1]
    assert (bare["package_dimensions"], bare["tax_details"], bare["marketing_features"]) == (None, None, [])
    assert ask("POST", "/v1/products/p", "package_dimensions[height]=1")[1]["error"]["code"] == "parameter_missing"


def test_an_archived_price_keeps_its_lookup_key(ask: Inside) -> None:
    old = price(ask, "p", "unit_amount=100&lookup_key=key")
    ask("POST", f"/v1/prices/{old}", "active=false")
    new = "product=p&currency=usd&unit_amount=200&lookup_key=key"
    assert ask("POST", "/v1/prices", new)[1]["error"]["message"] == f"A price (`{old}`) already uses that lookup key."
    assert ask("POST", "/v1/prices", f"{new}&transfer_lookup_key=true")[1]["lookup_key"] == "key"
    assert ask("GET", f"/v1/prices/{old}")[1]["lookup_key"] is None


def test_the_coupon_of_a_promotion_code_is_expanded(ask: Inside) -> None:
    coupon = ask("POST", "/v1/coupons", "percent_off=22.5")[1]["id"]
    code = ask("POST", "/v1/promotion_codes", f"promotion[type]=coupon&promotion[coupon]={coupon}")[1]["id"]
    found = ask("GET", f"/v1/promotion_codes/{code}", "expand[]=promotion.coupon")[1]
    assert found["promotion"]["coupon"]["percent_off"] == 22.5
