"""Tax ids: given by either call, verified some seconds later where an authority is asked, taken away again."""

import pytest

from creditctl.emulator.app import Emulator
from tests.emulator.world import Inside


@pytest.mark.parametrize(
    ("type_", "value", "country", "first", "last"),
    [
        ("eu_vat", "EL123456789", "GR", "pending", "verified"),
        ("eu_vat", "XI111111111", "GB", "pending", "unverified"),
        ("eu_vat", "222222222", None, "pending", "pending"),
        ("gb_vat", "000000000", "GB", "pending", "verified"),
        ("au_abn", "111111111", "AU", "pending", "unverified"),
        ("us_ein", "12-3456789", "US", "unavailable", "unavailable"),
    ],
)
def test_a_number_comes_to_what_it_says(
    emulator: Emulator, ask: Inside, type_: str, value: str, country: str | None, first: str, last: str
) -> None:
    """Source of the values: Stripe docs, "Customer tax IDs", "Testing customer tax ID verification"."""
    customer = ask("POST", "/v1/customers")[1]["id"]
    made = ask("POST", f"/v1/customers/{customer}/tax_ids", f"type={type_}&value={value}")[1]
    assert (made["country"], made["verification"]["status"]) == (country, first)
    ask.control("/clock", advance=10)
    assert ask("GET", f"/v1/tax_ids/{made['id']}")[1]["verification"]["status"] == last
    told = ask("GET", "/v1/events", "type=customer.tax_id.updated")[1]["data"]
    assert [event["data"]["previous_attributes"] for event in told] == (
        [{"verification": {"status": first}}] if last != first else []
    )


def test_a_tax_id_is_made_and_deleted_without_its_customers_path(ask: Inside) -> None:
    customer = ask("POST", "/v1/customers")[1]["id"]
    form = f"type=eu_vat&value=DE123456789&owner[type]=customer&owner[customer]={customer}"
    status, made, _ = ask("POST", "/v1/tax_ids", form)
    # Source: types of stripe-node 23.1, where `customer_account` of an owner is null or an id, and never left out.
    owner = {"customer": customer, "customer_account": None, "type": "customer"}
    assert (status, made["customer"], made["owner"]) == (200, customer, owner)
    path = f"/v1/tax_ids/{made['id']}"
    assert ask("DELETE", path)[1] == {"id": made["id"], "object": "tax_id", "deleted": True}
    assert ask("DELETE", path)[0] == ask("GET", path)[0] == 404
    # Nothing is left that would be verified.
    ask.control("/clock", advance=10)
    assert ask("GET", "/v1/events", "type=customer.tax_id.updated")[1]["data"] == []


@pytest.mark.parametrize(
    ("owner", "param"),
    [
        ("", "owner[type]"),
        ("&owner[type]=self", "owner[type]"),
        ("&owner[type]=customer", "owner[customer]"),
        ("&owner[type]=customer&owner[customer]=cus_none", "owner[customer]"),
        ("&owner[type]=customer&owner[account]=acct_1", "owner[account]"),
    ],
)
def test_an_owner_that_is_not_here_is_refused(ask: Inside, owner: str, param: str) -> None:
    status, body, _ = ask("POST", "/v1/tax_ids", f"type=eu_vat&value=DE123456789{owner}")
    assert (status, body["error"]["param"]) == (400, param)
