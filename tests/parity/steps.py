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
