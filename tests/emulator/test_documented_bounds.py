"""What Stripe's reference rules out is refused: forms with two meanings, values out of their form, lacking parts."""

import pytest

from tests.emulator.world import Inside

PAY = "amount=1000&currency=usd"
ITEM = "line_items[0][price_data][currency]=usd&line_items[0][price_data][product_data][name]=A"
AMOUNT = "line_items[0][price_data][unit_amount]=1000&line_items[0][quantity]=1"
SESSION = f"mode=payment&success_url=https://a.example&{ITEM}&{AMOUNT}"
OWN_PAGE = f"mode=payment&ui_mode=elements&{ITEM}&{AMOUNT}"
QUESTION = "custom_fields[0][key]=k&custom_fields[0][label][type]=custom&custom_fields[0][label][custom]=L"
SESSIONS, INTENTS, PRICES = "/v1/checkout/sessions", "/v1/payment_intents", "/v1/prices"
PRICE = "currency=usd&product_data[name]=A"


@pytest.mark.parametrize(
    ("path", "form", "param"),
    [
        ("/v1/customers", "metadata[a]=1&metadata=", "metadata"),
        ("/v1/customers", "metadata=x&metadata[a]=1", "metadata"),
        ("/v1/customers", "address[city]=A&address[city][x]=B", "city"),
        (SESSIONS, f"{SESSION}&line_items[][quantity]=2", "line_items"),
        ("/v1/customers", "shipping[name]=A", "shipping[address]"),
        (INTENTS, f"{PAY}&shipping[address][city]=A", "shipping[name]"),
        ("/v1/customers", "invoice_prefix=a-b", "invoice_prefix"),
        (
            SESSIONS,
            f"{SESSION}&after_expiration[recovery][allow_promotion_codes]=true",
            "after_expiration[recovery][enabled]",
        ),
        (SESSIONS, f"{SESSION}&locale=xx", "locale"),
        (SESSIONS, f"{SESSION}&excluded_payment_method_types[]=gold", "excluded_payment_method_types[0]"),
        (SESSIONS, f"{SESSION}&branding_settings[button_color]=red", "branding_settings[button_color]"),
        (SESSIONS, f"{SESSION}&branding_settings[font_family]=comic", "branding_settings[font_family]"),
        (SESSIONS, f"{SESSION}&line_items[0][price_data][product]=prod_1", "line_items[0][price_data][product]"),
        (
            SESSIONS,
            f"{SESSION}&line_items[0][price_data][product_data][images][]=x.png",
            "line_items[0][price_data][product_data][images][0]",
        ),
        (
            SESSIONS,
            f"{SESSION}&{QUESTION}&custom_fields[0][type]=text&custom_fields[0][text][minimum_length]=9"
            "&custom_fields[0][text][maximum_length]=3",
            "custom_fields[0][text][minimum_length]",
        ),
        (
            SESSIONS,
            f"{SESSION}&{QUESTION}&custom_fields[0][type]=dropdown"
            + "".join(
                f"&custom_fields[0][dropdown][options][{n}][label]=L{n}&custom_fields[0][dropdown][options][{n}][value]=v"
                for n in range(2)
            ),
            "custom_fields[0][dropdown][options]",
        ),
        (
            SESSIONS,
            f"{SESSION}&{QUESTION}&custom_fields[0][type]=dropdown&custom_fields[0][dropdown][options][0][label]=L"
            "&custom_fields[0][dropdown][options][0][value]=a-b",
            "custom_fields[0][dropdown][options][0][value]",
        ),
        (SESSIONS, f"{OWN_PAGE}&after_expiration[recovery][enabled]=true", "after_expiration"),
        (SESSIONS, f"{OWN_PAGE}&branding_settings[display_name]=A", "branding_settings"),
        (SESSIONS, f"{OWN_PAGE}&{QUESTION}&custom_fields[0][type]=text", "custom_fields"),
        (SESSIONS, f"{OWN_PAGE}&custom_text[submit][message]=A", "custom_text"),
        (SESSIONS, f"{OWN_PAGE}&origin_context=web", "origin_context"),
        (
            SESSIONS,
            f"{OWN_PAGE}&tax_id_collection[enabled]=true&tax_id_collection[required]=never",
            "tax_id_collection[required]",
        ),
        (INTENTS, f"{PAY}&statement_descriptor_suffix=%3Cb%3E", "statement_descriptor_suffix"),
        (INTENTS, f"{PAY}&statement_descriptor_suffix=123", "statement_descriptor_suffix"),
        (INTENTS, f"{PAY}&payment_method_data[card][token]=tok_visa", "payment_method_data[type]"),
        (INTENTS, f"{PAY}&confirm=true&payment_method=pm_card_visa&return_url=shop", "return_url"),
        (INTENTS, f"{PAY}&payment_method_options[card][network]=x", "payment_method_options[card][network]"),
        (
            INTENTS,
            f"{PAY}&payment_method_types[]=card&automatic_payment_methods[enabled]=true",
            "automatic_payment_methods",
        ),
        (
            INTENTS,
            f"{PAY}&payment_method_types[]=card&confirm=true&payment_method=pm_card_visa&statement_descriptor=SHOP",
            "statement_descriptor",
        ),
        (PRICES, f"{PRICE}&unit_amount_decimal=1.0000000000001", "unit_amount_decimal"),
        (
            PRICES,
            f"{PRICE}&custom_unit_amount[enabled]=true&custom_unit_amount[minimum]=5&custom_unit_amount[maximum]=1",
            "custom_unit_amount",
        ),
        (
            PRICES,
            f"{PRICE}&custom_unit_amount[enabled]=true&custom_unit_amount[minimum]=5",
            "custom_unit_amount[minimum]",
        ),
        (PRICES, f"{PRICE}&custom_unit_amount[enabled]=true&recurring[interval]=month", "custom_unit_amount"),
        (
            PRICES,
            f"{PRICE}&unit_amount=100&recurring[interval]=week&recurring[interval_count]=157",
            "recurring[interval_count]",
        ),
        (
            "/v1/products",
            "name=A&default_price_data[currency]=usd&default_price_data[unit_amount]=100"
            "&default_price_data[recurring][interval]=year&default_price_data[recurring][interval_count]=4",
            "default_price_data[recurring][interval_count]",
        ),
        ("/v1/products", "name=A&images[]=x", "images[0]"),
        ("/v1/products", "name=A&default_price_data[currency]=usd", None),
    ],
)
def test_what_the_reference_rules_out_is_refused(ask: Inside, path: str, form: str, param: str | None) -> None:
    status, body, _ = ask("POST", path, form)
    assert (status, body["error"].get("param")) == (400, param)


