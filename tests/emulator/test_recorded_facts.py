"""Facts that public test-mode recordings of other projects show, each by its kind.

Sources: antiwork/gumroad, pay-rails/pay, openfoodfoundation/openfoodnetwork, spree/spree_stripe and liberapay, whose
recordings are named beside the fact in the emulator.
"""

from collections.abc import Iterator

import pytest

from creditctl.emulator.app import Emulator
from tests.emulator.world import Inside
from tests.support.clock import NOW

DAY = 86_400
PAY = "amount=5000&currency=usd&confirm=true&payment_method_types[]=card"
ITEM = "line_items[0][price_data][currency]=usd&line_items[0][price_data][product_data][name]=A"
SOLD = f"mode=payment&success_url=https://a.example&{ITEM}&line_items[0][price_data][unit_amount]=1000"


@pytest.fixture
def strict() -> Iterator[Inside]:
    """An account with the two common rules of Radar, whose API takes card numbers."""
    emulator = Emulator(clock=lambda: NOW, radar_strict=True, raw_cards=True)
    yield Inside(emulator)
    emulator.close()


def balance(ask: Inside) -> dict[str, int]:
    found = ask("GET", "/v1/balance")[1]
    return {part: found[part][0]["amount"] for part in ("available", "pending")}


def test_a_refund_of_a_pending_charge_is_pending_until_its_charge_is_available(ask: Inside) -> None:
    charge = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_visa")[1]["latest_charge"]
    ask.control("/clock", advance=5)
    refund = ask("POST", "/v1/refunds", f"charge={charge}&expand[]=balance_transaction")[1]["balance_transaction"]
    paid = ask("GET", f"/v1/charges/{charge}", "expand[]=balance_transaction")[1]["balance_transaction"]
    assert (refund["status"], refund["available_on"]) == ("pending", paid["available_on"])
    assert balance(ask) == {"available": 0, "pending": -175}
    ask.control("/clock", advance=3 * DAY)
    assert balance(ask) == {"available": -175, "pending": 0}


def test_a_refund_of_what_is_available_leaves_at_once(ask: Inside) -> None:
    charge = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_bypassPending")[1]["latest_charge"]
    refund = ask("POST", "/v1/refunds", f"charge={charge}&expand[]=balance_transaction")[1]["balance_transaction"]
    assert refund["status"] == "available"


def test_a_failed_refund_of_a_pending_charge_gives_back_what_is_pending(ask: Inside) -> None:
    charge = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_refundFail")[1]["latest_charge"]
    ask.control("/clock", advance=5)
    ask("POST", "/v1/refunds", f"charge={charge}")
    ask.control("/clock", advance=60)
    assert balance(ask) == {"available": 0, "pending": 4825}


def test_the_withdrawal_of_a_dispute_is_available_at_once(ask: Inside) -> None:
    ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_createDispute")
    assert balance(ask)["available"] == -6500


def test_what_a_session_of_a_known_customer_shows_from_the_start(ask: Inside) -> None:
    customer = ask("POST", "/v1/customers", "email=a@example.com")[1]["id"]
    body = ask("POST", "/v1/checkout/sessions", f"{SOLD}&line_items[0][quantity]=1&customer={customer}")[1]
    nothing = dict.fromkeys(["address", "business_name", "individual_name", "name", "phone", "tax_ids"])
    assert body["customer_details"] == {**nothing, "email": "a@example.com", "tax_exempt": "none"}
    assert body["collected_information"] == dict.fromkeys(["business_name", "individual_name", "shipping_details"])
    assert body["saved_payment_method_options"] == {
        "allow_redisplay_filters": ["always"],
        "payment_method_remove": "disabled",
        "payment_method_save": None,
    }
    stranger = ask("POST", "/v1/checkout/sessions", f"{SOLD}&line_items[0][quantity]=1")[1]
    assert (stranger["customer_details"], stranger["collected_information"]) == (None, None)


def test_a_declined_method_without_a_customer_is_used_up(ask: Inside) -> None:
    method = ask("POST", "/v1/payment_methods", "type=card&card[token]=tok_chargeDeclined")[1]["id"]
    assert ask("POST", "/v1/payment_intents", f"{PAY}&payment_method={method}")[0] == 402
    status, body, _ = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method={method}")
    assert (status, body["error"].get("param")) == (400, None)
    assert "previously used with a PaymentIntent without Customer attachment" in body["error"]["message"]


