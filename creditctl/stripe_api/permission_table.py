"""Permission table of restricted keys: each kind of call that commands make, what it needs, and a harmless question.

Source: permission names as Stripe's 403 answers and links to its page for new keys give them in public code;
        `rak_plan_…` is the one for prices. Unconfirmed where no 403 was seen: what Stripe names wins over this table.
        Whether a list of refunds wants `rak_refund_read` or `rak_charge_read` is one of these: both names exist, and
        the Dashboard has one row for them, "Charges and Refunds", so that whoever gives one gives the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import stripe

from creditctl.stripe_api.errors import missing_permission

if TYPE_CHECKING:
    from stripe._v1_services import V1Services

Ask = Callable[["V1Services"], object]


@dataclass(frozen=True, slots=True)
class PermissionQuestion:
    """A call that shows whether a key has a permission, and the commands that need it."""

    call: str
    permission: str
    needed_by: str
    ask: Ask = field(repr=False)

    def refused(self, v1: V1Services, seen: Callable[[object], None] = lambda _: None) -> str | None:
        """Asks; the permission that is lacking, None where Stripe refused nothing for one.

        Shape:  `seen` gets what Stripe answered; that the object of a change is not there is how somebody is answered
                who may change it.
        Errors: stripe.StripeError for everything else that Stripe says.
        """
        try:
            seen(self.ask(v1))
        except stripe.PermissionError as error:
            return missing_permission(error) or self.permission
        except stripe.InvalidRequestError:
            if self in CHANGES:
                return None
            raise
        return None


READS = (
    PermissionQuestion("GET /v1/balance", "rak_balance_read", "env check, checklist", lambda v1: v1.balance.retrieve()),
    PermissionQuestion(
        "GET /v1/products", "rak_product_read", "setup, reconcile, serve", lambda v1: v1.products.list({"limit": 1})
    ),
    PermissionQuestion(
        "GET /v1/prices", "rak_plan_read", "setup, reconcile, serve", lambda v1: v1.prices.list({"limit": 1})
    ),
    PermissionQuestion(
        "GET /v1/webhook_endpoints",
        "rak_webhook_read",
        "setup, webhooks",
        lambda v1: v1.webhook_endpoints.list({"limit": 1}),
    ),
    PermissionQuestion("GET /v1/events", "rak_event_read", "events, doctor", lambda v1: v1.events.list({"limit": 1})),
    PermissionQuestion(
        "GET /v1/checkout/sessions",
        "rak_checkout_session_read",
        "reconcile, checklist, serve",
        lambda v1: v1.checkout.sessions.list({"limit": 1}),
    ),
    PermissionQuestion(
        "GET /v1/payment_intents",
        "rak_payment_intent_read",
        "reconcile",
        lambda v1: v1.payment_intents.list({"limit": 1}),
    ),
    PermissionQuestion(
        "GET /v1/charges", "rak_charge_read", "reconcile, serve", lambda v1: v1.charges.list({"limit": 1})
    ),
    PermissionQuestion(
        "GET /v1/refunds", "rak_refund_read", "reconcile, serve", lambda v1: v1.refunds.list({"limit": 1})
    ),
    PermissionQuestion("GET /v1/disputes", "rak_dispute_read", "reconcile", lambda v1: v1.disputes.list({"limit": 1})),
    PermissionQuestion(
        "GET /v1/balance_transactions",
        "rak_balance_transaction_source_read",
        "reconcile",
        lambda v1: v1.balance_transactions.list({"limit": 1}),
    ),
)
"""What commands read, besides the account itself."""

_NOBODYS = "creditctl_permission"
_CHANGE: dict[str, str] = {"creditctl": "permission"}

WRITE_PRODUCTS = PermissionQuestion(
    "POST /v1/products", "rak_product_write", "setup", lambda v1: v1.products.update(_NOBODYS, {"metadata": _CHANGE})
)
WRITE_PRICES = PermissionQuestion(
    "POST /v1/prices",
    "rak_plan_write",
    "setup",
    lambda v1: v1.prices.update(f"price_{_NOBODYS}", {"metadata": _CHANGE}),
)
WRITE_ENDPOINTS = PermissionQuestion(
    "POST /v1/webhook_endpoints",
    "rak_webhook_write",
    "setup, webhooks",
    lambda v1: v1.webhook_endpoints.update(f"we_{_NOBODYS}", {"metadata": _CHANGE}),
)
WRITE_SESSIONS = PermissionQuestion(
    "POST /v1/checkout/sessions",
    "rak_checkout_session_write",
    "serve",
    lambda v1: v1.checkout.sessions.update(f"cs_{_NOBODYS}", {"metadata": _CHANGE}),
)

CHANGES = (WRITE_PRODUCTS, WRITE_PRICES, WRITE_ENDPOINTS, WRITE_SESSIONS)
"""Changes of objects that do not exist: they change nothing, and are refused for a missing permission like any other.

Source: unconfirmed whether Stripe looks at permissions before it looks for the object; public programs that ask so
        found that it does. Where it does not, nothing is refused here, and the change itself is, later.
"""

_HARMLESS = frozenset(
    f"/v1/{kind}{_NOBODYS}" for kind in ("products/", "prices/price_", "webhook_endpoints/we_", "checkout/sessions/cs_")
)


def is_question(url: str) -> bool:
    """Whether a change is one of `CHANGES`, which needs no confirmation because it changes nothing."""
    return urlsplit(url).path in _HARMLESS


def new_key_page(permissions: Iterable[str], *, livemode: bool) -> str:
    """The Dashboard's page for a new restricted key with these permissions ticked.

    Source: unconfirmed; not documented, but linked to in this form by many public programs.
    """
    wanted = [("permissions[]", name) for name in permissions]
    path = "apikeys/create" if livemode else "test/apikeys/create"
    return f"https://dashboard.stripe.com/{path}?{urlencode([('name', 'creditctl'), *wanted], safe='[]')}"
