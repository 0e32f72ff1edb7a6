"""Answers as public recordings of Stripe's test mode (version 2026-08-26.dahlia) have them.

Every expectation of this file, its messages included, was read off such a recording.
"""

from collections.abc import Callable
from typing import Any

import pytest

from creditctl.emulator.app import Emulator
from tests.emulator.world import Inside

Answer = tuple[int, dict[str, Any]]
Tell = Callable[..., Answer]
Saved = Callable[..., tuple[str, str]]
DAY = 86_400


@pytest.fixture
def tell(ask: Inside) -> Tell:
    """Requests straight to the handler, answered with status and body."""

    def request(method: str, path: str, form: str = "") -> Answer:
        status, body, _ = ask(method, path, form)
        return status, body

    return request


@pytest.fixture
def saved(tell: Tell) -> Saved:
    """A new customer with a card saved: both ids."""

    def make(token: str = "tok_visa") -> tuple[str, str]:
        customer = tell("POST", "/v1/customers", "email=a@example.com")[1]["id"]
        method = tell("POST", "/v1/payment_methods", f"type=card&card[token]={token}")[1]["id"]
        tell("POST", f"/v1/payment_methods/{method}/attach", f"customer={customer}")
        return customer, method

    return make


def error(answer: Answer) -> tuple[int, str | None, str | None, str]:
    """Status, code, parameter and message of a refusal."""
    status, body = answer
    refusal = body["error"]
    return status, refusal.get("code"), refusal.get("param"), refusal["message"]


def paid(tell: Tell, saved: Saved, token: str = "tok_visa", amount: int = 5000, more: str = "") -> dict[str, Any]:
    customer, method = saved(token)
    form = f"amount={amount}&currency=usd&customer={customer}&payment_method={method}&confirm=true"
    found: dict[str, Any] = tell("POST", "/v1/payment_intents", f"{form}&payment_method_types[]=card{more}")[1]
    return found


def bare(tell: Tell, more: str = "") -> str:
    """A card intent that has no method yet: its path."""
    form = f"amount=1500&currency=usd&payment_method_types[]=card{more}"
    return f"/v1/payment_intents/{tell('POST', '/v1/payment_intents', form)[1]['id']}"


def test_a_method_is_saved_twice_to_the_same_customer_only(tell: Tell, saved: Saved) -> None:
    customer, method = saved()
    status, body = tell("POST", f"/v1/payment_methods/{method}/attach", f"customer={customer}")
    assert (status, body["id"], body["customer"]) == (200, method, customer)
    other = tell("POST", "/v1/customers")[1]["id"]
    assert tell("POST", f"/v1/payment_methods/{method}/attach", f"customer={other}")[0] == 400
    events = tell("GET", "/v1/events", "type=payment_method.attached")[1]["data"]
    assert len(events) == 1


def test_a_card_that_declines_cannot_be_saved(tell: Tell, saved: Saved) -> None:
    customer, _ = saved()
    method = tell("POST", "/v1/payment_methods", "type=card&card[token]=tok_visa_chargeDeclined")[1]["id"]
    answer = tell("POST", f"/v1/payment_methods/{method}/attach", f"customer={customer}")
    assert error(answer) == (402, "card_declined", "", "Your card was declined.")
    assert "payment_method" not in answer[1]["error"]
    alone = tell("GET", f"/v1/customers/{customer}/payment_methods/{method}")
    assert error(alone) == (404, None, "customer", "Invalid request")


def test_methods_are_listed_by_customer(tell: Tell, saved: Saved) -> None:
    customer, method = saved()
    base = f"/v1/customers/{customer}/payment_methods"
    listed = tell("GET", base, "type=card")[1]
    assert ([each["id"] for each in listed["data"]], listed["url"]) == ([method], base)
    assert tell("GET", f"{base}/{method}")[1]["id"] == method
    listed = tell("GET", "/v1/payment_methods", f"customer={customer}")[1]
    assert ([each["id"] for each in listed["data"]], listed["url"]) == ([method], "/v1/payment_methods")
    assert tell("GET", "/v1/payment_methods", "limit=3")[1]["data"] == []


def test_methods_of_nobody(tell: Tell) -> None:
    message = "No such customer: 'cus_none'"
    listed = tell("GET", "/v1/payment_methods", "customer=cus_none")
    assert error(listed) == (400, "resource_missing", "customer", message)
    nested = tell("GET", "/v1/customers/cus_none/payment_methods")
    assert error(nested) == (404, "resource_missing", "id", message)


def test_what_was_not_captured_does_not_count_as_refunded(tell: Tell, saved: Saved) -> None:
    held = paid(tell, saved, amount=6500, more="&capture_method=manual")
    path, charge = f"/v1/payment_intents/{held['id']}", f"/v1/charges/{held['latest_charge']}"
    card = tell("GET", charge)[1]["payment_method_details"]["card"]
    assert card["capture_before"] == held["created"] + 7 * DAY
    tell("POST", f"{path}/capture", "amount_to_capture=5000")
    body = tell("GET", charge)[1]
    assert (body["amount"], body["amount_captured"], body["amount_refunded"], body["refunded"]) == (
        6500,
        5000,
        0,
        False,
    )
    again = tell("POST", f"{path}/capture")
    assert error(again)[:2] == (400, "payment_intent_unexpected_state")
    assert "the remainder of the authorized amount has been released" in error(again)[3]
    assert tell("POST", "/v1/refunds", f"charge={body['id']}&amount=5001")[0] == 400
    # That a refund of all that was captured makes the charge a refunded one is unconfirmed.
    assert tell("POST", "/v1/refunds", f"charge={body['id']}")[1]["amount"] == 5000
    assert tell("GET", charge)[1]["refunded"] is True


