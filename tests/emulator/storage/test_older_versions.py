"""Older API versions: what an answer and the event of a pinned endpoint show otherwise."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from creditctl.emulator.app import Emulator
from tests.emulator.world import Inside, Receiver, World

OLD, NEWEST = "2020-08-27", "2026-10-28.endive"


def get(ask: Inside, path: str, version: str, *expand: str) -> Any:
    query = urlencode([("expand[]", name) for name in expand])
    status, body, _ = ask("GET", path, query, headers={"stripe-version": version})
    assert status == 200, body
    return body


def session_of(ask: Inside, version: str, more: str = "") -> Any:
    """A new session over $10.00, made in a version."""
    item = f"line_items[0][quantity]=1&line_items[0][price]={ask.price('p', 'unit_amount=1000')}"
    form = f"mode=payment&success_url=https://a.example&{item}{more}"
    status, body, _ = ask("POST", "/v1/checkout/sessions", form, headers={"stripe-version": version})
    assert status == 200, body
    return body


@pytest.mark.parametrize(
    ("version", "listed"), [(OLD, True), ("2022-08-01", True), ("2022-11-15", False), (NEWEST, False)]
)
def test_charges_on_intents_and_refunds_on_charges(inside: World, ask: Inside, version: str, listed: bool) -> None:
    paid = inside.pay("pm_card_visa", amount=1000)
    inside.stripe.refunds.create(params={"payment_intent": paid.id, "amount": 300})
    intent = get(ask, f"/v1/payment_intents/{paid.id}", version)
    charge = get(ask, f"/v1/charges/{paid.latest_charge}", version)

    # Both stand in an event of 2020-08-27 as recorded: zulip/zulip, upgrade_by_card--Event.list.3.json.
    assert ("charges" in intent, intent["latest_charge"], "refunds" in charge) == (listed, charge["id"], listed)
    assert list(intent) == ["id", "object", *sorted(set(intent) - {"id", "object"})]
    if listed:
        assert intent["charges"]["data"][0] == charge
        assert (intent["charges"]["total_count"], intent["charges"]["has_more"]) == (1, False)
        assert intent["charges"]["url"] == f"/v1/charges?payment_intent={paid.id}"
        assert [refund["amount"] for refund in charge["refunds"]["data"]] == [300]


def test_a_failed_attempt_comes_before_the_older_charges(inside: World, ask: Inside) -> None:
    session = inside.session()
    inside.control("POST", f"/sessions/{session.id}/decline")
    inside.control("POST", f"/sessions/{session.id}/pay")
    intent = get(ask, f"/v1/checkout/sessions/{session.id}", OLD, "payment_intent")["payment_intent"]

    assert [charge["status"] for charge in intent["charges"]["data"]] == ["succeeded", "failed"]


def test_what_an_older_version_lists_can_be_expanded(inside: World, ask: Inside) -> None:
    paid = inside.pay("pm_card_bypassPending")
    path, deep = f"/v1/payment_intents/{paid.id}", "charges.data.balance_transaction"

    assert get(ask, path, OLD, deep)["charges"]["data"][0]["balance_transaction"]["amount"] == 1000
    assert get(ask, path, OLD, "charges")["charges"]["data"]
    listed = get(ask, "/v1/payment_intents", OLD, f"data.{deep}")["data"][0]
    assert listed["charges"]["data"][0]["balance_transaction"]["amount"] == 1000
    status, body, _ = ask("GET", path, f"expand[]={deep}", headers={"stripe-version": NEWEST})
    assert (status, body["error"]["param"]) == (400, "expand")


@pytest.mark.parametrize(("version", "listed"), [(OLD, True), (NEWEST, False)])
def test_the_intent_of_a_decline_is_shown_in_the_version_of_the_request(
    ask: Inside, version: str, listed: bool
) -> None:
    form = "amount=500&currency=usd&confirm=true&return_url=https://a.example&payment_method=pm_card_chargeDeclined"
    headers = {"stripe-version": version, "idempotency-key": "k"}
    first, again = (ask("POST", "/v1/payment_intents", form, headers=headers)[:2] for _ in range(2))

    assert again == first
    assert first[0] == 402
    intent = first[1]["error"]["payment_intent"]
    assert ("charges" in intent, "invoice" in intent) == (listed, listed)
    if listed:
        assert [charge["id"] for charge in intent["charges"]["data"]] == [first[1]["error"]["charge"]]


def test_a_customer_has_its_sources_unasked_before_2020_08_27(ask: Inside) -> None:
    """Source: Stripe changelog, 2020-08-27, "Customer sources are no longer auto-expanded by default"."""
    older = {"stripe-version": "2020-03-02"}
    made = ask("POST", "/v1/customers", "source=tok_visa&expand[]=sources", headers=older)[1]
    ask("POST", f"/v1/customers/{made['id']}/tax_ids", "type=us_ein&value=12-3456789")
    (listed,) = ask("GET", "/v1/customers", headers=older)[1]["data"]
    assert made["sources"] == listed["sources"]
    assert [card["last4"] for card in listed["sources"]["data"]] == ["4242"]
    assert ([tax["value"] for tax in listed["tax_ids"]["data"]], listed["subscriptions"]["data"]) == (
        ["12-3456789"],
        [],
    )
    assert not {"sources", "tax_ids"} & set(get(ask, f"/v1/customers/{made['id']}", OLD))
    assert ask("DELETE", f"/v1/customers/{made['id']}", headers=older)[1]["deleted"] is True
    assert ask("GET", f"/v1/customers/{made['id']}", headers=older)[1]["deleted"] is True


def test_a_recurring_price_says_how_usage_adds_up_until_basil(ask: Inside) -> None:
    """Source: types of stripe-node 8.222 to 17.7."""
    price = ask.price("p", "unit_amount=1000&recurring[interval]=month")
    for version, there in (("2025-02-24.acacia", True), ("2025-03-31.basil", False)):
        assert ("aggregate_usage" in get(ask, f"/v1/prices/{price}", version)["recurring"]) is there


@pytest.mark.parametrize("version", ["2020-08-27", "2022-08-01"])
def test_where_a_session_ships_was_called_shipping_before_2022_08_01(ask: Inside, version: str) -> None:
    session = session_of(ask, version)
    older = version == OLD
    assert ("shipping" in session, "shipping_rate" in session, "shipping_details" in session) == (
        older,
        older,
        not older,
    )


@pytest.mark.parametrize(
    ("version", "there"), [("2025-02-24.acacia", True), ("2025-03-31.basil", False), (NEWEST, False)]
)
def test_invoice_and_shipping_fields_until_basil(inside: World, ask: Inside, version: str, there: bool) -> None:
    paid = inside.buy()
    session = get(ask, f"/v1/checkout/sessions/{paid.id}", version, "payment_intent.latest_charge")

    assert ("shipping_details" in session) is there
    assert ("invoice" in session["payment_intent"]) is there
    assert ("invoice" in session["payment_intent"]["latest_charge"]) is there


def invoiced(inside: World, more: Any = None) -> Any:
    """A paid session of two items at $11.90 each, tax included, with its invoice."""
    rate = inside.stripe.tax_rates.create(params={"display_name": "VAT", "inclusive": True, "percentage": 19})
    price = inside.price(unit_amount=1190)
    item = {"price": price.id, "quantity": 2, "tax_rates": [rate.id]}
    return inside.buy(line_items=[item], invoice_creation={"enabled": True}, **(more or {}))


def test_an_invoice_names_its_payment_and_prices_until_basil(inside: World, ask: Inside) -> None:
    """Source of the keys: zulip/zulip, upgrade_by_card--Event.list.3.json (2020-08-27)."""
    session = invoiced(inside)
    path = f"/v1/invoices/{session.invoice}"
    invoice = get(ask, path, "2025-02-24.acacia", "payment_intent", "charge")
    assert invoice["payment_intent"]["id"] == session.payment_intent
    assert invoice["charge"]["id"] == invoice["payment_intent"]["latest_charge"]
    assert (invoice["paid"], invoice["subscription"], invoice["tax"]) == (True, None, 380)
    (line,) = invoice["lines"]["data"]
    assert (line["type"], line["price"]["unit_amount"], line["quantity"]) == ("invoiceitem", 1190, 2)
    assert (line["amount_excluding_tax"], line["unit_amount_excluding_tax"]) == (2000, "1000")
    assert line["tax_rates"][0]["id"] == line["tax_amounts"][0]["tax_rate"]
    assert not {"parent", "total_taxes"} & set(invoice)
    assert line["tax_amounts"][0]["taxability_reason"] is None
    assert get(ask, f"{path}/lines", "2025-02-24.acacia")["data"] == [line]
    assert not {"parent", "pricing", "taxes"} & set(line)
    newest = get(ask, path, NEWEST)
    assert not {"payment_intent", "charge", "paid", "tax"} & set(newest)
    assert ask("GET", path, "expand[]=payment_intent", headers={"stripe-version": NEWEST})[0] == 400
    assert get(ask, path, NEWEST, "confirmation_secret", "payments")["payments"]["data"]


def test_the_invoice_events_of_an_older_endpoint_say_who_paid(
    inside: World, emulator: Emulator, receiver: Receiver
) -> None:
    inside.endpoint("invoice.created", "invoice.paid", api_version="2024-06-20")
    session = invoiced(inside)
    emulator.pump(send=receiver)
    drafted, paid = (event["data"]["object"] for event in receiver.events)
    assert (drafted["paid"], drafted["payment_intent"], drafted["charge"]) == (False, None, None)
    assert (paid["paid"], paid["payment_intent"], paid["id"]) == (True, session.payment_intent, session.invoice)


def test_a_promotion_code_and_a_discount_have_their_coupon_until_clover(inside: World, ask: Inside) -> None:
    coupon = inside.stripe.coupons.create(params={"percent_off": 50})
    code = inside.stripe.promotion_codes.create(params={"promotion": {"type": "coupon", "coupon": coupon.id}})
    session = invoiced(inside, {"discounts": [{"promotion_code": code.id}]})
    breakdown = "total_details.breakdown"
    for version, there in (("2025-08-27.basil", True), ("2025-09-30.clover", False)):
        shown = get(ask, f"/v1/promotion_codes/{code.id}", version)
        assert ("coupon" in shown, "promotion" in shown) == (there, not there)
        whole = get(ask, f"/v1/checkout/sessions/{session.id}", version, breakdown)["total_details"]["breakdown"]
        discount = whole["discounts"][0]["discount"]
        found = discount["coupon"]["percent_off"] if there else discount["source"]["coupon"]
        assert found == (50 if there else coupon.id)


@pytest.mark.parametrize(("version", "at_once"), [(OLD, True), ("2022-08-01", False), (NEWEST, False)])
def test_a_session_has_its_intent_at_once_before_2022_08_01(ask: Inside, version: str, at_once: bool) -> None:
    session = session_of(ask, version)

    assert (session["payment_intent"] is not None) is at_once
    assert session["customer_creation"] == ("always" if at_once else "if_required")
    if at_once:
        intent = get(ask, f"/v1/payment_intents/{session['payment_intent']}", version)
        assert (intent["status"], intent["amount"], intent["charges"]["data"]) == ("requires_payment_method", 1000, [])


def test_an_intent_made_at_once_is_the_one_that_is_paid_after_a_promotion_code(ask: Inside) -> None:
    ask("POST", "/v1/coupons", "percent_off=50&id=half")
    ask("POST", "/v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]=half&code=HALF")
    session = session_of(ask, OLD, "&allow_promotion_codes=true")
    status, paid = ask.control(f"/sessions/{session['id']}/pay", promo="HALF")

    assert (status, paid["payment_intent"], paid["payment_status"]) == (200, session["payment_intent"], "paid")
    intent = get(ask, f"/v1/payment_intents/{session['payment_intent']}", OLD)
    assert (intent["amount"], intent["amount_received"], intent["customer"] is not None) == (500, 500, True)


def test_an_expired_session_gives_up_the_intent_that_was_made_with_it(ask: Inside) -> None:
    session = session_of(ask, OLD)
    ask.control(f"/sessions/{session['id']}/expire")

    assert get(ask, f"/v1/payment_intents/{session['payment_intent']}", NEWEST)["status"] == "canceled"


def test_an_endpoint_gets_events_in_its_version_as_they_were_when_they_happened(
    inside: World, emulator: Emulator, receiver: Receiver
) -> None:
    for version in (OLD, NEWEST):
        inside.endpoint(
            "payment_intent.succeeded", "charge.refunded", url=f"https://example.com/{version}", api_version=version
        )
    paid = inside.pay()
    inside.stripe.refunds.create(params={"payment_intent": paid.id, "amount": 100})
    inside.stripe.refunds.create(params={"payment_intent": paid.id, "amount": 200})
    emulator.pump(send=receiver)
    sent: dict[str, list[Any]] = {OLD: [], NEWEST: []}
    for url, _, body in receiver.received:
        sent[url.rpartition("/")[2]].append(json.loads(body))

    for version, events in sent.items():
        assert [event["api_version"] for event in events] == [version] * 3
    succeeded, first, second = (event["data"]["object"] for event in sent[OLD])
    assert succeeded["latest_charge"] == paid.latest_charge
    assert succeeded["charges"]["data"][0]["amount_refunded"] == 0
    assert [refund["amount"] for refund in first["refunds"]["data"]] == [100]
    assert [refund["amount"] for refund in second["refunds"]["data"]] == [200, 100]
    assert all(
        "charges" not in event["data"]["object"] and "refunds" not in event["data"]["object"] for event in sent[NEWEST]
    )


def test_an_event_keeps_its_own_version_whoever_reads_it(inside: World, ask: Inside) -> None:
    inside.pay()
    listed = get(ask, "/v1/events", OLD)["data"]
    [event] = [each for each in listed if each["type"] == "payment_intent.succeeded"]

    assert event["api_version"] == NEWEST
    assert "latest_charge" in event["data"]["object"]
    assert "charges" not in event["data"]["object"]


def test_an_account_whose_default_is_older_has_events_of_that_version() -> None:
    emulator = Emulator(api_version="2022-08-01")
    ask = Inside(emulator)
    form = "amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card"
    intent = ask("POST", "/v1/payment_intents", form)[1]
    events = ask("GET", "/v1/events", "type=payment_intent.succeeded")[1]["data"]
    emulator.close()

    assert [charge["paid"] for charge in intent["charges"]["data"]] == [True]
    assert (events[0]["api_version"], "charges" in events[0]["data"]["object"]) == ("2022-08-01", True)


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ("2019-12-03", True),
        ("2024-06-20", True),
        ("2025-09-30.clover", True),
        ("2025-09-30.preview", True),
        ("2026-11-25.endive", True),
        ("2020-08-28", False),
        ("2024-13-40", False),
        ("2024-06-20.acacia", False),
        ("2025-09-30", False),
        ("2025-09-29.clover", False),
        ("2026-11-25.fjord", False),
        ("2026-11-99.endive", False),
        ("2026-11-25.preview", False),
    ],
)
def test_a_version_that_nobody_knows_is_refused_everywhere(ask: Inside, version: str, known: bool) -> None:
    status, body, _ = ask("GET", "/v1/products", headers={"stripe-version": version})
    form = f"url=https://example.com&enabled_events[]=*&api_version={version}"
    pinned, answer, _ = ask("POST", "/v1/webhook_endpoints", form)

    assert (status, pinned) == ((200, 200) if known else (400, 400))
    if not known:
        assert body["error"]["message"] == f"Invalid Stripe API version: {version}"
        assert answer["error"]["message"] == f"Invalid Stripe API version: {version}"
