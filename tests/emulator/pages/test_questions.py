"""What the page asks besides how to pay: fields, tax id, names, quantity; and the pages of invoices and saved cards."""

import pytest

from creditctl.emulator.app import Emulator
from tests.emulator.pages.test_handler import GOOD, Shop
from tests.emulator.world import Inside

FIELD = "&custom_fields[0][key]=team&custom_fields[0][label][type]=custom&custom_fields[0][label][custom]=Your+team"
ASKED = (
    f"{FIELD}&custom_fields[0][type]=text&tax_id_collection[enabled]=true&phone_number_collection[enabled]=true"
    "&name_collection[individual][enabled]=true&name_collection[individual][optional]=true"
)


@pytest.fixture
def shop(emulator: Emulator, ask: Inside) -> Shop:
    return Shop(emulator, ask)


def test_the_page_asks_and_the_session_has_the_answers(shop: Shop) -> None:
    session = shop.session(ASKED)
    path = f"/c/pay/{session['id']}"
    page = shop.visit("GET", path).body.decode()
    assert all(name in page for name in ('name="field_team"', 'name="tax_id"', 'name="phone"', "Your team"))
    refused = shop.visit("POST", path, **GOOD, tax_id="DE1", field_team="blue", phone="+1 555")
    assert refused.status == 400
    assert 'value="blue"' in refused.body.decode()
    assert shop.visit("POST", path, **GOOD).status == 400
    done = shop.visit("POST", path, **GOOD, field_team="blue", tax_id="eu_vat:DE123456789", phone="+1 555")
    assert done.status == 303
    found = shop.ask("GET", f"/v1/checkout/sessions/{session['id']}")[1]
    assert found["custom_fields"][0]["text"]["value"] == "blue"
    assert found["customer_details"]["tax_ids"] == [{"type": "eu_vat", "value": "DE123456789"}]
    assert found["customer_details"]["phone"] == "+1 555"


def test_a_phone_number_and_a_whole_address_are_required_where_the_session_asks_for_them(shop: Shop) -> None:
    given = {"phone": "+1 555", "line1": "1 Main St", "city": "Bonn", "country": "de"}
    session = shop.session("&phone_number_collection[enabled]=true&billing_address_collection=required")
    path = f"/c/pay/{session['id']}"
    assert all(f'name="{name}"' in shop.visit("GET", path).body.decode() for name in given)
    for name in given:
        refused = shop.visit("POST", path, **GOOD, **(given | {name: " "}))
        assert (refused.status, "is incomplete" in refused.body.decode()) == (400, True)
    assert shop.visit("POST", path, **GOOD, **given).status == 303
    details = shop.ask("GET", f"/v1/checkout/sessions/{session['id']}")[1]["customer_details"]
    assert (details["phone"], details["address"]["line1"]) == ("+1 555", "1 Main St")
    assert (details["address"]["city"], details["address"]["country"]) == ("Bonn", "DE")


def test_a_tax_needs_to_know_where_the_buyer_is(shop: Shop) -> None:
    session = shop.session("&automatic_tax[enabled]=true")
    path = f"/c/pay/{session['id']}"
    for given in ({"country": ""}, {"country": "us", "postal_code": "12"}, {"country": "ca", "postal_code": ""}):
        refused = shop.visit("POST", path, **(GOOD | given))
        assert (refused.status, "is incomplete" in refused.body.decode()) == (400, True)
    assert shop.visit("POST", path, **(GOOD | {"country": "de", "postal_code": ""})).status == 303


def test_a_dropdown_shows_its_options(shop: Shop) -> None:
    options = "&custom_fields[0][dropdown][options][0][label]=Red&custom_fields[0][dropdown][options][0][value]=r"
    session = shop.session(f"{FIELD}&custom_fields[0][type]=dropdown{options}")
    assert '<option value="r" >Red</option>' in shop.visit("GET", f"/c/pay/{session['id']}").body.decode()


def test_the_quantity_is_changed_on_the_page(shop: Shop) -> None:
    session = shop.session("&line_items[0][adjustable_quantity][enabled]=true")
    path = f"/c/pay/{session['id']}"
    assert shop.visit("POST", f"{path}/quantity", item="0", quantity="100").status == 400
    assert shop.visit("POST", f"{path}/quantity", item="x", quantity="1").status == 400
    assert shop.visit("POST", f"{path}/quantity", item="0", quantity="5").status == 303
    assert "$50.00" in shop.visit("GET", path).body.decode()


def test_an_invoice_has_a_page_of_its_own(shop: Shop) -> None:
    session = shop.session("&invoice_creation[enabled]=true&invoice_creation[invoice_data][footer]=Thank+you")
    shop.visit("POST", f"/c/pay/{session['id']}", **GOOD)
    found = shop.ask("GET", f"/v1/checkout/sessions/{session['id']}", "expand[]=invoice")[1]["invoice"]
    path = found["hosted_invoice_url"].removeprefix("http://127.0.0.1:4")
    page = shop.visit("GET", path)
    assert page.status == 200
    assert all(text in page.body.decode() for text in (found["number"], "$20.00", "Thank you", "Starter &lt;b&gt;"))
    assert shop.visit("GET", "/invoice/in_none").status == 404
    assert shop.visit("GET", "/invoice/").status == 404


def test_a_card_is_saved_through_its_challenge(shop: Shop) -> None:
    form = "confirm=true&payment_method=pm_card_authenticationRequired&return_url=https://shop.example/back"
    intent = shop.ask("POST", "/v1/setup_intents", form, headers={"host": "127.0.0.1:4"})[1]
    path = f"/_challenge/{intent['id']}"
    assert intent["next_action"]["redirect_to_url"]["url"].endswith(path)
    assert "authentication" in shop.visit("GET", path).body.decode()
    back = shop.visit("POST", path, result="pass").headers["Location"]
    assert f"setup_intent={intent['id']}" in back
    assert back.endswith("redirect_status=succeeded")
    assert shop.ask("GET", f"/v1/setup_intents/{intent['id']}")[1]["status"] == "succeeded"


def test_inner_names_are_no_addresses(shop: Shop) -> None:
    session = shop.session()
    for name in ("_challenge", "_setup"):
        assert shop.visit("GET", f"/c/pay/{session['id']}/{name}").status == 404
