"""Objects as older API versions show them: charges on intents, refunds on charges, old names, and what else changed.

Objects are stored in the newest form. An answer is rendered for the version of its request, an event for its own: the
account's, or that of the endpoint which it is sent to. What an event showed of other objects is kept when it is made.

Source: Stripe changelog, 2022-08-01, 2022-11-15, 2024-04-10, 2025-03-31.basil, 2025-09-30.clover, 2026-03-25.dahlia;
Stripe docs, "Versioning"; types of stripe-node 8.222, 14.25 and 17.7, which are pinned to older versions; for
`currency_conversion`: pay-rails/pay, `test/vcr_cassettes/test_checkout_payment_session.yml`; for `latest_charge`
beside `charges`: zulip/zulip, `corporate/tests/stripe_fixtures/upgrade_by_card--Event.list.3.json` (2020-08-27).
"""

from collections.abc import Mapping
from typing import Any

from creditctl.emulator.protocol.json_text import written
from creditctl.emulator.protocol.versions import (
    CHARGE_LISTS_UNTIL,
    COUPON_OBJECTS_UNTIL,
    INVOICE_FIELDS_UNTIL,
    PRODUCT_FEATURES_UNTIL,
    RENAMED_UI_MODES_SINCE,
    SESSION_SHIPPING_UNTIL,
    UI_MODES,
    since,
)
from creditctl.emulator.storage.object_types import (
    CHARGE,
    INVOICE,
    PAYMENT_INTENT,
    PRICE,
    PRODUCT,
    PROMOTION_CODE,
    REFUND,
    SESSION,
    Body,
    ObjectType,
    in_wire_order,
)
from creditctl.emulator.storage.older_invoices import older_invoice, older_line, with_coupon
from creditctl.emulator.storage.store import Store, column, decode

_OLD_UI_MODES = {new: old for old, new in UI_MODES.items()}
MOST_LISTED = 10

RENDERED = (
    ("2026-03-25.dahlia", "`ui_mode` of a session: `hosted`, `embedded`, `custom` before"),
    (
        "2025-09-30.clover",
        "`coupon` of promotion codes and discounts: the whole coupon before, in place of its id below",
    ),
    ("2025-03-31.basil", "`invoice` of intents and charges, `shipping_details` of sessions: there before"),
    (
        "2025-03-31.basil",
        "`charge`, `payment_intent`, `paid`, `tax`, `total_tax_amounts` of invoices, `price`, `tax_amounts`, "
        "`tax_rates` and `invoice_item` of their lines, and what goes with them: there before, in place of `parent`, "
        "`pricing`, `taxes` and `total_taxes`",
    ),
    (
        "2025-03-31.basil",
        "`currency_conversion` of sessions: there and null in every version, as recorded in 2026-08-26.dahlia (the "
        "changelog says that it is gone since 2025-09-30.clover). Stripe fills it for sessions made before 2025-03-31, "
        "and none here is",
    ),
    ("2025-03-31.basil", "`recurring.aggregate_usage` of prices: there and null before"),
    ("2024-04-10", "`capture_method` of a new intent: `automatic` by default before, and the charge settles at once"),
    ("2024-04-10", "`marketing_features` of products: `features` before, also where they are set"),
    ("2023-08-16", "`automatic_payment_methods` of a new intent: off by default before, and it is paid by card alone"),
    ("2022-11-15", "`charges` of intents (beside `latest_charge`) and `refunds` of charges: lists before"),
    ("2022-08-01", "a session's payment intent: made with the session before; and `customer_creation` was `always`"),
    ("2022-08-01", "`shipping_details` of sessions: `shipping` before, beside `shipping_rate`"),
    (
        "2022-08-01",
        "`line_items[name]`, `[amount]`, `[currency]`, `[description]`, `[images]` of a new session: taken before, in "
        "place of `price_data`",
    ),
    (
        "2020-08-27",
        "`sources`, `subscriptions` and `tax_ids` of customers: there before without being expanded, where a call "
        "is for customers",
    ),
)
"""What an older version sees otherwise here: until which version, and what."""
NOT_RENDERED = (
    ("2026-09-30.endive", "`tax_details` of products: always there"),
    ("2025-03-31.basil", "`total_count` of lists: cannot be expanded"),
    ("2025-03-31.basil", "`coupon` and `promotion_code` of a new or changed customer: refused as not acted on"),
    (
        "2024-10-28.acacia",
        "`refund.created`, `.updated`, `.failed`: sent for every refund to every endpoint",
    ),
    ("2024-10-28.acacia", "`param` of errors: as it is since"),
    ("2020-08-27", "`display_items` of sessions: `line_items` can be expanded"),
    (
        "2020-08-27",
        "`sources`, `subscriptions` and `tax_ids` of customers in events and below other objects: not there",
    ),
    ("2020-08-27", "`three_d_secure` of a charge's card: as it is since"),
    ("2019-02-11", "names of intent statuses before (`requires_source`, …): never shown"),
)
"""What Stripe shows older versions otherwise and this emulator does not: until which version, and what."""


