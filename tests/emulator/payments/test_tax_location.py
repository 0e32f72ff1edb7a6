"""Where customers are taxed."""

import pytest

from creditctl.emulator.payments.tax_location import tax_location
from creditctl.emulator.storage.object_types import Body


@pytest.mark.parametrize(
    ("address", "known"),
    [
        (None, False),
        ({"city": "Berlin", "country": None}, False),
        ({"country": "DE"}, True),
        ({"country": "US", "state": "OR"}, False),
        ({"country": "US", "postal_code": "9770"}, False),
        ({"country": "US", "postal_code": "97701"}, True),
        ({"country": "US", "postal_code": "97712-4918"}, True),
        ({"country": "CA"}, False),
        ({"country": "CA", "state": "ON"}, True),
        ({"country": "CA", "postal_code": "K1A 0B1"}, True),
    ],
)
def test_what_tells_where_tax_is_due(address: Body | None, known: bool) -> None:
    """Source: Stripe docs, "Collect customer addresses", "Automatically collect tax on invoices"."""
    assert (tax_location({"address": address}) is not None) == known


def test_shipping_comes_first_and_is_not_passed_over() -> None:
    to = {"name": "A", "address": {"country": "US", "postal_code": "97701", "state": "OR"}}
    found = {"country": "US", "source": "shipping_destination", "state": "OR"}
    assert tax_location({"address": {"country": "DE"}, "shipping": to}) == found
    assert tax_location({"address": {"country": "DE"}, "shipping": {"address": {"country": "US"}}}) is None