@pytest.mark.parametrize(
    ("token", "decline_code", "network", "advice", "network_advice"),
    [
        ("chargeDeclined", "generic_decline", "01", "try_again_later", None),
        ("chargeDeclinedInsufficientFunds", "insufficient_funds", "51", "try_again_later", "02"),
        ("chargeDeclinedLostCard", "lost_card", "41", "do_not_try_again", "01"),
        ("chargeDeclinedStolenCard", "stolen_card", "43", "do_not_try_again", "01"),
        ("chargeDeclinedVelocityLimitExceeded", "card_velocity_exceeded", "61", "try_again_later", "02"),
        ("chargeDeclinedProcessingError", "processing_error", "06", "try_again_later", None),
        ("chargeDeclinedExpiredCard", "expired_card", "54", "confirm_card_data", "03"),
        ("chargeDeclinedIncorrectCvc", "incorrect_cvc", "N7", "confirm_card_data", "03"),
    ],
)
def test_what_a_decline_says_in_error_intent_and_charge(
    ask: Inside, token: str, decline_code: str, network: str, advice: str, network_advice: str | None
) -> None:
    error = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_{token}")[1]["error"]
    names = ("decline_code", "network_decline_code", "advice_code", "network_advice_code")
    expected = (decline_code, network, advice, network_advice)
    assert tuple(error.get(name) for name in names) == expected
    assert tuple(error["payment_intent"]["last_payment_error"].get(name) for name in names) == expected
    outcome = ask("GET", f"/v1/charges/{error['charge']}")[1]["outcome"]
    assert tuple(outcome[name] for name in names[1:]) == expected[1:]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("off_session=true&confirm=true&payment_method=pm_card_visa", "succeeded"),
        ("off_session=recurring&confirm=true&payment_method=pm_card_visa", "succeeded"),
        ("off_session=false", "requires_payment_method"),
        ("confirm=True&payment_method=pm_card_visa&return_url=https://a.example", "succeeded"),
    ],
)
def test_what_is_legal_about_off_session_and_confirm(ask: Inside, form: str, status: str) -> None:
    code, body, _ = ask("POST", "/v1/payment_intents", f"amount=1000&currency=usd&{form}")
    assert (code, body.get("status")) == (200, status)


def test_off_session_without_a_confirm_is_refused_still(ask: Inside) -> None:
    assert ask("POST", "/v1/payment_intents", "amount=1000&currency=usd&off_session=true")[0] == 400
    assert ask("POST", "/v1/payment_intents", "amount=1000&currency=usd&off_session=maybe")[0] == 400


def test_the_invoice_credit_balance_of_a_customer(ask: Inside) -> None:
    status, body, _ = ask("POST", "/v1/customers", "expand[]=invoice_credit_balance&expand[]=tax")
    assert (status, body["invoice_credit_balance"]) == (200, {})


def test_reading_a_virtual_method_makes_one(ask: Inside) -> None:
    made = ask("GET", "/v1/payment_methods/pm_card_visa")[1]
    assert (made["object"], made["card"]["last4"]) == ("payment_method", "4242")
    assert made["id"] != "pm_card_visa"
    assert ask("GET", f"/v1/payment_methods/{made['id']}")[1] == made
    assert ask("GET", "/v1/payment_methods/pm_card_nothing")[0] == 404


def test_attaching_an_unknown_method(ask: Inside) -> None:
    customer = ask("POST", "/v1/customers")[1]["id"]
    assert ask("POST", "/v1/payment_methods/pm_none/attach", f"customer={customer}")[0] == 404


def test_refunding_more_than_was_charged_names_the_charge_at_first_and_then_the_rest(ask: Inside) -> None:
    charge = ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_visa")[1]["latest_charge"]
    first = ask("POST", "/v1/refunds", f"charge={charge}&amount=6000")[1]["error"]["message"]
    assert first == "Refund amount ($60.00) is greater than charge amount ($50.00)"
    ask("POST", "/v1/refunds", f"charge={charge}&amount=1000")
    then = ask("POST", "/v1/refunds", f"charge={charge}&amount=6000")[1]["error"]["message"]
    assert then == "Refund amount ($60.00) is greater than unrefunded amount on charge ($40.00)"


@pytest.mark.parametrize(
    ("token", "country", "last4"),
    [
        ("authenticationRequired", "DE", "3184"),
        ("authenticationRequiredOnSetup", "FR", "3155"),
        ("authenticationRequiredSetupForOffSession", "IT", "0446"),
        ("discover", "US", "9424"),
        ("jp", "JP", "0003"),
        ("cn", "CN", "0002"),
        ("gb_debit", "GB", "0005"),
        ("us", "US", "4242"),
    ],
)
def test_countries_of_cards(ask: Inside, token: str, country: str, last4: str) -> None:
    method = ask("GET", f"/v1/payment_methods/pm_card_{token}")[1]
    assert (method["card"]["country"], method["card"]["last4"]) == (country, last4)
    assert not {"custom", "radar_options"} & set(method)


def test_strict_radar_rules_block_what_the_bank_let_pass(strict: Inside) -> None:
    error = strict("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_cvcCheckFail")[1]["error"]
    assert (error["code"], error["param"]) == ("incorrect_cvc", "cvc")
    outcome = strict("GET", f"/v1/charges/{error['charge']}")[1]["outcome"]
    assert (outcome["type"], outcome["reason"], outcome["network_status"]) == (
        "blocked",
        "rule",
        "reversed_after_approval",
    )
    card = "type=card&card[token]=tok_avsZipFail"
    plain = strict("POST", "/v1/payment_methods", card)[1]["id"]
    assert strict("POST", "/v1/payment_intents", f"{PAY}&payment_method={plain}")[0] == 200
    placed = strict("POST", "/v1/payment_methods", f"{card}&billing_details[address][postal_code]=12345")[1]["id"]
    refusal = strict("POST", "/v1/payment_intents", f"{PAY}&payment_method={placed}")[1]["error"]
    assert (refusal["code"], refusal["param"]) == ("incorrect_zip", "address_zip")


def test_without_strict_rules_a_failed_check_only_shows(ask: Inside) -> None:
    assert ask("POST", "/v1/payment_intents", f"{PAY}&payment_method=pm_card_cvcCheckFail")[0] == 200
