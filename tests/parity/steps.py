"""Stories of the parity suite: calls of Stripe's API as data, each able to use what an earlier answer said.

Every call is one that a seller of prepaid credits makes, or a mistake that one makes. `{name}` in a path or a value
stands for what an earlier step saved, `{run}` for a word of this run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """One call, and what of its answer later steps use: a name and a path such as `data.0.id`."""

    name: str
    method: str
    path: str
    form: Mapping[str, str] = field(default_factory=dict)
    save: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Steps that belong together; each story begins with nothing saved."""

    name: str
    steps: tuple[Step, ...]


_ID = {"id": "id"}
_PRODUCT = Step("a product", "POST", "/v1/products", {"name": "Parity {run}"}, {"product": "id"})
_PRICE = Step(
    "a price with a lookup key",
    "POST",
    "/v1/prices",
    {"product": "{product}", "currency": "usd", "unit_amount": "1000", "lookup_key": "parity_{run}"},
    {"price": "id"},
)
_SESSION_FORM = {
    "mode": "payment",
    "success_url": "https://example.com/ok?session_id={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://example.com/no",
    "client_reference_id": "user_1",
    "line_items[0][price]": "{price}",
    "line_items[0][quantity]": "2",
    "metadata[user_id]": "user_1",
    "payment_intent_data[metadata][user_id]": "user_1",
}
_SESSION = Step("a Checkout session", "POST", "/v1/checkout/sessions", _SESSION_FORM, {"session": "id"})


def _payment(method: str, name: str = "a payment", **more: str) -> Step:
    form = {
        "amount": "2000",
        "currency": "usd",
        "confirm": "true",
        "payment_method": method,
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        **more,
    }
    return Step(name, "POST", "/v1/payment_intents", form, {"intent": "id", "charge": "latest_charge"})


_TAX_IDS = (
    ("us_ein", "12-3456789"), ("us_ein", "12"), ("au_abn", "000000000"), ("ch_vat", "CHE-123.456.789"),
    ("no_vat", "123456789"), ("ru_inn", "123456789012"), ("eu_vat", "EL123456789"), ("eu_vat", "123456789"),
)  # fmt: skip
"""Numbers as documented, numbers that cannot be, and forms that are wider here than Stripe's examples."""


def _tax_id(type_: str, value: str) -> Step:
    return Step(f"{type_} {value}", "POST", "/v1/customers/{customer}/tax_ids", {"type": type_, "value": value})