def is_older(version: str) -> bool:
    """Whether a version sees anything otherwise than the newest."""
    return not since(version, RENAMED_UI_MODES_SINCE)


def render(store: Store, scope: int, body: bytes, version: str) -> bytes:
    """An encoded answer as this version shows it; the same bytes where nothing changes."""
    if not is_older(version):
        return body
    return written(_Rendering(store, scope, version).walk(decode(body)))


def older_body(store: Store, scope: int, body: Body, version: str) -> Body:
    """A body as this version shows it."""
    shown: Body = _Rendering(store, scope, version).walk(body) if is_older(version) else body
    return shown


def render_older_event(store: Store, scope: int, event: bytes, version: str) -> bytes:
    """An encoded event, its `api_version` set to this one, and its object as this version shows it."""
    if version == _version_of(event) and not is_older(version):
        return event
    body = decode(event) | {"api_version": version}
    return written(_Rendering(store, scope, version).walk(body))


def _version_of(event: bytes) -> str:
    found: str = decode(event)["api_version"]
    return found


def kept_parts(store: Store, scope: int, snapshot: bytes) -> Body | None:
    """What older versions show of other objects in a snapshot, as they are now: kept with its event."""
    body = decode(snapshot)
    if body.get("object") not in (PAYMENT_INTENT.name, CHARGE.name):
        return None
    rendering = _Rendering(store, scope, "2020-08-27")
    shown = rendering.walk(body)
    return {name: shown[name] for name in ("charges", "refunds") if name in shown}