def test_a_label_has_a_hundred_characters(ask: Inside) -> None:
    """Source: stripe-python 16.1; older references say fifty."""
    for length, status in ((100, 200), (101, 400)):
        asked = f"{QUESTION}&custom_fields[0][type]=text".replace("[custom]=L", f"[custom]={'L' * length}")
        assert ask("POST", SESSIONS, f"{SESSION}&{asked}")[0] == status


def test_a_charge_keeps_its_customer(ask: Inside) -> None:
    one, other = (ask("POST", "/v1/customers")[1]["id"] for _ in range(2))
    ways = "automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never"
    paid = f"{PAY}&confirm=true&{ways}&payment_method=pm_card_visa"
    for named, status in ((f"&customer={one}", 400), ("", 200)):
        charge = ask("POST", INTENTS, f"{paid}{named}")[1]["latest_charge"]
        assert ask("POST", f"/v1/charges/{charge}", f"customer={other}")[0] == status


def test_a_price_keeps_its_tax_behavior_and_gives_up_its_currencies(ask: Inside) -> None:
    form = (
        f"{PRICE}&unit_amount=500&currency_options[eur][unit_amount]=400&currency_options[eur][tax_behavior]=inclusive"
    )
    price = ask("POST", PRICES, f"{form}&tax_behavior=exclusive")[1]["id"]
    for change, param in (
        ("tax_behavior=inclusive", "tax_behavior"),
        (
            "currency_options[eur][unit_amount]=1&currency_options[eur][tax_behavior]=exclusive",
            "currency_options[eur][tax_behavior]",
        ),
    ):
        assert ask("POST", f"{PRICES}/{price}", change)[1]["error"]["param"] == param
    assert ask("POST", f"{PRICES}/{price}", "tax_behavior=exclusive")[0] == 200
    kept = ask("POST", f"{PRICES}/{price}", "currency_options=&expand[]=currency_options")[1]["currency_options"]
    assert list(kept) == ["usd"]


