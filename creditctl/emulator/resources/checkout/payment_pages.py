"""Payment pages: the undocumented calls by which the official CLI completes a session.

Source: Stripe CLI, `pkg/fixtures/triggers/checkout.session.*.json`; answers modelled on the mobile SDK's fixtures.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.routes import route
from creditctl.emulator.payments.confirm import ConfirmOptions
from creditctl.emulator.payments.methods import load_method, make_method
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.fields import Field, Integer, Text
from creditctl.emulator.protocol.schema import Hash
from creditctl.emulator.resources.checkout.buyer import require_open
from creditctl.emulator.resources.checkout.flow import pay_session, wrong_amount
from creditctl.emulator.resources.checkout.included_parts import items_page
from creditctl.emulator.resources.checkout.items import MOST_ITEMS
from creditctl.emulator.resources.core.payment_methods import METHOD_FIELDS
from creditctl.emulator.storage.object_types import PAYMENT_INTENT, SESSION, Body
from creditctl.emulator.storage.store import Row

_CONFIRM: dict[str, Field] = {
    "payment_method": Text(),
    "payment_method_data": Hash(fields=METHOD_FIELDS),
    "expected_amount": Integer(),
    "expected_payment_method_type": Text(),
    "return_url": Text(),
}


def page(context: RequestContext, row: Row, session: Body) -> Body:
    """A session as its page sees it."""
    items = items_page(context, row, MOST_ITEMS)["data"]
    return {
        "id": "ppage_1" + row.id[-23:],
        "object": "checkout.session",
        "session_id": row.id,
        "currency": session["currency"],
        "customer_email": session["customer_email"],
        "line_item_group": {
            "currency": session["currency"],
            "due": session["amount_total"],
            "line_items": items,
            "subtotal": session["amount_subtotal"],
            "total": session["amount_total"],
        },
        "livemode": session["livemode"],
        "mode": session["mode"],
        "payment_intent": _intent(context, session),
        "payment_method_types": session["payment_method_types"],
        "payment_status": session["payment_status"],
        "return_url": session.get("return_url"),
        "state": {"open": "active", "complete": "succeeded", "expired": "expired"}[session["status"]],
        "status": session["status"],
        "success_url": session["success_url"],
        "total_summary": {
            "due": session["amount_total"],
            "subtotal": session["amount_subtotal"],
            "total": session["amount_total"],
        },
        "url": session["url"],
    }


def _intent(context: RequestContext, session: Body) -> Body | None:
    return context.fetch(PAYMENT_INTENT, session["payment_intent"]) if session["payment_intent"] else None


def retrieve_page(context: RequestContext) -> Body:
    """The page of a session."""
    row = context.fetch_row(SESSION, context.args[0])
    return page(context, row, row.decoded())


def confirm(context: RequestContext) -> Body:
    """Submit the page with a payment method; a decline answers 402 and leaves the session open."""
    params = context.params
    row = context.fetch_row(SESSION, context.args[0])
    session = row.decoded()
    require_open(session)
    expected = params.get("expected_amount")
    if expected is not None and expected != session["amount_total"]:
        raise wrong_amount(expected, session["amount_total"])
    method = None
    if params.get("payment_method"):
        method = load_method(context, params["payment_method"])
    elif params.get("payment_method_data"):
        method = make_method(context, params["payment_method_data"], "payment_method_data")
    kind = params.get("expected_payment_method_type")
    if kind and method is not None and method.body["type"] != kind:
        raise invalid(f"The payment method is of the type {method.body['type']}, not {kind}.", param="payment_method")
    done = pay_session(context, row, method, ConfirmOptions(return_url=params.get("return_url")))
    return page(context, row, done)


_BASE = "/v1/payment_pages/{session}"
ROUTES = (
    route("GET", _BASE, retrieve_page, permission="checkout_session"),
    route("POST", _BASE + "/init", retrieve_page, permission="checkout_session"),
    route("POST", _BASE + "/confirm", confirm, _CONFIRM, permission="checkout_session"),
)
