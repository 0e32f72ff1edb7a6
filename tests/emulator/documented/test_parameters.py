"""No parameter is taken in silence: what Stripe has and the emulator does not act on is refused by its name."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import stripe

from creditctl.emulator.api.routes import Route
from creditctl.emulator.documented.parameters import documented_parameters, is_documented
from creditctl.emulator.protocol.fields import Field
from creditctl.emulator.protocol.schema import Hash, Listing
from creditctl.emulator.resources.billing.tax_ids import TYPES as TAX_ID_TYPES
from creditctl.emulator.resources.core.payment_methods import LEFT_OUT
from creditctl.emulator.resources.core.payment_methods import TYPES as METHOD_TYPES
from creditctl.emulator.resources.products.tax_rates import TAX_TYPES
from creditctl.emulator.resources.table import ROUTES
from tests.emulator.world import Inside

ITEM = "line_items[0][price_data][currency]=usd&line_items[0][price_data][product_data][name]=A"
SOLD = f"mode=payment&success_url=https://a.example&{ITEM}&line_items[0][price_data][unit_amount]=1000"
SESSION = f"{SOLD}&line_items[0][quantity]=1"
PAY = "amount=1000&currency=usd"
SDK_PARAMS = Path(stripe.__file__).parent / "params"


@pytest.mark.parametrize(
    ("path", "form", "param"),
    [
        ("/v1/checkout/sessions", f"{SESSION}&shipping_options[0][shipping_rate]=shr_1", "shipping_options"),
        ("/v1/checkout/sessions", f"{SESSION}&optional_items[0][price]=price_1", "optional_items"),
        ("/v1/checkout/sessions", f"{SESSION}&customer_account=acct_1", "customer_account"),
        ("/v1/checkout/sessions", f"{SESSION}&permissions[update_shipping_details]=client_only", "permissions"),
        ("/v1/checkout/sessions", f"{SESSION}&managed_payments[enabled]=true", "managed_payments"),
        (
            "/v1/checkout/sessions",
            f"{SESSION}&payment_method_options[klarna][setup_future_usage]=none",
            "payment_method_options[klarna]",
        ),
        ("/v1/payment_intents", f"{PAY}&confirmation_token=ctoken_1", "confirmation_token"),
        ("/v1/payment_intents", f"{PAY}&hooks[inputs][tax][calculation]=taxcalc_1", "hooks"),
        (
            "/v1/payment_intents",
            f"{PAY}&payment_method_options[card][moto]=true",
            "payment_method_options[card][moto]",
        ),
        ("/v1/customers", "test_clock=clock_1", "test_clock"),
        ("/v1/customers", "cash_balance[settings][reconciliation_mode]=manual", "cash_balance"),
        ("/v1/products", "name=A&default_price_data[currency]=usd&default_price_data[recurring][meter]=m", None),
        ("/v1/payment_methods", "type=klarna&klarna[dob][day]=1", None),
    ],
)
def test_a_documented_parameter_is_refused_by_the_emulators_name(
    ask: Inside, path: str, form: str, param: str | None
) -> None:
    status, body, _ = ask("POST", path, form)
    assert status == 400
    if param is not None:
        assert (body["error"]["param"], body["error"].get("code")) == (param, None)
        assert "emulator" in body["error"]["message"]


def test_what_stripe_has_not_either_is_unknown(ask: Inside) -> None:
    for form in ("wat=1", "name=A&default_price_data[wat]=1"):
        error = ask("POST", "/v1/products", form)[1]["error"]
        assert (error["code"], "emulator" in error["message"]) == ("parameter_unknown", False)


def test_names_are_found_in_lists_and_maps() -> None:
    sessions = ("POST", "/v1/checkout/sessions")
    assert is_documented(*sessions, "line_items[3][price_data][product_data][name]")
    assert is_documented("POST", "/v1/prices", "currency_options[eur][tiers][0][up_to]")
    assert is_documented("POST", "/v1/products/{id}", "metadata[anything]")
    assert not is_documented(*sessions, "line_items[0][prize]")
    assert not is_documented("POST", "/v1/nothing", "a")


def read_names(entry: Route, fields: Mapping[str, Field], prefix: str = "") -> Iterator[str]:
    """The parameters that a route reads and Stripe does not document, nested ones included."""
    for key, field in fields.items():
        name = f"{prefix}[{key}]" if prefix else key
        if not is_documented(entry.method, entry.pattern, name):
            yield f"{entry.method} {entry.pattern} {name}"
        elif isinstance(field, Hash):
            yield from read_names(entry, field.fields, name)
        elif isinstance(field, Listing) and isinstance(field.item, Hash):
            yield from read_names(entry, field.item.fields, f"{name}[0]")


def test_what_is_read_is_documented_or_known_to_be_on_the_wire() -> None:
    found = {
        name
        for entry in ROUTES
        if documented_parameters(entry.method, entry.pattern)
        for name in read_names(entry, entry.fields)
    }
    # Older versions' `payment_method_types` and `promotion_codes[coupon]`; what mobile and browser SDKs send; and the
    # fields that the types leave out and public code uses; and `card`, which Stripe's OpenAPI description has beside
    # `source`.
    known = (
        "payment_method_types",
        "client_secret",
        "promotion_codes coupon",
        "available_on",
        "[card]",
        "[destination]",
        "/sources card",
    )
    assert [name for name in sorted(found) if not name.endswith(known)] == []


def sdk_words(file: str, field: str) -> set[str]:
    """The words that the SDK's types allow for every field of this name in a file of parameters."""
    module = ast.parse((SDK_PARAMS / file).read_text())
    fields = (
        node for node in ast.walk(module) if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == field
    )
    texts = (node for entry in fields for node in ast.walk(entry.annotation) if isinstance(node, ast.Constant))
    found: set[str] = set()
    for text in texts:
        inner = ast.walk(ast.parse(str(text.value), mode="eval")) if "Literal" in str(text.value) else [text]
        found |= {str(node.value) for node in inner if isinstance(node, ast.Constant)}
    return {word for word in found if re.fullmatch(r"[a-z0-9_]+", word)}


