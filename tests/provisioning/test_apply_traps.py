"""Traps of Stripe that a set-up of products, prices and endpoints is known to fall into, each laid on the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.core.catalog import Catalog
from creditctl.core.keys import Secret
from creditctl.emulator.app import Emulator
from creditctl.provisioning.apply import Applied, apply_plan
from creditctl.provisioning.observe import observe
from creditctl.provisioning.planning.endpoint_choice import NO_CHOICE, EndpointChoice
from creditctl.provisioning.planning.plan import make_plan
from creditctl.provisioning.planning.steps import Plan
from creditctl.provisioning.secret_sinks import EnvFileSink
from creditctl.provisioning.state import DesiredEndpoint
from creditctl.stripe_api.client import StripeConnection
from tests.support.provisioning import Catalogs, Doors
from tests.support.scripted_stripe import Forward, ScriptedStripe, SentRequest, StripeAnswer, error

URL = "http://127.0.0.1:9/api/credits/webhook"
ONE = ("starter", 1000, 1000)


def stored_failure(emulator: Emulator, path: str, *, carried_out: bool) -> ScriptedStripe:
    """Answers the first creation at a path with a 500, whether it was carried out or not, and replays that for its key.

    Source: Stripe API reference, "Idempotent requests": the first answer is kept, "including 500 errors".
    """
    keys: list[str] = []

    def fail(request: SentRequest, forward: Forward) -> StripeAnswer:
        key = request.headers["Idempotency-Key"]
        if keys and key not in keys:
            return forward()
        replayed = {"Idempotent-Replayed": "true", "Original-Request": "req_first"} if keys else {}
        if not keys and carried_out:
            forward()
        keys.append(key)
        return error(500, **{"Request-Id": "req_first", **replayed})

    transport = ScriptedStripe(emulator)
    transport.on(fail, method="POST", path=path)
    return transport


class Shop:
    """One env file and the plan for it."""

    def __init__(self, door: StripeConnection, env: Path) -> None:
        self.door, self.env = door, env

    def plan(self, catalog: Catalog, url: str = URL, choice: EndpointChoice = NO_CHOICE) -> Plan:
        held = tuple(secret.fingerprint for secret in self.held())
        return make_plan(catalog, DesiredEndpoint(url, stripe.api_version, held), observe(self.door), choice=choice)

    def held(self) -> list[Secret]:
        text = self.env.read_text() if self.env.exists() else ""
        return [Secret(line.partition("=")[2]) for line in text.splitlines() if line.startswith("STRIPE_WEBHOOK")]

    def set_up(self, catalog: Catalog, url: str = URL, choice: EndpointChoice = NO_CHOICE) -> Applied:
        return apply_plan(self.door, self.plan(catalog, url, choice), EnvFileSink(self.env), held=self.held())


@pytest.fixture
def shop(door: StripeConnection, tmp_path: Path) -> Shop:
    return Shop(door, tmp_path / ".env")


@pytest.mark.parametrize("path", ["/v1/products", "/v1/prices", "/v1/webhook_endpoints"])
@pytest.mark.parametrize("carried_out", [False, True], ids=["refused", "carried out"])
def test_a_failure_that_stripe_stored_is_not_waited_for_and_leaves_nothing_behind_after_a_second_run(
    path: str, carried_out: bool, emulator: Emulator, make_door: Doors, make_catalog: Catalogs, shop: Shop
) -> None:
    catalog = make_catalog(ONE)
    failing = Shop(make_door(stored_failure(emulator, path, carried_out=carried_out)), shop.env)
    try:
        failing.set_up(catalog)
    except stripe.APIError:
        assert path == "/v1/products", "its id keeps a product from being made twice, so its key is not changed"
    shop.set_up(catalog)

    assert shop.plan(catalog).changes == ()
    assert [price.unit_amount for price in observe(shop.door).prices if price.active] == [1000]
    assert [endpoint.fingerprint for endpoint in observe(shop.door).endpoints] == [shop.held()[0].fingerprint]


def test_more_packages_than_stripe_looks_up_at_once(shop: Shop, make_catalog: Catalogs) -> None:
    catalog = make_catalog(*((f"size-{n}", 1000 * n, 1000 * n) for n in range(1, 13)))
    shop.set_up(catalog)

    assert shop.plan(catalog).changes == ()
    assert len(observe(shop.door).prices) == 12


def test_a_product_that_was_deleted_for_good_is_made_again(shop: Shop, make_catalog: Catalogs) -> None:
    catalog = make_catalog(ONE)
    for product_id in ("creditctl_starter", "creditctl_starter_2"):
        shop.door.client.v1.products.create({"id": product_id, "name": "Starter"})
        shop.door.client.v1.products.delete(product_id)
    made = shop.set_up(catalog)

    assert shop.plan(catalog).changes == ()
    (product,) = observe(shop.door).products
    assert shop.door.client.v1.prices.retrieve(made.prices["starter"]).product == product.id


def test_a_backend_that_moves_takes_endpoint_and_secret_along_where_that_is_said(
    shop: Shop, make_catalog: Catalogs
) -> None:
    catalog, moved = make_catalog(ONE), "http://127.0.0.1:10/api/credits/webhook"
    made = shop.set_up(catalog)
    before = shop.env.read_text()
    shop.set_up(catalog, moved, EndpointChoice(move=made.endpoint))

    assert shop.plan(catalog, moved).changes == ()
    assert [(endpoint.id, endpoint.url) for endpoint in observe(shop.door).endpoints] == [(made.endpoint, moved)]
    assert shop.env.read_text() == before


def test_a_copy_of_the_settings_gets_an_endpoint_of_its_own(shop: Shop, make_catalog: Catalogs) -> None:
    catalog, staging = make_catalog(ONE), "http://127.0.0.1:10/api/credits/webhook"
    made = shop.set_up(catalog)
    before = observe(shop.door).endpoints
    copy = Shop(shop.door, shop.env.with_name("staging.env"))
    copy.env.write_text(shop.env.read_text())
    assert [finding.code for finding in copy.plan(catalog, staging).findings] == ["endpoint.elsewhere"]
    own = copy.set_up(catalog, staging)

    assert [each for each in observe(shop.door).endpoints if each.id == made.endpoint] == list(before)
    assert own.endpoint not in (None, made.endpoint)
    assert copy.plan(catalog, staging).changes == ()
    assert shop.plan(catalog).changes == ()
    assert copy.held() != shop.held()


def test_an_endpoint_whose_mark_was_removed_counts_as_unproven_and_stays(shop: Shop, make_catalog: Catalogs) -> None:
    catalog = make_catalog(ONE)
    made = shop.set_up(catalog)
    shop.door.client.v1.webhook_endpoints.update(str(made.endpoint), {"metadata": {"secret_fingerprint": ""}})
    plan = shop.plan(catalog)

    assert plan.changes == ()
    assert [finding.code for finding in plan.findings] == ["endpoint.unproven"]


@pytest.mark.parametrize(
    "change",
    [
        {"product": {"name": "Oops", "description": ""}},
        {"product": {"active": False}},
        {"product": {"metadata": {"managed_by": "", "package": "", "credits": ""}}},
        {"price": {"active": False}},
        {"price": {"active": False, "lookup_key": ""}},
        {"price": {"lookup_key": "", "metadata": {"managed_by": "", "package": "", "credits": ""}}},
        {"price": {"metadata": {"package": "gone"}}},
        {"price": {"active": False}, "product": {"active": False}},
        {"endpoint": {"disabled": True, "enabled_events": ["*"], "url": URL + "/"}},
    ],
    ids=str,
)
def test_whatever_was_changed_by_hand_is_put_back_by_one_run(
    change: dict[str, Any], shop: Shop, make_catalog: Catalogs
) -> None:
    catalog, client = make_catalog(ONE), shop.door.client
    made = shop.set_up(catalog)
    if "price" in change:
        client.v1.prices.update(made.prices["starter"], change["price"])
    if "product" in change:
        client.v1.products.update("creditctl_starter", change["product"])
    if "endpoint" in change:
        client.v1.webhook_endpoints.update(str(made.endpoint), change["endpoint"])
    assert shop.plan(catalog).changes != ()
    shop.set_up(catalog)

    assert shop.plan(catalog).changes == ()
    seen = observe(shop.door)
    assert [(p.unit_amount, p.lookup_key) for p in seen.prices if p.active] == [(1000, "creditctl_starter_usd")]
    assert [p.id for p in seen.products if p.active] == ["creditctl_starter"]
    assert len(seen.endpoints) == 1


def test_another_currency_is_another_price_and_the_old_one_is_archived(shop: Shop, make_catalog: Catalogs) -> None:
    dollars, euros = make_catalog(ONE), make_catalog(ONE, currency="eur")
    shop.set_up(dollars)
    shop.set_up(euros)

    assert shop.plan(euros).changes == ()
    assert [price.currency for price in observe(shop.door).prices if price.active] == ["eur"]
    shop.set_up(dollars)
    assert shop.plan(dollars).changes == ()
    assert [price.currency for price in observe(shop.door).prices if price.active] == ["usd"]
    assert len(observe(shop.door).prices) == 2, "the archived price of the same terms is used again"


def test_a_package_that_is_taken_out_and_put_back_keeps_its_product_and_price(
    shop: Shop, make_catalog: Catalogs
) -> None:
    both, one = make_catalog(ONE, ("basic", 5500, 4500)), make_catalog(ONE)
    made = shop.set_up(both)
    assert [finding.code for finding in shop.plan(one).findings] == ["setup.orphan"]
    pruned = make_plan(one, None, observe(shop.door), prune=True)
    apply_plan(shop.door, pruned, None)
    assert not shop.door.client.v1.prices.retrieve(made.prices["basic"]).active

    assert shop.set_up(both).prices == made.prices
    assert shop.plan(both).changes == ()
