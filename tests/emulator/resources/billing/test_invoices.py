"""The invoice of a paid session: made, finalized and paid, so that a backend can credit twice if it reads both."""

from tests.emulator.world import Inside, Refused, World

INVOICED = {"enabled": True, "invoice_data": {"description": "Credits", "metadata": {"order": "7"}, "footer": "Thanks"}}
EVENTS = ["invoice.created", "invoice.finalized", "invoice.paid", "invoice_payment.paid", "invoice.payment_succeeded"]


def test_a_paid_session_has_a_paid_invoice(world: World) -> None:
    session = world.buy(invoice_creation=INVOICED)
    invoice = world.stripe.invoices.retrieve(session.invoice, params={"expand": ["payments", "customer"]})
    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("paid", 1000, 0)
    assert (invoice.description, invoice.footer, invoice.metadata["order"]) == ("Credits", "Thanks", "7")
    assert invoice.number == f"{invoice.customer.invoice_prefix}-0001"
    assert invoice.customer.next_invoice_sequence == 2
    assert invoice.hosted_invoice_url.startswith("http")
    assert invoice.customer_email == "buyer@example.com"
    (payment,) = invoice.payments.data
    assert payment.payment.payment_intent == session.payment_intent
    # Source: Stripe's OpenAPI description of 2026-05-27.dahlia, where it is a number if it is there at all.
    assert "amount_paid_off_stripe" not in invoice
    (line,) = invoice.lines.data
    assert (line.amount, line.quantity, line.description) == (1000, 1, "Starter")


def test_the_events_of_an_invoice_come_with_those_of_the_session(world: World) -> None:
    before = len(world.event_types())
    session = world.buy(invoice_creation=INVOICED)
    types = world.event_types(before)
    assert [name for name in types if name.startswith("invoice")] == EVENTS
    assert types.index("invoice.paid") < types.index("checkout.session.completed")
    drafts = world.stripe.events.list(params={"type": "invoice.created"}).data
    assert (drafts[0].data.object.id, drafts[0].data.object.status) == (session.invoice, "draft")


def test_without_invoice_creation_there_is_none(world: World) -> None:
    session = world.buy()
    assert session.invoice is None
    assert world.stripe.invoices.list().data == []


def test_a_delayed_payment_is_invoiced_when_it_has_succeeded(emulated: World) -> None:
    price = emulated.price(currency="eur").id
    session = emulated.session(invoice_creation=INVOICED, line_items=[{"price": price, "quantity": 1}])
    method = emulated.stripe.payment_methods.create(
        params={"type": "sepa_debit", "sepa_debit": {"iban": "AT611904300234573201"}}
    )
    emulated.complete(session, method)
    assert emulated.stripe.checkout.sessions.retrieve(session.id).invoice is None
    emulated.advance(10)
    session = emulated.stripe.checkout.sessions.retrieve(session.id)
    assert emulated.stripe.invoices.retrieve(session.invoice).status == "paid"


def test_invoices_are_found_by_every_way(world: World) -> None:
    session = world.buy(invoice_creation=INVOICED)
    invoices, found = world.stripe.invoices, session.invoice
    assert [entry.id for entry in invoices.list(params={"customer": session.customer, "status": "paid"}).data] == [
        found
    ]
    assert invoices.list(params={"status": "draft"}).data == []
    assert [entry.id for entry in invoices.search(params={"query": "metadata['order']:'7'"}).data] == [found]
    assert len(invoices.line_items.list(found).data) == 1
    by_intent = {"payment": {"type": "payment_intent", "payment_intent": session.payment_intent}}
    assert [entry.invoice for entry in world.stripe.invoice_payments.list(params=by_intent).data] == [found]
    assert invoices.update(found, params={"metadata": {"seen": "yes"}}).metadata["seen"] == "yes"


def test_taxes_and_discounts_stand_in_the_invoice(world: World) -> None:
    rate = world.stripe.tax_rates.create(params={"display_name": "VAT", "percentage": 20, "inclusive": False})
    coupon = world.stripe.coupons.create(params={"percent_off": 50})
    items = [{"price": world.price().id, "quantity": 2, "tax_rates": [rate.id]}]
    session = world.buy(invoice_creation=INVOICED, line_items=items, discounts=[{"coupon": coupon.id}])
    invoice = world.stripe.invoices.retrieve(session.invoice)
    assert (invoice.subtotal, invoice.total_excluding_tax, invoice.total) == (2000, 1000, 1200)
    assert [entry.amount for entry in invoice.total_taxes] == [200]
    assert [entry.amount for entry in invoice.total_discount_amounts] == [1000]


def test_a_free_order_is_invoiced_without_a_payment(ask: Inside) -> None:
    ask("POST", "/v1/coupons", "id=free&percent_off=100")
    more = "&discounts[0][coupon]=free&invoice_creation[enabled]=true"
    session = ask.session(ask.price("p", "unit_amount=1000"), 1, more)[1]
    done = ask.control(f"/sessions/{session['id']}/pay")[1]
    invoice = ask("GET", f"/v1/invoices/{done['invoice']}", "expand[]=payments")[1]
    assert (invoice["status"], invoice["total"], invoice["payments"]["data"]) == ("paid", 0, [])


def test_invoices_are_not_made_by_call(world: World, refused: Refused) -> None:
    error = refused(lambda: world.stripe.invoices.create(params={"customer": "cus_1"}))
    assert (error.http_status, "emulator" in error.user_message) == (404, True)


def test_the_invoices_of_a_customer_that_never_was_are_refused(world: World, refused: Refused) -> None:
    error = refused(lambda: world.stripe.invoices.list(params={"customer": "cus_x"}))
    assert (error.http_status, error.code, error.param) == (400, "resource_missing", "customer")
    assert error.user_message == "No such customer: 'cus_x'"
    gone = world.buy(invoice_creation=INVOICED).customer
    world.stripe.customers.delete(gone)
    assert len(world.stripe.invoices.list(params={"customer": gone}).data) == 1


def test_the_discount_of_an_invoice_is_an_object_that_expands(inside: World, ask: Inside) -> None:
    """As pay-rails/pay asks for it after a charge, `app/models/pay/stripe/charge.rb`, and as it did before basil."""
    coupon = inside.stripe.coupons.create(params={"percent_off": 10}).id
    session = inside.buy(invoice_creation=INVOICED, discounts=[{"coupon": coupon}])
    path = f"/v1/invoices/{session.invoice}"
    invoice = ask("GET", path, "expand[]=total_discount_amounts.discount.source.coupon&expand[]=discounts")[1]
    (off,) = invoice["total_discount_amounts"]
    assert (off["amount"], off["discount"]["source"]["coupon"]["percent_off"]) == (100, 10)
    plain = ask("GET", path)[1]
    named = [*plain["discounts"], *(each["discount"] for each in plain["lines"]["data"][0]["discount_amounts"])]
    assert named == [off["discount"]["id"]] * 2
    assert invoice["discounts"][0]["invoice"] == session.invoice
    charge = inside.stripe.payment_intents.retrieve(session.payment_intent).latest_charge
    wanted = "expand[]=invoice.total_discount_amounts.discount&expand[]=invoice.total_tax_amounts.tax_rate"
    older = ask("GET", f"/v1/charges/{charge}", wanted, headers={"stripe-version": "2023-10-16"})[1]["invoice"]
    assert older["total_discount_amounts"][0]["discount"]["coupon"]["id"] == older["discount"]["coupon"]["id"] == coupon
