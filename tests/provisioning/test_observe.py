"""What is on Stripe is read with few requests, and whole."""

from __future__ import annotations

from pathlib import Path

import stripe

from creditctl.provisioning.observe import observe, price_state
from creditctl.stripe_api.client import StripeConnection
from tests.support.provisioning import Catalogs, Doors
from tests.support.set_up import plan_now, set_up


def test_an_empty_account_takes_two_reads_and_a_small_one_four(
    make_door: Doors, make_catalog: Catalogs, tmp_path: Path
) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    empty = make_door()
    plan_now(empty, catalog, env)
    assert empty.request_count == 2

    set_up(make_door(), catalog, env)
    full = make_door()
    plan_now(full, catalog, env)
    assert full.request_count == 4


def test_more_objects_than_a_page_are_all_seen(door: StripeConnection, make_catalog: Catalogs, tmp_path: Path) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    set_up(door, catalog, env)
    for number in range(120):
        door.client.v1.products.create({"name": f"Other {number}"})

    assert plan_now(door, catalog, env).changes == ()


def test_what_a_price_asks_besides_its_amount_is_seen() -> None:
    price = {
        "id": "price_1",
        "object": "price",
        "product": "creditctl_starter",
        "currency": "usd",
        "unit_amount": 1000,
        "active": True,
        "recurring": None,
        "lookup_key": None,
        "created": 1,
        "metadata": {},
        "transform_quantity": {"divide_by": 10, "round": "up"},
        "currency_options": {"usd": {"unit_amount": 1000}, "eur": {"unit_amount": 100}},
    }
    seen = price_state(stripe.Price.construct_from(price, "sk_test_x"))
    plain = price_state(stripe.Price.construct_from({**price, "transform_quantity": None}, "sk_test_x"))

    assert (seen.other_currencies, seen.divides, plain.divides) == (("eur",), True, False)


def test_amounts_in_other_currencies_are_asked_for(make_door: Doors, make_catalog: Catalogs, tmp_path: Path) -> None:
    catalog, env = make_catalog(("starter", 1000, 1000)), tmp_path / ".env"
    set_up(make_door(), catalog, env)

    assert [price.other_currencies for price in observe(make_door()).prices] == [()]
