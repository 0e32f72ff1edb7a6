"""What a charge says of itself."""

import pytest

from tests.emulator.world import Inside

WAYS = "automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never"
CARD = f"amount=1000&currency=usd&confirm=true&{WAYS}&payment_method=pm_card_visa"


@pytest.mark.parametrize(
    ("suffix", "shown"), [("", "Stripe"), ("9-22-19 10K", "Stripe* 9-22-19 10K"), ("A" * 22, "Stripe* AAAAAAAAAAAAAA")]
)
def test_the_suffix_stands_on_the_statement(ask: Inside, suffix: str, shown: str) -> None:
    """Source: Stripe docs, "Statement descriptors": prefix, `*`, space, suffix, cut to 22 characters."""
    form = f"{CARD}&statement_descriptor_suffix={suffix}" if suffix else CARD
    charge = ask("POST", "/v1/payment_intents", f"{form}&expand[]=latest_charge")[1]["latest_charge"]
    assert charge["calculated_statement_descriptor"] == shown


def test_a_capture_may_name_the_suffix(ask: Inside) -> None:
    held = ask("POST", "/v1/payment_intents", f"{CARD}&capture_method=manual")[1]["id"]
    form = "statement_descriptor_suffix=LATE&expand[]=latest_charge"
    charge = ask("POST", f"/v1/payment_intents/{held}/capture", form)[1]["latest_charge"]
    assert charge["calculated_statement_descriptor"] == "Stripe* LATE"


def test_a_bank_debit_has_none(ask: Inside) -> None:
    bank = "payment_method_data[type]=sepa_debit&payment_method_data[sepa_debit][iban]=AT611904300234573201"
    who = "payment_method_data[billing_details][name]=A&payment_method_data[billing_details][email]=a@b.example"
    form = f"amount=5000&currency=eur&confirm=true&return_url=https://a.example&{bank}&{who}&expand[]=latest_charge"
    charge = ask("POST", "/v1/payment_intents", form)[1]["latest_charge"]
    assert charge["calculated_statement_descriptor"] is None
