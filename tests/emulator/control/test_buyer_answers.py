"""The buyer's answers by the control API."""

from tests.emulator.world import Inside

FIELD = "&custom_fields[0][key]=team&custom_fields[0][label][type]=custom&custom_fields[0][label][custom]=Team"


def test_a_session_is_paid_with_answers(ask: Inside) -> None:
    more = f"{FIELD}&custom_fields[0][type]=text&tax_id_collection[enabled]=true"
    more += "&line_items[0][adjustable_quantity][enabled]=true"
    session = ask.session(ask.price("p", "unit_amount=1000"), 1, more)[1]
    path = f"/sessions/{session['id']}/pay"
    assert ask.control(path)[0] == 400
    assert ask.control(path, fields={"team": "a"}, tax_id="nonsense")[0] == 400
    status, done = ask.control(
        path, fields={"team": "a"}, tax_id="eu_vat:DE123456789", business_name="Acme", quantity=3
    )
    assert (status, done["amount_total"], done["custom_fields"][0]["text"]["value"]) == (200, 3000, "a")
    assert (done["customer_details"]["name"], len(done["customer_details"]["tax_ids"])) == ("Acme", 1)


def test_a_quantity_needs_one_item_to_adjust(ask: Inside) -> None:
    session = ask.session(ask.price("p", "unit_amount=1000"), 1)[1]
    assert ask.control(f"/sessions/{session['id']}/pay", quantity=3)[0] == 400


def test_a_phone_number_and_an_address_that_are_asked_for_are_filled_in(ask: Inside) -> None:
    asked = "&phone_number_collection[enabled]=true&billing_address_collection=required"
    asked += f"&customer={ask('POST', '/v1/customers', 'name=Ann')[1]['id']}"
    price = ask.price("p", "unit_amount=1000")
    found = []
    for said in ({}, {"country": "DE", "phone": "+49 30 1"}):
        session = ask.session(price, 1, asked)[1]
        status, done = ask.control(f"/sessions/{session['id']}/pay", **said)
        assert status == 200
        found.append(done["customer_details"])
        assert ask("GET", f"/v1/customers/{done['customer']}")[1]["phone"] == done["customer_details"]["phone"]
    assert [details["phone"] for details in found] == ["+14155550100", "+49 30 1"]
    assert [details["address"]["country"] for details in found] == ["US", "DE"]
    assert all(details["address"]["line1"] and details["address"]["city"] for details in found)
