"""What a buyer fills in on the Checkout page, and what the session shows of it afterwards."""

from typing import Any

import pytest

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.app import Emulator
from creditctl.emulator.payments.cards import BY_NUMBER
from creditctl.emulator.payments.confirm import ConfirmOptions
from creditctl.emulator.payments.methods import store_card
from creditctl.emulator.protocol.errors import StripeError
from creditctl.emulator.resources.checkout.buyer import BuyerAnswers
from creditctl.emulator.resources.checkout.flow import pay_session
from creditctl.emulator.storage.ids import account_id
from creditctl.emulator.storage.object_types import SESSION
from creditctl.emulator.storage.transactions import transact
from tests.emulator.world import Inside
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY

BILLING = {"billing_details": {"email": "buyer@example.com", "name": "Bo"}}
FIELD = "&custom_fields[0][key]=team&custom_fields[0][label][type]=custom&custom_fields[0][label][custom]=Team"
TEXT = f"{FIELD}&custom_fields[0][type]=text"


def pay(emulator: Emulator, session: dict[str, Any], **answers: Any) -> dict[str, Any]:
    """The session after a buyer paid it with these answers."""
    scope = emulator.accounts.scope(account_id(TEST_KEY.removeprefix("sk_test_")), livemode=False)
    context = RequestContext(emulator.services, scope, NOW)
    row = context.fetch_row(SESSION, session["id"])

    def action() -> dict[str, Any]:
        method = store_card(context, BY_NUMBER["4242424242424242"], BILLING)
        return pay_session(context, row, method, ConfirmOptions(), BuyerAnswers(**answers))

    return transact(emulator.services.store, action)


def refusal(emulator: Emulator, session: dict[str, Any], **answers: Any) -> str:
    with pytest.raises(StripeError) as caught:
        pay(emulator, session, **answers)
    return str(caught.value)


def opened(ask: Inside, more: str = "") -> dict[str, Any]:
    status, session = ask.session(ask.price("p", "unit_amount=1000"), 2, more)
    assert status == 200, session
    found: dict[str, Any] = session
    return found


def test_a_custom_field_is_asked_and_answered(emulator: Emulator, ask: Inside) -> None:
    session = opened(ask, f"{TEXT}&custom_fields[0][text][maximum_length]=5")
    (shown,) = session["custom_fields"]
    assert shown["text"] == {"default_value": None, "maximum_length": 5, "minimum_length": None, "value": None}
    assert "team" in refusal(emulator, session)
    assert "characters" in refusal(emulator, session, fields={"team": "too long"})
    assert "no custom field `other`" in refusal(emulator, session, fields={"team": "a", "other": "b"})
    done = pay(emulator, session, fields={"team": "blue"})
    assert (done["status"], done["custom_fields"][0]["text"]["value"]) == ("complete", "blue")


def test_optional_fields_dropdowns_and_defaults(emulator: Emulator, ask: Inside) -> None:
    options = "&custom_fields[0][dropdown][options][0][label]=A&custom_fields[0][dropdown][options][0][value]=a"
    session = opened(ask, f"{FIELD}&custom_fields[0][type]=dropdown{options}&custom_fields[0][optional]=true")
    assert "must be one of a" in refusal(emulator, session, fields={"team": "b"})
    assert pay(emulator, session)["custom_fields"][0]["dropdown"]["value"] is None
    fixed = opened(ask, f"{TEXT}&custom_fields[0][text][default_value]=red")
    assert pay(emulator, fixed)["custom_fields"][0]["text"]["value"] == "red"


@pytest.mark.parametrize(
    ("more", "param"),
    [
        (FIELD, "custom_fields[0][type]"),
        (f"{TEXT}&custom_fields[0][numeric][maximum_length]=3", "custom_fields[0][numeric]"),
        (f"{FIELD}&custom_fields[0][type]=dropdown", "custom_fields[0][dropdown]"),
        (TEXT.replace("key]=team", "key]=my team"), "custom_fields[0][key]"),
        (f"{TEXT}&custom_fields[0][text][default_value]=x&custom_fields[0][text][minimum_length]=2", None),
    ],
)
def test_fields_that_make_no_sense(ask: Inside, more: str, param: str | None) -> None:
    status, body = ask.session(ask.price("p", "unit_amount=1000"), 1, more)
    assert status == 400
    assert param in (None, body["error"]["param"])


def test_the_quantity_is_adjusted_within_its_bounds(emulator: Emulator, ask: Inside) -> None:
    adjustable = "&line_items[0][adjustable_quantity][enabled]=true&line_items[0][adjustable_quantity][maximum]=5"
    session = opened(ask, adjustable)
    assert "between 0 and 5" in refusal(emulator, session, quantities={0: 6})
    assert "no item 2" in refusal(emulator, session, quantities={1: 1})
    assert "At least one item" in refusal(emulator, session, quantities={0: 0})
    done = pay(emulator, session, quantities={0: 3})
    assert (done["amount_total"], done["payment_status"]) == (3000, "paid")
    items = ask("GET", f"/v1/checkout/sessions/{session['id']}/line_items")[1]["data"]
    bounds = {"enabled": True, "maximum": 5, "minimum": 0}
    assert [(item["quantity"], item["amount_total"], item["adjustable_quantity"]) for item in items] == [
        (3, 3000, bounds)
    ]
    assert "can't be adjusted" in refusal(emulator, opened(ask), quantities={0: 3})