def test_what_was_said_of_a_kind_of_method_is_taken_back_by_an_empty_text(ask: Inside) -> None:
    said = "payment_method_options[card][request_three_d_secure]=any"
    intent = ask("POST", INTENTS, f"{PAY}&{said}&payment_method_options[link][setup_future_usage]=none")[1]["id"]
    back = "payment_method_options[card]=&payment_method_options[link]="
    options = ask("POST", f"{INTENTS}/{intent}", back)[1]["payment_method_options"]
    assert (options["card"]["request_three_d_secure"], "link" in options) == ("automatic", False)


def test_evidence_names_no_file_that_never_was(ask: Inside, disputed: str) -> None:
    status, body, _ = ask("POST", f"/v1/disputes/{disputed}", "evidence[receipt]=file_1&submit=false")
    assert (status, body["error"]["param"]) == (400, "evidence[receipt]")


@pytest.fixture
def disputed(ask: Inside) -> str:
    """A dispute of a payment."""
    paid = f"{PAY}&payment_method=pm_card_createDispute&confirm=true&payment_method_types[]=card"
    intent = ask("POST", INTENTS, paid)[1]["id"]
    found: str = ask("GET", "/v1/disputes", f"payment_intent={intent}")[1]["data"][0]["id"]
    return found


@pytest.mark.parametrize(("query", "status"), [("email:a", 400), ("email:'a'", 200), ("created>5", 200)])
def test_text_that_is_searched_for_stands_in_quotation_marks(ask: Inside, query: str, status: int) -> None:
    assert ask("GET", "/v1/customers/search", f"query={query}")[0] == status


def test_no_other_account_is_reached_by_a_context(ask: Inside) -> None:
    status, body, _ = ask("GET", "/v1/customers", headers={"stripe-context": "acct_other"})
    assert (status, body["error"]["code"]) == (403, "account_invalid")


def test_what_was_not_asked_for_has_no_key(ask: Inside) -> None:
    """Source: recorded setup intents and bank debits."""
    assert "attach_to_self" not in ask("POST", "/v1/setup_intents")[1]
    bank = "type=us_bank_account&us_bank_account[account_number]=000123456789&us_bank_account[routing_number]=110000000"
    method = ask("POST", "/v1/payment_methods", f"{bank}&billing_details[name]=A&billing_details[email]=a@b.example")[1]
    form = f"{PAY}&payment_method_types[]=us_bank_account&payment_method={method['id']}&confirm=true&return_url=a://b"
    charge = ask("POST", INTENTS, f"{form}&expand[]=latest_charge")[1]["latest_charge"]
    assert (charge["outcome"]["risk_level"], "risk_score" in charge["outcome"]) == ("not_assessed", False)


def test_texts_are_as_long_as_stripe_lets_them_be(ask: Inside) -> None:
    """Source: the lengths of Stripe's OpenAPI description."""
    paid = f"{PAY}&payment_method=pm_card_visa&confirm=true&payment_method_types[]=card"
    charge = ask("POST", INTENTS, paid)[1]["latest_charge"]
    assert ask("POST", f"/v1/charges/{charge}", f"description={'x' * 6000}")[0] == 200
    assert ask("POST", "/v1/customers", f"business_name={'x' * 151}")[0] == 400
    assert ask("POST", "/v1/tax_rates", "display_name=GST&percentage=10&inclusive=true&country=AU&state=NSW")[0] == 200
