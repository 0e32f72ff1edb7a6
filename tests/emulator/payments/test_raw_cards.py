"""Card numbers by API: refused, or taken where the emulator was told to."""

from collections.abc import Iterator

import pytest

from creditctl.emulator.app import Emulator
from tests.emulator.world import Inside
from tests.support.clock import NOW

NUMBER = "type=card&card[number]=4242424242424242"
DATE = "&card[exp_month]=12&card[exp_year]=2034"


@pytest.fixture
def open_to_numbers() -> Iterator[Inside]:
    emulator = Emulator(clock=lambda: NOW, raw_cards=True)
    yield Inside(emulator)
    emulator.close()


def test_an_ordinary_account_may_not_send_numbers(ask: Inside) -> None:
    status, body, _ = ask("POST", "/v1/payment_methods", NUMBER + DATE)
    assert (status, body["error"]["type"]) == (402, "invalid_request_error")
    assert body["error"]["message"].startswith("Sending credit card numbers directly to the Stripe API")


def test_an_account_that_may_makes_methods_and_pays(open_to_numbers: Inside) -> None:
    ask = open_to_numbers
    method = ask("POST", "/v1/payment_methods", f"{NUMBER}{DATE}&card[cvc]=123")[1]
    assert (method["card"]["last4"], method["card"]["exp_year"]) == ("4242", 2034)
    data = "payment_method_data[type]=card&payment_method_data[card][number]=4000000000000002"
    data += "&payment_method_data[card][exp_month]=1&payment_method_data[card][exp_year]=34"
    paid = ask(
        "POST", "/v1/payment_intents", f"amount=1000&currency=usd&confirm=true&payment_method_types[]=card&{data}"
    )
    assert (paid[0], paid[1]["error"]["code"]) == (402, "card_declined")


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ("type=card&card[number]=4242424242424241" + DATE, 402, "incorrect_number"),
        (f"{NUMBER}&card[exp_month]=13&card[exp_year]=2034", 402, "invalid_expiry_month"),
        (f"{NUMBER}&card[exp_month]=12&card[exp_year]=1999", 402, "invalid_expiry_year"),
        (f"{NUMBER}{DATE}&card[cvc]=99", 402, "invalid_cvc"),
        (NUMBER, 400, "parameter_missing"),
        ("type=card&card[exp_month]=12", 400, "parameter_missing"),
    ],
)
def test_what_is_wrong_with_a_number(open_to_numbers: Inside, form: str, status: int, code: str) -> None:
    answer = open_to_numbers("POST", "/v1/payment_methods", form)
    assert (answer[0], answer[1]["error"]["code"]) == (status, code)
