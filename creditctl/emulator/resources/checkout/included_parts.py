"""Parts of a Checkout Session and of its line items that are left out unless `expand[]` asks for them.

Source: Stripe API reference, "Checkout Sessions" (`line_items`, `total_details.breakdown`); recorded calls of
dj-stripe (`line_items.data.discounts`).
"""

from collections.abc import Callable

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.payments.discounts import applied_discount
from creditctl.emulator.payments.taxes import by_rate
from creditctl.emulator.storage.object_types import SESSION, Body
from creditctl.emulator.storage.store import Row

_ASIDE = ("tax_rates", "taxes", "unit_amount_decimal")
"""What a line item is kept with and shown without."""


def items_page(
    context: RequestContext, row: Row, limit: int, after: str | None = None, before: str | None = None
) -> Body:
    """A page of a session's line items; they come in the order given."""
    items: list[Body] = row.hidden()["items"]
    ids = [item["id"] for item in items]
    start = ids.index(after) + 1 if after in ids else 0
    end = ids.index(before) if before in ids else len(items)
    if before:
        start = max(end - limit, 0)
    more = start > 0 if before else end - start > limit
    for item in items:
        context.asides[item["id"]] = {"session": row, "discounted": item["amount_discount"], **_taken_out(item)}
    return {
        "object": "list",
        "data": items[start : min(end, start + limit)],
        "has_more": more,
        "url": f"/v1/checkout/sessions/{row.id}/line_items",
    }


def _taken_out(item: Body) -> Body:
    return {name: item.pop(name, []) for name in _ASIDE}


def included_items(context: RequestContext, session: Body) -> Body:
    """`line_items` of an expanded session."""
    return items_page(context, context.fetch_row(SESSION, session["id"]), 10)


def item_discounts(context: RequestContext, item: Body) -> list[Body]:
    """`discounts` of a line item: what each took off it."""
    aside = context.asides[item["id"]]
    session = aside["session"].decoded()
    if not aside["discounted"]:
        return []
    return [{"amount": aside["discounted"], "discount": discount} for discount in _discounts(context, session)]


def item_part(name: str) -> Callable[[RequestContext, Body], list[Body]]:
    """A loader of what a line item is kept with under a name."""

    def load(context: RequestContext, item: Body) -> list[Body]:
        found: list[Body] = context.asides[item["id"]][name]
        return found

    return load


def breakdown(context: RequestContext, session: Body) -> Body:
    """`total_details.breakdown`: the discounts and taxes, one by one."""
    off = session["total_details"]["amount_discount"]
    items = context.fetch_row(SESSION, session["id"]).hidden()["items"]
    return {
        "discounts": [{"amount": off, "discount": discount} for discount in _discounts(context, session)],
        "taxes": by_rate([tax for item in items for tax in item.get("taxes", [])]),
    }


def _discounts(context: RequestContext, session: Body) -> list[Body]:
    """The Discount objects behind a session's `discounts`; a coupon that was deleted since is still shown."""
    return [applied_discount(context, session, entry) for entry in session["discounts"]]
