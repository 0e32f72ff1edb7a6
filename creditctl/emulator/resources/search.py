"""Search endpoints of products, prices, customers, charges, invoices and payment intents.

Source: Stripe docs, "Search": searchable fields by resource. Results here are never late.
"""

import base64
import binascii
from collections.abc import Mapping

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.routes import Action, route
from creditctl.emulator.protocol.errors import bad_parameter
from creditctl.emulator.protocol.fields import Field, Integer, Text
from creditctl.emulator.storage.object_types import (
    CHARGE,
    CUSTOMER,
    INVOICE,
    PAYMENT_INTENT,
    PRICE,
    PRODUCT,
    Body,
    ObjectType,
)
from creditctl.emulator.storage.search_language import condition, parse
from creditctl.emulator.storage.store import Row, decode

_CARD_FIELDS = {
    f"payment_method_details.{source}.{name}": "token"
    for source in ("card", "card_present", "interac_present")
    for name in ("brand", "exp_month", "exp_year", "fingerprint", "last4")
}
FIELDS: Mapping[str, Mapping[str, str]] = {
    PRODUCT.name: {
        "active": "boolean",
        "description": "words",
        "metadata": "metadata",
        "name": "words",
        "shippable": "boolean",
        "url": "text",
    },
    PRICE.name: {
        "active": "boolean",
        "currency": "token",
        "lookup_key": "text",
        "metadata": "metadata",
        "product": "text",
        "type": "token",
    },
    PAYMENT_INTENT.name: {
        "amount": "number",
        "created": "number",
        "currency": "token",
        "customer": "token",
        "metadata": "metadata",
        "status": "token",
    },
    CHARGE.name: {
        "amount": "number",
        "billing_details.address.postal_code": "token",
        "created": "number",
        "currency": "token",
        "customer": "token",
        "disputed": "boolean",
        "metadata": "metadata",
        "refunded": "refunded",
        "status": "token",
        **_CARD_FIELDS,
    },
    INVOICE.name: {
        "created": "number",
        "currency": "token",
        "customer": "token",
        "last_finalization_error_code": "token",
        "last_finalization_error_type": "token",
        "metadata": "metadata",
        "number": "text",
        "receipt_number": "text",
        "status": "text",
        "subscription": "text",
        "total": "number",
    },
    CUSTOMER.name: {
        "created": "number",
        "email": "text",
        "metadata": "metadata",
        "name": "words",
        "phone": "text",
    },
}
"""Each searchable field and its type. Source: Stripe docs, "Search", "Supported query fields for each resource"."""
_PARAMS: dict[str, Field] = {
    "query": Text(required=True),
    "limit": Integer(low=1, high=100),
    "page": Text(),
}
"""Unlike a list's, a search's limit is refused out of its bounds.

Source: crvouga/emulates, `packages/service/stripe/stripe.empty-expand.test.ts`, held against Stripe's test mode.
"""


def search(kind: ObjectType) -> Action:
    """The search action of a kind."""

    def action(context: RequestContext) -> Body:
        terms, connective = parse(context.params["query"])
        found = condition(terms, connective, FIELDS[kind.name], kind.url.rsplit("/", 1)[-1])
        total = "total_count" in (context.params.get("counted") or ())
        cursor = _cursor(context, context.params.get("page"))
        limit = context.params.get("limit", 10)
        rows, more = context.services.store.page(context.scope.id, kind, [found], limit, cursor, back=False)
        body: Body = {
            "object": "search_result",
            "data": [decode(row.body) for row in rows],
            "has_more": more,
            "next_page": _page(rows[-1]) if more else None,
            "url": f"{kind.url}/search",
        }
        if total:
            body["total_count"] = len(context.services.store.select(context.scope.id, kind, found))
        return body

    return action


def _take_total(context: RequestContext) -> None:
    """`expand[]=total_count` asks for a number, not for an object."""
    expand = context.params.get("expand") or []
    if "total_count" in expand:
        context.params["counted"] = ["total_count"]
        context.params["expand"] = [path for path in expand if path != "total_count"]


def _page(row: Row) -> str:
    return base64.urlsafe_b64encode(row.id.encode()).decode()


def _cursor(context: RequestContext, page: str | None) -> Row | None:
    if page is None:
        return None
    try:
        row = context.services.store.get(context.scope.id, base64.urlsafe_b64decode(page).decode())
    except (binascii.Error, UnicodeDecodeError):
        row = None
    if row is None:
        # Source: crvouga/emulates, `packages/service/stripe/src/search.ts`: Stripe names the page itself.
        raise bad_parameter(f"{page} is an invalid page.", page)
    return row


ROUTES = tuple(
    route("GET", f"{kind.url}/search", search(kind), _PARAMS, permission=right, check=_take_total)
    for kind, right in (
        (PRODUCT, "product"),
        (PRICE, "plan"),
        (CUSTOMER, "customer"),
        (CHARGE, "charge"),
        (INVOICE, "invoice"),
        (PAYMENT_INTENT, "payment_intent"),
    )
)
