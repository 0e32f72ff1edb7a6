"""What Stripe refuses is refused: parameters that belong elsewhere, money that can't move, names that don't exist."""

import pytest

from tests.emulator.world import Inside

PAY = "amount=1000&currency=usd"
ITEM = "line_items[0][price_data][currency]=usd&line_items[0][price_data][product_data][name]=A"
SESSION = f"mode=payment&success_url=https://a.example&{ITEM}&line_items[0][quantity]=1"
INTEGER = "parameter_invalid_integer"
SOLD = f"{SESSION}&line_items[0][price_data][unit_amount]=1000"


@pytest.mark.parametrize(
    ("path", "form", "param", "code"),
    [
        ("/v1/customers", "email=nobody", "email", "email_invalid"),
        ("/v1/payment_intents", f"{PAY}&receipt_email=a%20b@c", "receipt_email", "email_invalid"),
        (
            "/v1/payment_intents",
            f"{PAY}&transfer_data[destination]=acct_1",
            "transfer_data[destination]",
            "resource_missing",
        ),
        ("/v1/payment_intents", f"{PAY}&on_behalf_of=acct_1", "on_behalf_of", "resource_missing"),
        ("/v1/payment_intents", f"{PAY}&application_fee_amount=10", "application_fee_amount", None),
        (
            "/v1/payment_intents",
            f"{PAY}&payment_method_options[card][request_three_d_secure]=sometimes",
            "payment_method_options[card][request_three_d_secure]",
            None,
        ),
        ("/v1/checkout/sessions", f"{SOLD}&customer_email=nobody", "customer_email", "email_invalid"),
        ("/v1/checkout/sessions", f"{SOLD}&payment_method_collection=always", "payment_method_collection", None),
        ("/v1/checkout/sessions", f"{SOLD}&subscription_data[description]=x", "subscription_data", None),
        ("/v1/checkout/sessions", f"{SOLD}&customer_update[name]=auto", "customer_update", None),
        (
            "/v1/checkout/sessions",
            f"{SOLD}&line_items[0][tax_rates][]=txr_1",
            "line_items[0][tax_rates][0]",
            "resource_missing",
        ),
        ("/v1/checkout/sessions", f"{SOLD}&shipping_options[0][shipping_rate]=shr_1", "shipping_options", None),
        (
            "/v1/checkout/sessions",
            SOLD.replace("[quantity]=1", "[quantity]=0"),
            "line_items[0][quantity]",
            "parameter_invalid_integer",
        ),
        (
            "/v1/checkout/sessions",
            f"{SOLD}&payment_intent_data[transfer_data][destination]=acct_1",
            "payment_intent_data[transfer_data][destination]",
            "resource_missing",
        ),
        (
            "/v1/checkout/sessions",
            f"{SESSION}&line_items[0][price_data][unit_amount]=100000000",
            None,
            "amount_too_large",
        ),
        (
            "/v1/prices",
            "currency=usd&unit_amount=100&product_data[name]=A&custom_unit_amount[enabled]=true",
            "unit_amount",
            None,
        ),
        ("/v1/products", "name= %20", "name", "parameter_invalid_empty"),
        ("/v1/products", "name=A&metadata=", "metadata", "parameter_invalid_empty"),
        ("/v1/prices", "currency=usd&product=prod_none&unit_amount=1&metadata=", "metadata", "parameter_invalid_empty"),
        ("/v1/checkout/sessions", f"{SOLD}&metadata=", "metadata", "parameter_invalid_empty"),
        ("/v1/customers", "metadata=x", "metadata", None),
        ("/v1/payment_intents", "amount=1050&currency=isk", "amount", "invalid_charge_amount_no_decimal_compatible"),
        ("/v1/payment_intents", "amount=150&currency=ugx", "amount", "invalid_charge_amount_no_decimal_compatible"),
        ("/v1/payment_intents", "amount=1001&currency=kwd", "amount", None),
        ("/v1/payment_intents", "amount=1000000000000&currency=idr", "amount", "amount_too_large"),
        ("/v1/checkout/sessions", SOLD.replace("usd", "bhd") + "1", None, None),
        ("/v1/prices", "currency=usd&unit_amount=100000000&product_data[name]=A", "unit_amount", INTEGER),
        (
            "/v1/prices",
            "currency=idr&unit_amount=5&product_data[name]=A&currency_options[usd][unit_amount]=100000000",
            "currency_options[usd][unit_amount]",
            INTEGER,
        ),
        ("/v1/coupons", "percent_off=10&duration=repeating", "duration", None),
        ("/v1/coupons", "duration=once", None, "parameter_missing"),
        ("/v1/coupons", "percent_off=10&amount_off=5&currency=usd", None, None),
        ("/v1/coupons", "amount_off=500", "currency", None),
        ("/v1/coupons", "percent_off=0", "percent_off", None),
        ("/v1/coupons", "percent_off=10&redeem_by=1000", "redeem_by", None),
        ("/v1/coupons", "percent_off=5&currency_options[eur][amount_off]=4", "currency_options", None),
        ("/v1/coupons", "amount_off=5&currency=usd&currency_options=5", "currency_options", None),
        ("/v1/coupons", "amount_off=5&currency=usd&currency_options[EUR][amount_off]=4", "currency_options", None),
        ("/v1/coupons", "percent_off=101", "percent_off", None),
        ("/v1/coupons", "percent_off=10&applies_to[products][]=prod_x", "applies_to[products][0]", "resource_missing"),
    ],
)
def test_a_refusal(ask: Inside, path: str, form: str, param: str | None, code: str | None) -> None:
    status, body, _ = ask("POST", path, form)
    assert (status, body["error"].get("param"), body["error"].get("code")) == (400, param, code)
    assert body["error"]["type"] == "invalid_request_error"
    assert "request_log_url" in body["error"]
    assert ("doc_url" in body["error"]) is (code is not None)


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("2026-10-28.endive", 200),
        ("2026-09-30.endive", 200),
        ("2026-10-28.preview", 200),
        ("2026-03-25.dahlia", 200),
        ("2025-03-31.basil", 200),
        ("2024-09-30.acacia", 200),
        ("2024-06-20", 200),
        ("2026-10-28.dahlia", 400),
        ("2026-03-25.endive", 400),
        ("2026-10-28.fennel", 400),
        ("2024-06-20.acacia", 400),
        ("2026-10-28", 400),
    ],
)
def test_a_version_carries_the_name_of_its_time(ask: Inside, version: str, status: int) -> None:
    assert ask("GET", "/v1/products", headers={"stripe-version": version})[0] == status


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/v1/charges", "amount=1000&currency=usd&source=tok_visa"),
        ("/v1/tokens", "card[number]=4242424242424242"),
        ("/v1/subscriptions", "customer=cus_1"),
        ("/v1/accounts", "type=standard"),
        ("/v1/terminal/readers", "registration_code=x"),
    ],
)
def test_what_is_left_out_says_so(ask: Inside, path: str, form: str) -> None:
    status, body, _ = ask("POST", path, form)
    assert status == 404
    assert f"Unrecognized request URL (POST: {path})" in body["error"]["message"]
    assert "not in this emulator" in body["error"]["message"]
    assert "code" not in body["error"]