@pytest.mark.parametrize(
    ("amount", "code", "param", "words"),
    [
        (9999, "amount_too_large", None, "greater than the amount you can capture"),
        (-100, None, "amount_to_capture", "Invalid non-negative integer"),
        (0, "parameter_invalid_integer", "amount", "must be greater than or equal to 1."),
    ],
)
def test_amounts_that_cannot_be_captured(
    tell: Tell, saved: Saved, amount: int, code: str | None, param: str | None, words: str
) -> None:
    held = paid(tell, saved, more="&capture_method=manual")
    answer = tell("POST", f"/v1/payment_intents/{held['id']}/capture", f"amount_to_capture={amount}")
    assert error(answer)[:3] == (400, code, param)
    assert words in error(answer)[3]
    assert answer[1]["error"]["payment_intent"]["status"] == "requires_capture"


def test_refusals_name_the_states_that_allow_it(tell: Tell, saved: Saved) -> None:
    intent = paid(tell, saved)
    path = f"/v1/payment_intents/{intent['id']}"
    states = "requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation, "
    assert states + "requires_action, expired, processing." in error(tell("POST", f"{path}/cancel"))[3]
    assert error(tell("POST", path, "amount=9999"))[:3] == (400, "payment_intent_unexpected_state", "amount")
    status, code, param, message = error(tell("POST", "/v1/payment_intents", "amount=0&currency=usd"))
    assert (status, code, param) == (400, "parameter_invalid_integer", "amount")
    assert "use a Setup Intent instead" in message


def test_confirming_with_nothing_or_with_what_is_not_theirs(tell: Tell, saved: Saved) -> None:
    owner, method = saved()
    other = tell("POST", "/v1/customers")[1]["id"]
    nothing = error(tell("POST", f"{bare(tell, f'&customer={other}')}/confirm"))
    assert f"To confirm the PaymentIntent with {other}, specify a payment method attached to this" in nothing[3]
    foreign = tell("POST", f"{bare(tell)}/confirm", f"payment_method={method}")
    assert error(foreign)[:3] == (400, "parameter_missing", "source")
    assert f"supplied {method} belongs to the Customer {owner}." in error(foreign)[3]
    crossed = tell("POST", f"{bare(tell, f'&customer={other}')}/confirm", f"payment_method={method}")
    assert error(crossed)[:3] == (400, None, "payment_method")
    assert f"{method} does not belong to the Customer you supplied {other}." in error(crossed)[3]
    for answer in (foreign, crossed):
        assert answer[1]["error"]["payment_intent"]["status"] == "requires_payment_method"


def test_a_decline_tells_of_its_method(tell: Tell) -> None:
    form = "amount=1000&currency=usd&payment_method_types[]=card&confirm=true&payment_method=pm_card_chargeDeclined"
    refusal = tell("POST", "/v1/payment_intents", form)[1]["error"]
    last = refusal["payment_intent"]["last_payment_error"]
    assert last["payment_method_type"] == "card"
    assert refusal["payment_method"]["card"]["checks"]["cvc_check"] == "pass"
    assert refusal["payment_method"] == last["payment_method"]
    charge = tell("GET", f"/v1/charges/{refusal['charge']}")[1]
    assert charge["payment_method_details"]["card"]["amount_authorized"] is None


def test_off_session_a_card_that_asks_first_is_not_tried(tell: Tell) -> None:
    form = "amount=3300&currency=usd&payment_method_types[]=card&confirm=true&off_session=true"
    answer = tell("POST", "/v1/payment_intents", f"{form}&payment_method=pm_card_threeDSecure2Required")
    refusal = answer[1]["error"]
    assert (answer[0], refusal["code"], refusal["decline_code"]) == (402, *["authentication_required"] * 2)
    assert (refusal.get("charge"), refusal["payment_intent"]["latest_charge"]) == (None, None)
    assert refusal["payment_method"]["card"]["country"] == "IE"
    assert refusal["payment_method"]["card"]["checks"]["cvc_check"] == "unchecked"
    assert tell("GET", "/v1/charges")[1]["data"] == []


def test_a_payment_owns_the_group_of_its_charge(tell: Tell, saved: Saved) -> None:
    intent = paid(tell, saved)
    status, code, param, message = error(
        tell("POST", f"/v1/charges/{intent['latest_charge']}", "transfer_group=order_42")
    )
    assert (status, code, param) == (400, None, None)
    assert message.startswith(f"This Charge was created by a PaymentIntent ({intent['id']}).")