@pytest.mark.parametrize(
    ("file", "known"),
    [
        ("_tax_rate_create_params.py", set(TAX_TYPES)),
        ("_customer_create_tax_id_params.py", set(TAX_ID_TYPES)),
        ("_payment_method_create_params.py", {*METHOD_TYPES, *LEFT_OUT}),
    ],
)
def test_every_word_of_the_sdk_is_known(file: str, known: set[str]) -> None:
    documented = sdk_words(file, "tax_type" if "tax_rate" in file else "type")
    assert documented
    assert documented - known == set()


@pytest.mark.parametrize(
    ("path", "form", "param"),
    [
        ("/v1/payment_methods", "type=klarna", "type"),
        (
            "/v1/payment_intents",
            f"{PAY}&payment_method_data[type]=paypal",
            "payment_method_data[type]",
        ),
        ("/v1/payment_methods", "type=card&card[token]=tok_visa&card[exp_month]=27", "card[exp_month]"),
        (
            "/v1/payment_intents",
            f"{PAY}&payment_method=pm_card_visa&payment_method_data[type]=card",
            "payment_method_data",
        ),
        (
            "/v1/checkout/sessions",
            f"{SESSION}&automatic_tax[enabled]=true&automatic_tax[liability][type]=account",
            "automatic_tax[liability][type]",
        ),
        (
            "/v1/checkout/sessions",
            f"{SESSION}&branding_settings[logo][type]=file",
            "branding_settings[logo][type]",
        ),
    ],
)
def test_a_documented_value_is_refused_by_the_emulators_name(ask: Inside, path: str, form: str, param: str) -> None:
    status, body, _ = ask("POST", path, form)
    assert (status, body["error"]["param"]) == (400, param)
    assert "emulator" in body["error"]["message"]


def test_a_list_of_methods_that_nobody_can_have_is_empty(ask: Inside) -> None:
    customer = ask("POST", "/v1/customers")[1]["id"]
    for query in (f"customer={customer}&type=link", "type=klarna"):
        assert ask("GET", "/v1/payment_methods", query)[1]["data"] == []
