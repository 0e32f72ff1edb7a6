"""Checkout Sessions endpoints: create, line items, expire, refusals."""

from typing import Any

import pytest

from tests.emulator.world import Inside, Refused, World
from tests.support.clock import NOW


def test_a_new_session(world: World) -> None:
    price = world.price(unit_amount=4500)
    session = world.session(
        line_items=[{"price": price.id, "quantity": 2}],
        client_reference_id="user_42",
        metadata={"package": "basic"},
        cancel_url="https://example.com/cancel",
    )
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_subtotal, session.amount_total, session.currency) == (9000, 9000, "usd")
    assert session.id.startswith("cs_test_a1")
    assert session.expires_at == session.created + 86_400
    assert session.url
    assert "{CHECKOUT_SESSION_ID}" in session.success_url
    assert "line_items" not in session
    assert "card" in session.payment_method_types


def test_expiring_by_hand(world: World, refused: Refused) -> None:
    session = world.session()
    expired = world.stripe.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    error = refused(lambda: world.stripe.checkout.sessions.expire(session.id))
    assert 'status in ["open"]' in error.user_message
    refused(lambda: world.complete(session, world.method()))


def test_expiring_by_time(emulated: World) -> None:
    session = emulated.session(expires_at=NOW + 1800)
    emulated.advance(1799)
    assert emulated.stripe.checkout.sessions.retrieve(session.id).status == "open"
    emulated.advance(1)
    assert emulated.stripe.checkout.sessions.retrieve(session.id).status == "expired"
    event = emulated.stripe.events.list(params={"type": "checkout.session.expired"}).data[0]
    assert event.created == NOW + 1800
    assert event.request.id is None


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"success_url": "nowhere"}, "success_url"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"wat": "1"}, "wat"),
        ({"customer": "cus_none"}, "customer"),
        ({"expires_at": 1}, "expires_at"),
    ],
)
def test_refused_sessions(world: World, refused: Refused, params: dict[str, Any], param: str) -> None:
    error = refused(lambda: world.session(**params))
    assert (error.http_status, error.param) == (400, param)


def test_line_items_have_cursors_too(ask: Inside) -> None:
    one = ask.price("one", "unit_amount=1000")
    more = "".join(f"&line_items[{n}][price]={one}&line_items[{n}][quantity]={n}" for n in (2, 3))
    path = f"/v1/checkout/sessions/{ask.session(one, 1, more)[1]['id']}/line_items"
    first = ask("GET", path, "limit=1")[1]
    assert (first["data"][0]["quantity"], first["has_more"]) == (1, True)
    after = ask("GET", path, f"starting_after={first['data'][0]['id']}")[1]
    assert ([item["quantity"] for item in after["data"]], after["has_more"]) == ([2, 3], False)
    status, body, _ = ask("GET", path, "starting_after=li_none")
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "resource_missing", "starting_after")
    assert ask("GET", path, "starting_after=li_1&ending_before=li_2")[0] == 400


def test_tax_of_an_account_that_is_registered_nowhere(ask: Inside) -> None:
    one = ask.price("one", "unit_amount=1000")
    made = ask.session(one, 1, "&automatic_tax[enabled]=true")[1]
    assert (made["automatic_tax"]["enabled"], made["automatic_tax"]["status"]) == (True, "requires_location_inputs")
    ask("POST", f"/v1/payment_pages/{made['id']}/confirm", "payment_method=pm_card_visa")
    paid = ask("GET", f"/v1/checkout/sessions/{made['id']}")[1]
    assert (paid["automatic_tax"]["status"], paid["amount_total"]) == ("complete", 1000)


@pytest.mark.parametrize(
    "types", [{"allowed_payment_method_types": ["boleto"]}, {"excluded_payment_method_types": ["card"]}]
)
def test_a_session_that_nothing_could_pay_is_refused(
    world: World, refused: Refused, types: dict[str, list[str]]
) -> None:
    item = {"price_data": {"currency": "brl", "unit_amount": 5000, "product_data": {"name": "A"}}, "quantity": 1}
    error = refused(lambda: world.session(line_items=[item], **types))
    assert (error.http_status, error.param) == (400, None)
    assert str(error.user_message).startswith("No valid payment method types for this Checkout Session.")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ("ui_mode=elements", 200),
        ("ui_mode=embedded_page&redirect_on_completion=if_required", 200),
        ("ui_mode=embedded_page&redirect_on_completion=never", 200),
        ("ui_mode=embedded_page&redirect_on_completion=never&return_url=https://a.example", 400),
        ("ui_mode=embedded_page", 400),
        ("ui_mode=hosted_page", 400),
    ],
)
def test_a_page_of_ones_own_names_a_return_url_only_where_every_payment_returns(
    ask: Inside, more: str, status: int
) -> None:
    item = f"line_items[0][price]={ask.price('p', 'unit_amount=1000')}&line_items[0][quantity]=1"
    assert ask("POST", "/v1/checkout/sessions", f"mode=payment&{item}&{more}")[0] == status


def test_which_methods_are_allowed_is_always_shown(ask: Inside) -> None:
    """Source: types of stripe-node 23.1, where `allowed_payment_method_types` is null or a list, and never left out."""
    one = ask.price("one", "unit_amount=1000")
    assert ask.session(one, 1)[1]["allowed_payment_method_types"] is None
    made = ask.session(one, 1, "&allowed_payment_method_types[]=card")[1]
    assert (made["allowed_payment_method_types"], made["payment_method_types"]) == (["card"], ["card"])


@pytest.mark.parametrize(
    ("session", "status", "code", "message"),
    [
        ("cs_test_none", 404, "resource_missing", "No such checkout.session: cs_test_none"),
        ("{CHECKOUT_SESSION_ID}", 400, None, "Invalid checkout.session id: {CHECKOUT_SESSION_ID}"),
    ],
)
def test_a_session_that_is_not_there(ask: Inside, session: str, status: int, code: str | None, message: str) -> None:
    """Source: stripe-cli#761, stripe-php#1336."""
    for method, path in (("GET", ""), ("POST", "/expire"), ("GET", "/line_items")):
        found, body, _ = ask(method, f"/v1/checkout/sessions/{session}{path}")
        error = body["error"]
        assert (found, error.get("code"), error["message"], error.get("param")) == (status, code, message, None)
