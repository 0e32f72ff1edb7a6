"""Object types: how each kind of object is named, listed and found."""

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any

import msgspec

Body = dict[str, Any]


class ObjectType(msgspec.Struct, frozen=True):
    """One kind of object.

    `links` names the body's keys that fill the store's index columns owner, parent and label.
    """

    name: str
    url: str = ""
    title: str = ""
    param: str = "id"
    links: tuple[str | None, str | None, str | None] = (None, None, None)
    ids_chosen: bool = False
    """Whether a caller may choose an id; all others are drawn, and fresh."""

    def columns(self, body: Body) -> tuple[Any, Any, Any]:
        """The values of owner, parent and label for a body."""
        owner, parent, label = self.links
        return (
            body.get(owner) if owner else None,
            body.get(parent) if parent else None,
            body.get(label) if label else None,
        )


def in_wire_order(body: Body) -> Body:
    """A body as Stripe sends it: `id`, `object`, then the other keys by name."""
    names, values = _wire_order(tuple(body))
    return dict(zip(names, values(body), strict=True))


@lru_cache(maxsize=256)
def _wire_order(names: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[Body], tuple[Any, ...]]]:
    """Names as they go over the wire, and what takes their values from a body.

    The bodies of a kind are written down with the same few lists of names.
    """
    ordered = tuple(dict.fromkeys(("id", "object", *sorted(names))))
    return ordered, itemgetter(*ordered)


def _kind(
    name: str,
    url: str = "",
    title: str = "",
    param: str = "id",
    *,
    ids_chosen: bool = False,
    **links: str,
) -> ObjectType:
    columns = links.get("owner"), links.get("parent"), links.get("label")
    return ObjectType(name, url, title or name, param, columns, ids_chosen)


PRODUCT = _kind("product", "/v1/products", ids_chosen=True)
PRICE = _kind("price", "/v1/prices", param="price", parent="product", label="lookup_key")
CUSTOMER = _kind("customer", "/v1/customers", label="email")
SESSION = _kind(
    "checkout.session",
    "/v1/checkout/sessions",
    param="session",
    owner="customer",
    parent="payment_intent",
)
PAYMENT_METHOD = _kind("payment_method", "/v1/payment_methods", "PaymentMethod", "payment_method", owner="customer")
PAYMENT_INTENT = _kind(
    "payment_intent",
    "/v1/payment_intents",
    param="intent",
    owner="customer",
)
CHARGE = _kind(
    "charge",
    "/v1/charges",
    owner="customer",
    parent="payment_intent",
)
REFUND = _kind(
    "refund",
    "/v1/refunds",
    param="refund",
    owner="charge",
    parent="payment_intent",
)
DISPUTE = _kind(
    "dispute",
    "/v1/disputes",
    param="dispute",
    owner="charge",
    parent="payment_intent",
)
BALANCE_TRANSACTION = _kind(
    "balance_transaction",
    "/v1/balance_transactions",
    "balance transaction",
    parent="source",
    label="available_on",
)
PAYOUT = _kind(
    "payout",
    "/v1/payouts",
    param="payout",
    label="status",
)
EVENT = _kind("event", "/v1/events", "notification", label="type")
"""Source: stripe-cli#923, "No such notification: 'evt_xxx'"."""
WEBHOOK_ENDPOINT = _kind("webhook_endpoint", "/v1/webhook_endpoints", "webhook endpoint", "webhook_endpoint")
COUPON = _kind("coupon", "/v1/coupons", param="coupon", ids_chosen=True)
PROMOTION_CODE = _kind(
    "promotion_code",
    "/v1/promotion_codes",
    "promotion code",
    "promotion_code",
    owner="customer",
    label="code",
)
EARLY_FRAUD_WARNING = _kind(
    "radar.early_fraud_warning",
    "/v1/radar/early_fraud_warnings",
    "early fraud warning",
    "early_fraud_warning",
    owner="charge",
    parent="payment_intent",
)
DISCOUNT = _kind("discount", "/v1/discounts")
TAX_RATE = _kind("tax_rate", "/v1/tax_rates", "tax rate", "tax_rate")
TAX_ID = _kind("tax_id", "/v1/tax_ids", "tax id", owner="customer")
INVOICE = _kind("invoice", "/v1/invoices", param="invoice", owner="customer", label="status")
INVOICE_PAYMENT = _kind("invoice_payment", "/v1/invoice_payments", "invoice payment", owner="invoice", label="status")
SETUP_INTENT = _kind("setup_intent", "/v1/setup_intents", "setupintent", "intent", owner="customer")
REVIEW = _kind("review", "/v1/reviews", param="review")
BANK_ACCOUNT = _kind("bank_account", "/v1/external_accounts", "external account")

KINDS = {
    kind.name: kind
    for kind in (
        PRODUCT,
        PRICE,
        CUSTOMER,
        SESSION,
        PAYMENT_METHOD,
        PAYMENT_INTENT,
        CHARGE,
        REFUND,
        DISPUTE,
        BALANCE_TRANSACTION,
        PAYOUT,
        EVENT,
        WEBHOOK_ENDPOINT,
        COUPON,
        PROMOTION_CODE,
        EARLY_FRAUD_WARNING,
        REVIEW,
        DISCOUNT,
        TAX_RATE,
        TAX_ID,
        INVOICE,
        INVOICE_PAYMENT,
        SETUP_INTENT,
        BANK_ACCOUNT,
    )
}