STORIES = (
    Story(
        "catalogue",
        (
            _PRODUCT,
            _PRICE,
            Step("prices by lookup key", "GET", "/v1/prices", {"lookup_keys[]": "parity_{run}"}),
            Step("another price takes the lookup key", "POST", "/v1/prices", {
                "product": "{product}", "currency": "usd", "unit_amount": "1200", "lookup_key": "parity_{run}",
                "transfer_lookup_key": "true",
            }),
            Step("the first price has lost it", "GET", "/v1/prices/{price}"),
            Step("a price is archived", "POST", "/v1/prices/{price}", {"active": "false"}),
            Step("a product is changed", "POST", "/v1/products/{product}", {"metadata[package]": "starter"}),
            Step("an amount that is none", "POST", "/v1/prices", {
                "product": "{product}", "currency": "usd", "unit_amount": "ten",
            }),
            Step("a currency that is none", "POST", "/v1/prices", {
                "product": "{product}", "currency": "xyz", "unit_amount": "100",
            }),
            Step("a product without a name", "POST", "/v1/products", {}),
            Step("an unknown parameter", "POST", "/v1/products", {"name": "A", "colour": "red"}),
            Step("a product that is not there", "GET", "/v1/products/prod_nobody"),
        ),
    ),
    Story(
        "checkout",
        (
            _PRODUCT,
            _PRICE,
            _SESSION,
            Step("its line items", "GET", "/v1/checkout/sessions/{session}/line_items"),
            Step("the session, expanded", "GET", "/v1/checkout/sessions/{session}", {
                "expand[0]": "line_items", "expand[1]": "payment_intent",
            }),
            Step("it expires", "POST", "/v1/checkout/sessions/{session}/expire"),
            Step("it expires again", "POST", "/v1/checkout/sessions/{session}/expire"),
            Step("a session without a URL to go to", "POST", "/v1/checkout/sessions", {
                "mode": "payment", "line_items[0][price]": "{price}", "line_items[0][quantity]": "1",
            }),
            Step("a session for nothing", "POST", "/v1/checkout/sessions", {
                "mode": "payment", "success_url": "https://example.com/ok",
            }),
            Step("an expansion that is none", "GET", "/v1/checkout/sessions/{session}", {"expand[0]": "metadata"}),
        ),
    ),
    Story(
        "taxes and invoices",
        (
            _PRODUCT,
            _PRICE,
            Step("a tax rate", "POST", "/v1/tax_rates", {
                "display_name": "VAT", "percentage": "20", "inclusive": "false",
            }, {"rate": "id"}),
            Step("a session with tax on top and an invoice to come", "POST", "/v1/checkout/sessions", {
                **_SESSION_FORM, "line_items[0][tax_rates][0]": "{rate}", "invoice_creation[enabled]": "true",
                "expand[0]": "line_items.data.taxes", "expand[1]": "total_details.breakdown",
            }),
            Step("a session with questions", "POST", "/v1/checkout/sessions", {
                **_SESSION_FORM, "custom_fields[0][key]": "team", "custom_fields[0][label][type]": "custom",
                "custom_fields[0][label][custom]": "Team", "custom_fields[0][type]": "text",
                "tax_id_collection[enabled]": "true", "line_items[0][adjustable_quantity][enabled]": "true",
            }),
            Step("no invoices of nobody", "GET", "/v1/invoices", {"customer": "cus_nobody"}),
        ),
    ),
    Story(
        "saving a card",
        (
            Step("a customer", "POST", "/v1/customers", {"email": "a@example.com"}, {"customer": "id"}),
            Step("a setup intent", "POST", "/v1/setup_intents", {
                "customer": "{customer}", "confirm": "true", "payment_method": "pm_card_visa",
                "return_url": "https://example.com",
            }, {"method": "payment_method"}),
            Step("it becomes the default", "POST", "/v1/customers/{customer}", {
                "invoice_settings[default_payment_method]": "{method}",
            }),
            Step("a default that is not there", "POST", "/v1/customers/{customer}", {
                "invoice_settings[default_payment_method]": "pm_nobody",
            }),
            Step("a source that declines", "POST", "/v1/customers/{customer}", {"source": "tok_chargeDeclined"}),
            Step("off session and setting up at once", "POST", "/v1/payment_intents", {
                "amount": "2000", "currency": "usd", "confirm": "true", "customer": "{customer}",
                "payment_method": "{method}", "off_session": "true", "setup_future_usage": "off_session",
            }),
        ),
    ),
    Story(
        "discounts",
        (
            _PRODUCT,
            _PRICE,
            Step("a coupon", "POST", "/v1/coupons", {
                "id": "parity_{run}", "percent_off": "25", "duration": "once",
            }, {"coupon": "id"}),
            Step("a promotion code", "POST", "/v1/promotion_codes", {
                "promotion[type]": "coupon", "promotion[coupon]": "{coupon}", "code": "PARITY{run}",
            }, {"code": "id"}),
            Step("a session with it", "POST", "/v1/checkout/sessions", {
                **_SESSION_FORM, "discounts[0][promotion_code]": "{code}",
            }),
        ),
    ),
    Story(
        "payments",
        (
            _payment("pm_card_visa"),
            Step("its charge", "GET", "/v1/charges/{charge}"),
            Step("part of it is refunded", "POST", "/v1/refunds", {"payment_intent": "{intent}", "amount": "500"}, _ID),
            Step("more than is left", "POST", "/v1/refunds", {"payment_intent": "{intent}", "amount": "1600"}),
            Step("the rest is refunded", "POST", "/v1/refunds", {"payment_intent": "{intent}"}),
            Step("and again", "POST", "/v1/refunds", {"payment_intent": "{intent}"}),
            Step("its refunds", "GET", "/v1/refunds", {"payment_intent": "{intent}"}),
            Step("a payment that is done is cancelled", "POST", "/v1/payment_intents/{intent}/cancel"),
        ),
    ),
    *(
        Story(f"declined: {method}", (_payment(method, "a decline"),))
        for method in (
            "pm_card_chargeDeclined",
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "pm_card_chargeDeclinedExpiredCard",
            "pm_card_chargeDeclinedIncorrectCvc",
            "pm_card_chargeDeclinedProcessingError",
        )
    ),
    Story("authentication", (_payment("pm_card_authenticationRequired", "a payment that asks for 3D Secure"),)),
    Story(
        "captures",
        (
            _payment("pm_card_visa", "a hold", capture_method="manual"),
            Step("part is captured", "POST", "/v1/payment_intents/{intent}/capture", {"amount_to_capture": "1500"}),
            Step("and again", "POST", "/v1/payment_intents/{intent}/capture"),
        ),
    ),
    Story(
        "customers",
        (
            Step("a customer", "POST", "/v1/customers", {
                "email": "a@example.com", "metadata[user_id]": "1",
            }, {"customer": "id"}),
            Step("a card is saved", "POST", "/v1/payment_methods/pm_card_visa/attach", {
                "customer": "{customer}",
            }, {"card": "id"}),
            Step("the customer's cards", "GET", "/v1/customers/{customer}/payment_methods"),
            Step("the card is removed", "POST", "/v1/payment_methods/{card}/detach"),
            Step("the customer is deleted", "DELETE", "/v1/customers/{customer}"),
            Step("a deleted customer", "GET", "/v1/customers/{customer}"),
        ),
    ),
    Story(
        "tax ids",
        (
            Step("a customer", "POST", "/v1/customers", {"name": "A"}, {"customer": "id"}),
            *(_tax_id(type_, value) for type_, value in _TAX_IDS),
            Step("a tax id without its customer's path", "POST", "/v1/tax_ids", {
                "type": "eu_vat", "value": "DE222222222", "owner[type]": "customer", "owner[customer]": "{customer}",
            }, {"tax_id": "id"}),
            Step("it is deleted", "DELETE", "/v1/tax_ids/{tax_id}"),
        ),
    ),
    Story(
        "lists by what never was",
        tuple(
            Step(f"{path} of no {name}", "GET", f"/v1/{path}", {name: value})
            for path, name, value in (
                ("refunds", "charge", "ch_nobody"),
                ("refunds", "payment_intent", "pi_nobody"),
                ("charges", "customer", "cus_nobody"),
                ("charges", "payment_intent", "pi_nobody"),
                ("payment_intents", "customer", "cus_nobody"),
                ("checkout/sessions", "customer", "cus_nobody"),
                ("checkout/sessions", "payment_intent", "pi_nobody"),
                ("disputes", "charge", "ch_nobody"),
            )
        ),
    ),
    Story(
        "idempotency",
        (
            Step("a customer, once", "POST", "/v1/customers", {"name": "A"}, _ID, "parity-{run}"),
            Step("the same again", "POST", "/v1/customers", {"name": "A"}, _ID, "parity-{run}"),
            Step("another under the same key", "POST", "/v1/customers", {"name": "B"}, _ID, "parity-{run}"),
        ),
    ),
    Story(
        "lists and mistakes",
        (
            Step("a page of one", "GET", "/v1/products", {"limit": "1"}),
            Step("a limit that is none", "GET", "/v1/products", {"limit": "many"}),
            Step("both directions", "GET", "/v1/products", {"starting_after": "prod_a", "ending_before": "prod_b"}),
            Step("a URL that is none", "GET", "/v1/nothing"),
            Step("an event that is not there", "GET", "/v1/events/evt_nobody"),
            Step("a webhook endpoint of an unknown type", "POST", "/v1/webhook_endpoints", {
                "url": "https://example.com/hook", "enabled_events[0]": "charge.vanished",
            }),
        ),
    ),
)  # fmt: skip