def test_a_coupon_is_made_once(tell: Tell) -> None:
    tell("POST", "/v1/coupons", "id=Q&percent_off=10&duration=once")
    again = tell("POST", "/v1/coupons", "id=Q&percent_off=5&duration=once")
    assert error(again) == (400, "resource_already_exists", None, "Coupon already exists.")


def test_a_hold_is_disputed_once_it_is_captured(tell: Tell, saved: Saved) -> None:
    held = paid(tell, saved, "tok_visa_createDispute", 4400, "&capture_method=manual")
    charge = held["latest_charge"]
    assert tell("GET", "/v1/disputes", f"charge={charge}")[1]["count"] == 0
    tell("POST", f"/v1/payment_intents/{held['id']}/capture")
    found = tell("GET", "/v1/disputes", f"charge={charge}")[1]
    assert (found["count"], found["data"][0]["amount"], found["data"][0]["status"]) == (1, 4400, "needs_response")


def test_a_dispute_ends_once(tell: Tell, saved: Saved) -> None:
    charge = paid(tell, saved, "tok_visa_createDispute")["latest_charge"]
    path = f"/v1/disputes/{tell('GET', '/v1/disputes', f'charge={charge}')[1]['data'][0]['id']}"
    assert tell("POST", f"{path}/close")[1]["status"] == "lost"
    for late in (
        tell("POST", f"{path}/close"),
        tell("POST", path, "evidence[uncategorized_text]=winning_evidence"),
    ):
        assert error(late) == (400, None, None, "This dispute is already closed")


def test_money_won_back_settles_like_a_charge(tell: Tell, saved: Saved, emulator: Emulator) -> None:
    charge = paid(tell, saved, "tok_visa_createDispute", 6000)["latest_charge"]
    path = f"/v1/disputes/{tell('GET', '/v1/disputes', f'charge={charge}')[1]['data'][0]['id']}"
    tell("POST", path, "evidence[uncategorized_text]=winning_evidence")
    emulator.move_clock(5)
    won = tell("GET", path)[1]
    taken, given = won["balance_transactions"]
    assert (won["status"], taken["status"], given["status"]) == ("won", "available", "pending")
    assert given["available_on"] > given["created"]
    assert given["available_on"] % DAY == 0


def test_a_charge_without_a_dispute(tell: Tell, saved: Saved) -> None:
    charge = paid(tell, saved)["latest_charge"]
    assert error(tell("GET", f"/v1/charges/{charge}/dispute")) == (404, None, None, f"No dispute for charge: {charge}")


@pytest.mark.parametrize(
    ("form", "param", "message"),
    [
        ("unit_amount=1000", None, "You must specify either `product` or `product_data` when creating a price."),
        ("product=p", None, "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set."),
        (
            "product=p&billing_scheme=tiered&tiers_mode=volume&tiers[0][up_to]=inf&tiers[0][unit_amount]=500",
            "interval",
            "Prices with `type=one_time` are not supported with tiered billing.",
        ),
    ],
)
def test_prices_that_are_incomplete(tell: Tell, form: str, param: str | None, message: str) -> None:
    tell("POST", "/v1/products", "name=A&id=p")
    assert error(tell("POST", "/v1/prices", f"currency=usd&{form}")) == (400, None, param, message)


@pytest.mark.parametrize(
    ("form", "param", "words"),
    [
        ("promotion[coupon]=Q&code=taken", None, "An active promotion code with `code: taken` already exists."),
        ("promotion[coupon]=Q&code=has spaces!", "code", r"(/\A[a-zA-Z0-9\-_]+\z/ does not match for the value has"),
        ("", "promotion.coupon", "You must pass promotion.coupon when passing promotion"),
        ("promotion[coupon]=Q&expires_at=2000", "expires_at", "You specified the value `2000` which is in the past."),
        ("promotion[coupon]=Q&expires_at=4102444800", "expires_at", "can be no more than five years in the future."),
    ],
)
def test_promotion_codes_that_cannot_be(tell: Tell, form: str, param: str | None, words: str) -> None:
    assert tell("POST", "/v1/coupons", "id=Q&percent_off=10&duration=once")[1]["percent_off"] == 10.0
    made = tell("POST", "/v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]=Q&code=taken")[1]
    status, code, given, message = error(tell("POST", "/v1/promotion_codes", f"promotion[type]=coupon&{form}"))
    assert (status, code, given) == (400, None, param)
    assert words in message
    changed = tell("POST", f"/v1/promotion_codes/{made['id']}", "restrictions[first_time_transaction]=true")
    assert error(changed)[:3] == (400, "parameter_unknown", "restrictions[first_time_transaction]")


def test_a_percentage_is_a_decimal(tell: Tell) -> None:
    found = tell("POST", "/v1/coupons", "percent_off=10&duration=once")[1]["percent_off"]
    assert (found, type(found)) == (10.0, float)


def test_money_set_aside_has_no_sources(tell: Tell) -> None:
    aside = tell("GET", "/v1/balance")[1]["refund_and_dispute_prefunding"]
    nothing = [{"amount": 0, "currency": "usd"}]
    assert aside == {"available": nothing, "pending": nothing}
