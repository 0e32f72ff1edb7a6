"""The door to Stripe Checkout: the official SDK, and a local Stripe behind it."""

from __future__ import annotations

import pytest
import stripe

from creditctl.backend.checkout import NotForSale, StripeCheckout, price_faults, session_params, session_view
from creditctl.backend.dependencies import CheckoutOrder
from creditctl.core.catalog import Catalog, Package
from creditctl.core.errors import StripeRefused, Unreachable
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import ScriptedStripe, lost, queue
from tests.support.sdk_clients import client_at

BASE = "http://127.0.0.1:12111"


@pytest.fixture
def starter(catalog: Catalog) -> Package:
    package = catalog.by_slug("starter")
    assert package is not None
    return package


@pytest.fixture
def order(starter: Package) -> CheckoutOrder:
    return CheckoutOrder(
        starter, "user 1", "http://127.0.0.1:3000/s?session_id={CHECKOUT_SESSION_ID}", "http://127.0.0.1:3000/c"
    )


@pytest.fixture
def sdk(emulator: Emulator) -> stripe.StripeClient:
    return client_at(BASE, http=EmulatorHTTPClient(emulator))


@pytest.fixture
def price(sdk: stripe.StripeClient, starter: Package) -> stripe.Price:
    """What set-up makes of a package."""
    sdk.v1.products.create(params={"id": starter.product_id, "name": starter.name, "metadata": starter.metadata})
    return sdk.v1.prices.create(
        params={
            "product": starter.product_id,
            "unit_amount": starter.amount,
            "currency": starter.currency,
            "lookup_key": starter.lookup_key,
            "metadata": starter.metadata,
        }
    )


class TestSelling:
    def test_a_session_sells_one_package_to_one_user(
        self, sdk: stripe.StripeClient, price: stripe.Price, order: CheckoutOrder
    ) -> None:
        created = StripeCheckout(sdk).create_session(order)
        session = sdk.v1.checkout.sessions.retrieve(created.id, params={"expand": ["line_items"]})
        assert created.url == session.url
        assert (session.mode, session.amount_total, session.currency) == ("payment", 1000, "usd")
        assert session.client_reference_id == "user 1"
        assert session.metadata is not None
        assert session.metadata.to_dict() == {
            "managed_by": "creditctl",
            "package": "starter",
            "credits": "1000",
            "user_id": "user 1",
        }
        assert session.success_url == "http://127.0.0.1:3000/s?session_id={CHECKOUT_SESSION_ID}"
        assert session.cancel_url == "http://127.0.0.1:3000/c"
        assert session.line_items is not None
        (line,) = session.line_items.data
        assert line.price is not None
        assert (line.price.id, line.quantity) == (price.id, 1)

    def test_the_payment_intent_will_carry_the_same_metadata(self, order: CheckoutOrder) -> None:
        params = session_params(order, "price_1")
        assert params["payment_intent_data"]["metadata"] == params["metadata"]
        assert params["metadata"]["user_id"] == params["client_reference_id"] == "user 1"

    def test_nothing_is_sold_without_a_price(self, sdk: stripe.StripeClient, order: CheckoutOrder) -> None:
        with pytest.raises(NotForSale, match="no active price") as caught:
            StripeCheckout(sdk).create_session(order)
        assert "creditctl setup" in str(caught.value)
        assert not sdk.v1.checkout.sessions.list().data

    def test_nothing_is_sold_at_an_archived_price(
        self, sdk: stripe.StripeClient, price: stripe.Price, order: CheckoutOrder
    ) -> None:
        sdk.v1.prices.update(price.id, params={"active": False})
        with pytest.raises(NotForSale):
            StripeCheckout(sdk).create_session(order)

    def test_nothing_is_sold_at_another_price(
        self, sdk: stripe.StripeClient, price: stripe.Price, order: CheckoutOrder
    ) -> None:
        sdk.v1.prices.create(
            params={
                "product": order.package.product_id,
                "unit_amount": 100,
                "currency": "usd",
                "lookup_key": order.package.lookup_key,
                "transfer_lookup_key": True,
            }
        )
        with pytest.raises(NotForSale, match=r"Stripe would charge \$1.00, the catalogue says \$10.00"):
            StripeCheckout(sdk).create_session(order)
        assert not sdk.v1.checkout.sessions.list().data

    def test_stripes_no_is_ours(self, sdk: stripe.StripeClient, price: stripe.Price, starter: Package) -> None:
        with pytest.raises(StripeRefused):
            StripeCheckout(sdk).create_session(CheckoutOrder(starter, "1", "no url", "no url"))


GOOD = {"id": "price_1", "active": True, "unit_amount": 1000, "currency": "usd", "type": "one_time"}


class TestPriceFaults:
    def test_the_right_price(self, starter: Package) -> None:
        assert price_faults(starter, {**GOOD, "metadata": starter.metadata}) == []

    def test_a_price_without_marks_may_be_used(self, starter: Package) -> None:
        assert price_faults(starter, GOOD) == []

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"active": False}, "archived"),
            ({"unit_amount": 999}, "$9.99"),
            ({"unit_amount": None}, "no fixed amount"),
            ({"currency": "eur"}, "10.00 EUR"),
            ({"type": "recurring"}, "subscription"),
            ({"transform_quantity": {"divide_by": 10, "round": "up"}}, "for several"),
            ({"currency_options": {"usd": {}, "eur": {}}}, "other amounts in eur"),
            ({"metadata": {"credits": "5500"}}, "marked credits=5500, the catalogue says 1000"),
            ({"metadata": {"package": "basic"}}, "marked package=basic"),
        ],
    )
    def test_each_disagreement_is_named(self, starter: Package, change: dict[str, object], words: str) -> None:
        (fault,) = price_faults(starter, {**GOOD, **change})
        assert words in fault


class TestReading:
    def test_an_open_session(self, sdk: stripe.StripeClient, price: stripe.Price, order: CheckoutOrder) -> None:
        created = StripeCheckout(sdk).create_session(order)
        view = StripeCheckout(sdk).read_session(created.id)
        assert view is not None
        assert (view.id, view.status, view.payment_status, view.amount_total) == (created.id, "open", "unpaid", 1000)
        assert view.metadata["user_id"] == "user 1"
        assert view.payment_key == created.id
        assert not view.paid

    def test_no_such_session(self, sdk: stripe.StripeClient) -> None:
        assert StripeCheckout(sdk).read_session("cs_test_none") is None

    @pytest.mark.parametrize("intent", ["pi_1", {"id": "pi_1", "object": "payment_intent"}])
    def test_a_payment_intent_may_be_expanded(self, intent: str | dict[str, str]) -> None:
        view = session_view({"id": "cs_1", "payment_status": "paid", "status": "complete", "payment_intent": intent})
        assert view.payment_key == "pi_1"
        assert view.paid
        assert view.metadata == {}


def test_an_unreachable_stripe(order: CheckoutOrder) -> None:
    door = StripeCheckout(
        stripe.StripeClient(
            TEST_KEY, http_client=ScriptedStripe(queue(lost(should_retry=False), lost(should_retry=False)))
        )
    )
    with pytest.raises(Unreachable):
        door.create_session(order)
    with pytest.raises(Unreachable):
        door.read_session("cs_test_1")
