"""Invoices endpoints: the invoices of paid Checkout Sessions, their lines and payments. None is made by call.

Source: Stripe docs, "Post-payment invoices" (`invoice.paid` as soon as the payment succeeds); Stripe API reference,
"Invoices", "Invoice Payments". The order of an invoice's events and of the session's is unconfirmed.
"""

from creditctl.emulator.api.context import RequestContext
from creditctl.emulator.api.lists import (
    PAGE_FIELDS,
    ListFilter,
    by_body,
    by_column,
    by_created,
    list_fields,
    listing,
    retrieve,
)
from creditctl.emulator.api.routes import route
from creditctl.emulator.api.updates import updated
from creditctl.emulator.payments.discounts import applied_discount
from creditctl.emulator.protocol.errors import no_such
from creditctl.emulator.protocol.fields import Enum, Field, Text
from creditctl.emulator.protocol.schema import Hash, Metadata, Range
from creditctl.emulator.protocol.wire import ListPage
from creditctl.emulator.resources.billing.invoice_bodies import new_invoice, new_payment
from creditctl.emulator.storage.object_types import CUSTOMER, DISCOUNT, INVOICE, INVOICE_PAYMENT, Body
from creditctl.emulator.storage.store import body_value, column, decode


def invoice_session(context: RequestContext, session: Body, items: list[Body], intent: Body | None, base: str) -> str:
    """Make, finalize and pay the invoice of a session that was paid; answers its id."""
    customer = context.fetch(CUSTOMER, session["customer"])
    invoice = new_invoice(context, session, items, customer)
    for entry in session["discounts"]:
        # Kept as an object of its own: the invoice names it, and `expand[]` asks for it.
        context.add(DISCOUNT, applied_discount(context, session, entry) | {"invoice": invoice["id"]})
    extra = {"payment_intent": intent["id"] if intent else None, "session": session["id"]}
    context.add(INVOICE, invoice, event="invoice.created", extra=extra)
    sequence = customer["next_invoice_sequence"]
    context.save(CUSTOMER, customer | {"next_invoice_sequence": sequence + 1})
    page = f"{base}/invoice/{invoice['id']}"
    moments = invoice["status_transitions"] | {"finalized_at": context.now}
    invoice |= {
        "effective_at": context.now,
        "ending_balance": 0,
        "hosted_invoice_url": page,
        "invoice_pdf": f"{page}/pdf",
        "number": f"{customer['invoice_prefix']}-{sequence:04d}",
        "status": "open",
        "status_transitions": moments,
    }
    context.save(INVOICE, invoice, event="invoice.finalized")
    _pay(context, invoice, intent)
    return str(invoice["id"])


def _pay(context: RequestContext, invoice: Body, intent: Body | None) -> None:
    invoice |= {
        "amount_paid": invoice["total"],
        "amount_remaining": 0,
        "attempt_count": 1 if intent else 0,
        "attempted": True,
        "status": "paid",
        "status_transitions": invoice["status_transitions"] | {"paid_at": context.now},
    }
    context.save(INVOICE, invoice, event="invoice.paid")
    if intent is not None:
        context.add(INVOICE_PAYMENT, new_payment(context, invoice, intent), event="invoice_payment.paid")
    context.emit("invoice.payment_succeeded", invoice)


def update(context: RequestContext) -> Body:
    """Change an invoice's metadata: what was paid can't be changed otherwise."""
    before = context.fetch(INVOICE, context.args[0])
    return context.change(INVOICE, before, updated(before, context.params, ()), "invoice.updated")


def lines(context: RequestContext) -> Body:
    """The lines of an invoice, in the order of the session's items."""
    invoice = context.fetch(INVOICE, context.args[0], "invoice")
    data: list[Body] = invoice["lines"]["data"]
    ids = [line["id"] for line in data]
    for name in ("starting_after", "ending_before"):
        if name in context.params and context.params[name] not in ids:
            raise no_such("line item", context.params[name], name, status=400)
    start = ids.index(context.params["starting_after"]) + 1 if "starting_after" in context.params else 0
    end = ids.index(context.params["ending_before"]) if "ending_before" in context.params else len(ids)
    limit = context.params.get("limit", 10)
    return {
        "object": "list",
        "data": data[start:end][:limit],
        "has_more": end - start > limit,
        "url": f"/v1/invoices/{invoice['id']}/lines",
    }


def payments(context: RequestContext, invoice: Body) -> Body:
    """`payments` of an expanded invoice."""
    rows = context.services.store.select(context.scope.id, INVOICE_PAYMENT, column("owner", invoice["id"]))
    found: Body = decode(ListPage("/v1/invoice_payments", [row.body for row in rows], more=False).text())
    return found


def confirmation_secret(context: RequestContext, invoice: Body) -> None:
    """`confirmation_secret` of an expanded invoice: one that is paid has none. Source: Stripe API reference."""
    del context, invoice


_PAYMENT = Hash(
    fields={
        "payment_intent": Text(),
        "type": Enum(values=("charge", "payment_intent", "payment_record"), required=True),
    }
)
_FILTERS = {
    "collection_method": by_body("$.collection_method", Enum(values=("charge_automatically", "send_invoice"))),
    "created": by_created(),
    # Source: an invoice list by a customer of another account, refused: ParabolInc/parabol, issue 793.
    "customer": by_column("owner", refers=CUSTOMER),
    "customer_account": by_body("$.customer_account"),
    "due_date": ListFilter(Range(), lambda _: ("0", [])),
    "status": by_column("label", Enum(values=("draft", "open", "paid", "uncollectible", "void"))),
    "subscription": by_body("$.parent.subscription_details.subscription"),
}
_PAYMENT_FILTERS = {
    "created": by_created(),
    "invoice": by_column("owner"),
    "payment": ListFilter(
        _PAYMENT, lambda given: body_value("$.payment.payment_intent", given.get("payment_intent", ""))
    ),
    "status": by_column("label", Enum(values=("canceled", "open", "paid"))),
}
_META: dict[str, Field] = {"metadata": Metadata()}
_BASE, _PAYMENTS = INVOICE.url, INVOICE_PAYMENT.url
ROUTES = (
    route("GET", _BASE, listing(INVOICE, _FILTERS), list_fields(_FILTERS), permission="invoice"),
    route("GET", _BASE + "/{id}", retrieve(INVOICE), permission="invoice"),
    route("POST", _BASE + "/{id}", update, _META, permission="invoice"),
    route("GET", _BASE + "/{id}/lines", lines, PAGE_FIELDS, permission="invoice"),
    route(
        "GET",
        _PAYMENTS,
        listing(INVOICE_PAYMENT, _PAYMENT_FILTERS),
        list_fields(_PAYMENT_FILTERS),
        permission="invoice",
    ),
    route("GET", _PAYMENTS + "/{id}", retrieve(INVOICE_PAYMENT), permission="invoice"),
)