class _Rendering:
    """One answer on its way into an older version."""

    def __init__(self, store: Store, scope: int, version: str) -> None:
        self._store, self._scope, self._version = store, scope, version

    def walk(self, node: Any, kept: Mapping[str, Any] | None = None) -> Any:
        """A JSON value with its objects rendered; `kept` has the parts that an event has kept for its object."""
        if isinstance(node, list):
            return [self.walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        if node.get("object") == "event":
            return self._event(node)
        shown = {name: self.walk(value) for name, value in node.items()}
        render_kind = _KINDS.get(shown.get("object", ""))
        return render_kind(self, shown, kept or {}) if render_kind else shown

    def _event(self, event: Body) -> Body:
        """An event has its own version, whatever the version is of the request that reads it."""
        if not is_older(event["api_version"]):
            return event
        row = self._store.get(self._scope, event["id"])
        kept = row.hidden().get("older") if row is not None else None
        inner = _Rendering(self._store, self._scope, event["api_version"])
        data = event["data"] | {"object": inner.walk(event["data"]["object"], kept)}
        before = data.get("previous_attributes") or {}
        if "marketing_features" in before and "features" in data["object"]:
            features = {"features": before["marketing_features"]}
            data["previous_attributes"] = {k: v for k, v in before.items() if k != "marketing_features"} | features
        return event | {"data": data}

    def session(self, body: Body, kept: Mapping[str, Any]) -> Body:
        """A Checkout session."""
        del kept
        body["ui_mode"] = _OLD_UI_MODES.get(body["ui_mode"], body["ui_mode"])
        if not since(self._version, INVOICE_FIELDS_UNTIL):
            collected = body.get("collected_information") or {}
            body["shipping_details"] = collected.get("shipping_details")
        if not since(self._version, SESSION_SHIPPING_UNTIL):
            cost = body.get("shipping_cost") or {}
            body |= {"shipping": body.pop("shipping_details"), "shipping_rate": cost.get("shipping_rate")}
        return in_wire_order(body)

    def product(self, body: Body, kept: Mapping[str, Any]) -> Body:
        """A product."""
        del kept
        if since(self._version, PRODUCT_FEATURES_UNTIL) or "marketing_features" not in body:
            return body
        return in_wire_order(body | {"features": body.pop("marketing_features")})

    def intent(self, body: Body, kept: Mapping[str, Any]) -> Body:
        """A payment intent."""
        body = self._with_invoice(body)
        if not since(self._version, CHARGE_LISTS_UNTIL) and "charges" not in body:
            body["charges"] = kept.get("charges") or self._list(
                CHARGE, "parent", body["id"], f"/v1/charges?payment_intent={body['id']}"
            )
        return in_wire_order(body)

    def charge(self, body: Body, kept: Mapping[str, Any]) -> Body:
        """A charge."""
        body = self._with_invoice(body)
        if not since(self._version, CHARGE_LISTS_UNTIL) and "refunds" not in body:
            body["refunds"] = kept.get("refunds") or self._list(
                REFUND, "owner", body["id"], f"/v1/charges/{body['id']}/refunds"
            )
        return in_wire_order(body)

    def invoice(self, body: Body, kept: Mapping[str, Any]) -> Body:
        """An invoice."""
        del kept
        if since(self._version, INVOICE_FIELDS_UNTIL) or "total_tax_amounts" in body:
            return body
        row = self._store.get(self._scope, body["id"])
        paid_by = row.hidden().get("payment_intent") if row is not None else None
        return in_wire_order(older_invoice(body, paid_by, self._find))

    def invoice_line(self, body: Body, kept: Mapping[str, Any]) -> Body:
        """A line of an invoice."""
        del kept
        if since(self._version, INVOICE_FIELDS_UNTIL) or "pricing" not in body:
            return body
        return in_wire_order(older_line(body, self._find))

    def price(self, body: Body, kept: Mapping[str, Any]) -> Body:
        """A price."""
        del kept
        recurring = body["recurring"]
        if recurring and not since(self._version, INVOICE_FIELDS_UNTIL):
            body["recurring"] = {"aggregate_usage": None, **recurring}
        return body

    def promotion_code(self, body: Body, kept: Mapping[str, Any]) -> Body:
        """A promotion code."""
        del kept
        return self._coupon(body, "promotion")

    def discount(self, body: Body, kept: Mapping[str, Any]) -> Body:
        """A discount, as sessions and their items have them."""
        del kept
        return self._coupon(body, "source")

    def _coupon(self, body: Body, holder: str) -> Body:
        if since(self._version, COUPON_OBJECTS_UNTIL) or holder not in body:
            return body
        return in_wire_order(with_coupon(body, holder, self._find))

    def _find(self, object_id: Any) -> Body | None:
        row = self._store.get(self._scope, object_id) if isinstance(object_id, str) else None
        return None if row is None else row.decoded()

    def _with_invoice(self, body: Body) -> Body:
        if since(self._version, INVOICE_FIELDS_UNTIL) or "invoice" in body:
            return body
        return body | {"invoice": self._invoice(body.get("payment_intent") or body["id"])}

    def _invoice(self, intent: Any) -> str | None:
        """The invoice of the session behind a payment."""
        row = self._store.get(self._scope, intent) if isinstance(intent, str) else None
        session = self._store.get(self._scope, row.hidden().get("session", "")) if row is not None else None
        return session.decoded().get("invoice") if session is not None else None

    def _list(self, kind: ObjectType, link: str, owner: str, url: str) -> Body:
        rows = self._store.select(self._scope, kind, column(link, owner))
        data = [self.walk(row.decoded()) for row in rows[:MOST_LISTED]]
        more = len(rows) > MOST_LISTED
        return {"object": "list", "data": data, "has_more": more, "total_count": len(rows), "url": url}


_KINDS = {
    SESSION.name: _Rendering.session,
    PAYMENT_INTENT.name: _Rendering.intent,
    CHARGE.name: _Rendering.charge,
    INVOICE.name: _Rendering.invoice,
    "line_item": _Rendering.invoice_line,
    PRICE.name: _Rendering.price,
    PRODUCT.name: _Rendering.product,
    PROMOTION_CODE.name: _Rendering.promotion_code,
    "discount": _Rendering.discount,
}