def test_an_url_that_stripe_has_not_either(ask: Inside) -> None:
    status, body, _ = ask("GET", "/v1/creditors")
    assert (status, body["error"]["message"]) == (
        404,
        "Unrecognized request URL (GET: /v1/creditors). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
    )
    assert "request_log_url" not in body["error"]
    assert ask("PUT", "/v1/products")[0] == 404


@pytest.mark.parametrize(("amount", "currency"), [(999_999_999_999, "idr"), (1000, "isk"), (100, "ugx"), (1010, "kwd")])
def test_amounts_of_currencies_with_rules_of_their_own(ask: Inside, amount: int, currency: str) -> None:
    """Source: Stripe docs, "Supported currencies", special cases and maximum amounts."""
    assert ask("POST", "/v1/payment_intents", f"amount={amount}&currency={currency}")[0] == 200
    price = f"currency={currency}&unit_amount={amount}&product_data[name]=A"
    assert ask("POST", "/v1/prices", price)[1]["unit_amount"] == amount


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/customers/"),
        ("POST", "/v1/payment_intents/"),
        ("POST", "/v1/payment_intents//confirm"),
        ("GET", "/v1/subscriptions/"),
    ],
)
def test_an_empty_id_is_no_list(ask: Inside, method: str, path: str) -> None:
    """Source: public reports of these answers, as of `POST /v1/payment_intents//confirm`."""
    status, body, _ = ask(method, path)
    assert (status, body["error"]["message"]) == (
        404,
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing slash. "
        "If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code. "
        "Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
    )


def test_a_method_is_changed_only_in_what_it_has(ask: Inside) -> None:
    customer = ask("POST", "/v1/customers")[1]["id"]
    account = "type=sepa_debit&sepa_debit[iban]=AT611904300234573201&billing_details[email]=a@b.example"
    method = ask("POST", "/v1/payment_methods", f"{account}&billing_details[name]=A")[1]["id"]
    ask("POST", f"/v1/payment_methods/{method}/attach", f"customer={customer}")
    status, body, _ = ask("POST", f"/v1/payment_methods/{method}", "card[exp_month]=3")
    assert (status, body["error"]["param"]) == (400, "card")


def test_metadata_is_merged_within_its_bounds(ask: Inside) -> None:
    many = "&".join(f"metadata[k{n}]=1" for n in range(50))
    ask("POST", "/v1/products", f"name=A&id=p&{many}")
    assert ask("POST", "/v1/products/p", "metadata[one_more]=1")[0] == 400
    assert ask("POST", "/v1/products/p", "metadata[one_more]=1&metadata[k0]=")[0] == 200
    assert len(ask("GET", "/v1/products/p")[1]["metadata"]) == 50
    assert ask("POST", "/v1/products/p", "metadata=")[1]["metadata"] == {}


def test_unauthorized_answers_name_the_scheme(ask: Inside) -> None:
    status, _, headers = ask("GET", "/v1/balance", headers={"authorization": ""})
    assert (status, headers["WWW-Authenticate"]) == (401, 'Basic realm="Stripe"')