def test_a_promotion_code_holds_when_the_quantity_changes(emulator: Emulator, ask: Inside) -> None:
    ask("POST", "/v1/coupons", "id=half&percent_off=50")
    session = opened(ask, "&line_items[0][adjustable_quantity][enabled]=true&discounts[0][coupon]=half")
    done = pay(emulator, session, quantities={0: 4})
    assert (done["amount_subtotal"], done["amount_total"]) == (4000, 2000)


def test_a_tax_id_is_collected_and_saved_to_the_customer(emulator: Emulator, ask: Inside) -> None:
    session = opened(ask, "&tax_id_collection[enabled]=true&customer_creation=always")
    assert session["tax_id_collection"] == {"enabled": True, "required": "never"}
    done = pay(emulator, session, tax_id=("eu_vat", "DE123456789"), business_name="Acme GmbH")
    assert done["customer_details"]["tax_ids"] == [{"type": "eu_vat", "value": "DE123456789"}]
    assert done["customer_details"]["name"] == "Acme GmbH"
    path = f"/v1/customers/{done['customer']}"
    (saved,) = ask("GET", path, "expand[]=tax_ids")[1]["tax_ids"]["data"]
    assert (saved["type"], saved["country"], ask("GET", f"{path}/tax_ids/{saved['id']}")[0]) == ("eu_vat", "DE", 200)
    owner = f"owner[type]=customer&owner[customer]={done['customer']}"
    assert len(ask("GET", "/v1/tax_ids", owner)[1]["data"]) == 1
    assert ask("GET", "/v1/tax_ids")[1]["data"] == []


def test_a_tax_id_is_asked_for_only_where_the_session_says_so(emulator: Emulator, ask: Inside) -> None:
    assert "asks for no tax ID" in refusal(emulator, opened(ask), tax_id=("eu_vat", "DE1"))
    required = opened(ask, "&tax_id_collection[enabled]=true&tax_id_collection[required]=if_supported")
    assert "asks for a tax ID" in refusal(emulator, required)
    assert "no type of tax ID" in refusal(emulator, required, tax_id=("xx_vat", "1"))
    customer = ask("POST", "/v1/customers")[1]["id"]
    price = ask.price("q", "unit_amount=1000")
    collect = f"&tax_id_collection[enabled]=true&customer={customer}"
    refused = ask.session(price, 1, collect)[1]["error"]
    assert ("set `customer_update[name]` to `auto`" in refused["message"], refused.get("param")) == (True, None)
    assert ask.session(price, 1, f"{collect}&customer_update[name]=auto")[0] == 200


def test_a_tax_needs_the_address_of_a_customer_who_is_there_already(ask: Inside) -> None:
    """Source: probes in test mode of 2026-07-21; the address comes before the name."""
    price, customer = ask.price("q", "unit_amount=1000"), ask("POST", "/v1/customers")[1]["id"]
    asked = f"&automatic_tax[enabled]=true&customer={customer}"
    error = ask.session(price, 1, f"{asked}&tax_id_collection[enabled]=true")[1]["error"]
    assert (error["code"], error.get("param")) == ("customer_tax_location_invalid", None)
    assert "Add a valid address to the Customer or set `customer_update[address]` to 'auto'" in error["message"]

    session = ask.session(price, 1, f"{asked}&customer_update[address]=auto")[1]
    assert ask.control(f"/sessions/{session['id']}/pay")[0] == 200
    found = ask("GET", f"/v1/customers/{customer}", "expand[]=tax")[1]
    assert (found["address"]["country"], found["tax"]["automatic_tax"]) == ("US", "not_collecting")
    assert ask.session(price, 1, asked)[0] == 200


def test_names_are_collected(emulator: Emulator, ask: Inside) -> None:
    asked = "&name_collection[business][enabled]=true&name_collection[individual][enabled]=true"
    session = opened(ask, f"{asked}&name_collection[individual][optional]=true")
    assert "business name" in refusal(emulator, session)
    done = pay(emulator, session, business_name="Acme")
    assert done["collected_information"] == {"business_name": "Acme", "individual_name": None, "shipping_details": None}
    assert done["customer_details"]["business_name"] == "Acme"
    assert "no business name" in refusal(emulator, opened(ask), business_name="Acme")


def test_consent_is_noted(emulator: Emulator, ask: Inside) -> None:
    asked = "&consent_collection[terms_of_service]=required&consent_collection[promotions]=auto"
    session = opened(ask, asked)
    assert (session["consent"], session["consent_collection"]["promotions"]) == (None, "auto")
    assert pay(emulator, session)["consent"] == {"promotions": "opt_out", "terms_of_service": "accepted"}


def test_what_the_customer_may_be_updated_with(emulator: Emulator, ask: Inside) -> None:
    customer = ask("POST", "/v1/customers", "name=Old")[1]["id"]
    pay(emulator, opened(ask, f"&customer={customer}"))
    assert ask("GET", f"/v1/customers/{customer}")[1]["name"] == "Old"
    session = ask.session(ask.price("q", "unit_amount=1000"), 1, f"&customer={customer}&customer_update[name]=auto")[1]
    pay(emulator, session)
    assert ask("GET", f"/v1/customers/{customer}")[1]["name"] == "Bo"
