"""Triggers: each type of event is really made, about the purchase that was asked for."""

from __future__ import annotations

from importlib import resources

import pytest

from creditctl.core.catalog import Catalog, Package, parse_catalog
from creditctl.core.errors import ConfigurationError, GuardRefused, UsageError
from creditctl.events.recipes import EVENT_TYPES, bank_account
from creditctl.events.trigger import Order, Trigger
from tests.support.clock import Clock
from tests.support.events import NewStripe, StripeWithEvents


@pytest.fixture
def catalog() -> Catalog:
    return parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))


@pytest.fixture
def starter(stripe_events: StripeWithEvents, catalog: Catalog) -> Package:
    """The first package, for sale."""
    package = next(iter(catalog))
    client = stripe_events.client
    product = client.v1.products.create(params={"name": package.name})
    client.v1.prices.create(
        params={
            "product": product.id,
            "unit_amount": package.amount,
            "currency": package.currency,
            "lookup_key": package.lookup_key,
            "metadata": package.metadata,
        }
    )
    return package


@pytest.fixture
def trigger(stripe_events: StripeWithEvents) -> Trigger:
    return Trigger(stripe_events.client, stripe_events.clock.sleep, lambda _line: None)


def order(package: Package) -> Order:
    return Order("user-7", package, "http://127.0.0.1:3000")


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_type_of_the_endpoint_is_made(
    stripe_events: StripeWithEvents, trigger: Trigger, starter: Package, event_type: str
) -> None:
    made = trigger.make(event_type, order(starter))

    event = stripe_events.client.v1.events.retrieve(made.record.id)
    assert event.type == event_type
    session = stripe_events.client.v1.checkout.sessions.retrieve(made.session_id)
    assert (session.client_reference_id, session.amount_subtotal) == ("user-7", starter.amount)
    assert session.metadata is not None
    assert session.metadata.to_dict() == {**starter.metadata, "user_id": "user-7"}
    assert made.payment_key in (session.id, session.payment_intent)


def test_an_existing_session_is_finished(stripe_events: StripeWithEvents, trigger: Trigger, starter: Package) -> None:
    expired = trigger.make("checkout.session.expired", order(starter))
    paid = trigger.make("checkout.session.completed", order(starter))

    refunded = trigger.make("charge.refunded", None, paid.session_id)
    assert refunded.payment_key == paid.payment_key
    with pytest.raises(UsageError, match="expired"):
        trigger.make("checkout.session.completed", None, expired.session_id)


def test_without_a_price_it_says_what_to_run(trigger: Trigger, catalog: Catalog) -> None:
    with pytest.raises(ConfigurationError, match="holds no price") as caught:
        trigger.make("checkout.session.completed", order(next(iter(catalog))))
    assert "creditctl setup" in caught.value.fix


def test_a_live_session_is_refused(clock: Clock, new_stripe: NewStripe) -> None:
    from creditctl.emulator.app import Emulator

    emulator = Emulator(clock=clock, seed=1, livemode=True)
    stripe_live = new_stripe(emulator, "sk_live_" + "example00000000")
    client = stripe_live.client
    session = client.v1.checkout.sessions.create(
        params={
            "mode": "payment",
            "success_url": "https://example.com",
            "line_items": [
                {"price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "x"}}, "quantity": 1}
            ],
        }
    )
    with pytest.raises(GuardRefused):
        Trigger(client, clock.sleep, lambda _line: None).make("checkout.session.completed", None, session.id)


def test_an_unknown_type_names_the_known_ones(trigger: Trigger) -> None:
    with pytest.raises(UsageError) as caught:
        trigger.make("invoice.paid", None, "cs_test_x")
    assert "charge.refunded" in caught.value.fix


def test_a_currency_without_a_delayed_method_is_said() -> None:
    with pytest.raises(UsageError, match="JPY"):
        bank_account("jpy", "fails")
