"""Formats of tax ids: what Stripe's page of types shows is taken, what a country cannot have written is refused."""

import pytest

from creditctl.emulator.protocol.errors import StripeError
from creditctl.emulator.resources.billing.tax_id_formats import EU_VAT, check_format, formats
from creditctl.emulator.resources.billing.tax_ids import TYPES
from tests.emulator.world import Inside

EXAMPLES = """
ATU12345678 BE0123456789 BG0123456789 CY12345678Z CZ1234567890 DE123456789 DK12345678 EE123456789 EL123456789
ESA1234567Z FI12345678 FRAB123456789 HR12345678912 HU12345678 IE1234567AB IT12345678912 LT123456789123 LU12345678
LV12345678912 MT12345678 NL123456789B12 PL1234567890 PT123456789 RO1234567891 SE123456789123 SI12345678 SK1234567891
XI123456789
"""
"""Source: Stripe docs, "Customer tax IDs"."""


def test_every_example_of_stripe_is_taken_and_no_country_is_left_out(ask: Inside) -> None:
    path = f"/v1/customers/{ask('POST', '/v1/customers')[1]['id']}/tax_ids"
    for value in (*EXAMPLES.split(), "de 123.456-789"):
        status, body, _ = ask("POST", path, f"type=eu_vat&value={value}")
        assert (status, body["value"]) == (200, value)
    assert {value[:2] for value in EXAMPLES.split()} == set(EU_VAT)


def test_every_type_takes_its_example_and_nothing_longer() -> None:
    """A type without an example, which no page shows, is taken as it is."""
    assert set(formats()) <= set(TYPES)
    for type_, known in formats().items():
        check_format(type_, known.example, "value")
        check_format(type_, known.example.lower(), "value")
        with pytest.raises(StripeError, match=f"Invalid value for {type_}"):
            check_format(type_, f"{known.example}{known.example}99999999", "value")
    check_format("fr_spi", "anything", "value")


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("us_ein", "12-345678"),
        ("br_cpf", "none"),
        ("ch_vat", "CHE-1"),
        ("us_ein", "000000000000"),
        ("eu_vat", "DE12345678"),
        ("eu_vat", "US123456789"),
        ("eu_vat", "123456789"),
        ("eu_vat", "D"),
        ("gb_vat", "GB1"),
    ],
)
def test_a_vat_number_that_cannot_be_is_refused_and_leaves_nothing(ask: Inside, type_: str, value: str) -> None:
    form = f"type={type_}&value={value}"
    path = f"/v1/customers/{ask('POST', '/v1/customers')[1]['id']}/tax_ids"
    status, body, _ = ask("POST", path, form)
    error = body["error"]
    assert (status, error["code"], error["param"]) == (400, "tax_id_invalid", "value")
    assert error["message"] == f"Invalid value for {type_}."
    given = f"tax_id_data[0][type]={type_}&tax_id_data[0][value]={value}"
    assert ask("POST", "/v1/customers", given)[1]["error"]["param"] == "tax_id_data[0][value]"
    assert len(ask("GET", "/v1/customers")[1]["data"]) == 1
