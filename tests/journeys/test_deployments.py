"""Two deployments that sell on one account: each is credited and reconciled by itself; the other's is not ours."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.backend.dependencies import CheckoutOrder, Dependencies
from creditctl.cli.serve import build_services
from creditctl.core.catalog import catalog_of_project
from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Reply
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import pay
from creditctl.ledger.store import Ledger
from tests.support.cli import Cli, Outcome
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY
from tests.support.ledger_calls import read

BASE = "http://127.0.0.1:12111"


@dataclass
class Branch:
    """One deployment: its folder, its backend, its ledger."""

    cli: Cli
    url: str
    clock: Clock
    services: list[Dependencies] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def configure(self, text: str) -> None:
        (self.cli.folder / "creditctl.toml").write_text(text)

    def start(self) -> None:
        """Sets Stripe up, and starts the reference backend with what the settings say now."""
        assert self.cli("setup", "--yes").exit_code == 0
        wiring = self.cli.wiring()
        wiring.clock = lambda: int(time.time())  # a signature's time is always real
        settings = wiring.settings()
        connection = wiring.stripe(settings)
        ledger = Ledger.open(
            settings.ledger_path,
            account=connection.account_id,
            livemode=False,
            deployment=settings.deployment.name,
            clock=self.clock,
        )
        own = catalog_of_project(settings.project)
        found = wiring.catalog() if own is None else own
        catalog = found.read_by(settings.project).sold_by(settings.deployment)
        self.services = [build_services(wiring, settings, catalog, stripe=connection, ledger=ledger)]

    @property
    def backend(self) -> Dependencies:
        return self.services[0]

    def order(self, user: str, slug: str = "starter") -> str:
        package = self.backend.catalog.find(slug)
        order = CheckoutOrder(package, user, f"{BASE}/done", f"{BASE}/cancel")
        return self.backend.checkout.create_session(order).id

    def balances(self) -> dict[str, int]:
        ledger = self.backend.ledger
        assert isinstance(ledger, Ledger)
        return {row.user_id: row.credits for row in read(ledger).balances()}

    def reconcile(self) -> Outcome:
        return self.cli("reconcile", "--json")


@dataclass
class Account:
    """One account of Stripe with everybody who sells on it."""

    emulator: Emulator
    client: stripe.StripeClient
    clock: Clock
    branches: dict[str, Branch]

    def pay(self, session_id: str) -> str:
        paid = str(pay(self.client, session_id, "tok_visa").payment_intent)
        self.deliver()
        return paid

    def deliver(self) -> None:
        self.emulator.pump(send=self._send)

    def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        branch = next(each for each in self.branches.values() if url.startswith(each.url))
        signature = next(value for name, value in headers.items() if name.lower() == "stripe-signature")
        receipt = branch.backend.webhook.receive(body, signature)
        branch.statuses.append(receipt.status)
        return Reply(receipt.status, b"", {})


@pytest.fixture
def account(tmp_path: Path, emulator: Emulator, clock: Clock) -> Iterator[Account]:
    """One account on the emulator, with the folders of two installations."""

    def branch(name: str, port: int) -> Branch:
        folder = tmp_path / name
        folder.mkdir()
        url = f"http://127.0.0.1:{port}"
        values = {"STRIPE_SECRET_KEY": TEST_KEY, "STRIPE_API_BASE": BASE, "FRONTEND_URL": url, "CREDITS_API_URL": url}
        cli = Cli(folder, clock, {"HOME": str(folder), "NO_COLOR": "1"}, lambda: EmulatorHTTPClient(emulator))
        cli.write_env([f"{key}={value}" for key, value in values.items()])
        return Branch(cli, url, clock)

    client = stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator))
    built = Account(emulator, client, clock, {"one": branch("one", 8001), "two": branch("two", 8002)})
    yield built
    for each in built.branches.values():
        for services in each.services:
            if isinstance(services.ledger, Ledger):
                services.ledger.close()


@pytest.fixture
def two(account: Account) -> Account:
    """Two named deployments, set up and running."""
    for name, branch in account.branches.items():
        branch.configure(f'deployment = "{name}"\n')
        branch.start()
    return account


def clean(branch: Branch) -> None:
    outcome = branch.reconcile()
    assert (outcome.exit_code, outcome.document["findings"]) == (0, []), outcome.stdout
    assert branch.cli("setup", "--check").exit_code == 0


def codes(outcome: Outcome) -> list[str]:
    return [finding["code"] for finding in outcome.document["findings"]]


def test_each_has_products_prices_and_an_endpoint_of_its_own(two: Account) -> None:
    products = {product.id for product in two.client.v1.products.list({"limit": 100}).data}
    endpoints = two.client.v1.webhook_endpoints.list().data

    assert {"creditctl-one_starter", "creditctl-two_starter"} <= products
    assert len(products) == 10
    assert {str(each.metadata["deployment"]): each.url for each in endpoints} == {
        "one": "http://127.0.0.1:8001/api/credits/webhook",
        "two": "http://127.0.0.1:8002/api/credits/webhook",
    }
    (price,) = two.client.v1.prices.list({"lookup_keys": ["creditctl-one_starter_usd"]}).data
    assert price.metadata.to_dict()["deployment"] == "one"


def test_neither_prunes_nor_takes_over_what_is_the_others(two: Account) -> None:
    one = two.branches["one"]
    (theirs,) = [
        each for each in two.client.v1.webhook_endpoints.list().data if each.url.startswith("http://127.0.0.1:8002")
    ]
    pruned = one.cli("setup", "--prune", "--yes", "--json")
    taken = one.cli("setup", "--adopt", "starter=creditctl-two_starter", "--yes", "--json")
    one.cli.environ["CREDITS_API_URL"] = "http://127.0.0.1:8002"
    listening = one.cli("setup", "--adopt", theirs.id, "--yes", "--json")

    assert pruned.exit_code == 0
    assert two.client.v1.products.retrieve("creditctl-two_starter").active
    assert (taken.exit_code, taken.document["error"]["code"]) == (3, "setup.adopt_other")
    assert (listening.exit_code, listening.document["error"]["code"]) == (3, "setup.adopt_other")


def test_one_purchase_is_credited_in_one_and_is_nobodys_business_in_the_other(two: Account) -> None:
    one, other = two.branches["one"], two.branches["two"]
    session_id = one.order("u1")
    paid = two.pay(session_id)
    two.clock.now += 3600

    assert (one.balances(), other.balances()) == ({"u1": 1000}, {})
    assert set(one.statuses + other.statuses) == {200}
    session = two.client.v1.checkout.sessions.retrieve(session_id)
    intent = two.client.v1.payment_intents.retrieve(paid)
    for metadata in (session.metadata, intent.metadata):
        assert metadata is not None
        assert metadata.to_dict()["deployment"] == "one"
    for branch in (one, other):
        clean(branch)
    assert "entry 1: purchase of +1,000 credits for user u1" in one.cli("trace", paid).stdout
    traced = other.cli("trace", paid)
    assert traced.exit_code == 0
    assert "This is no purchase of credits: its price belongs to the deployment one" in traced.stdout


def test_a_refund_is_followed_where_the_credits_are(two: Account) -> None:
    one, other = two.branches["one"], two.branches["two"]
    mine, theirs = two.pay(one.order("u1")), two.pay(other.order("u2", "pro"))
    for payment in (mine, theirs):
        two.client.v1.refunds.create(params={"payment_intent": payment})
    two.deliver()
    two.clock.now += 3600

    assert (one.balances(), other.balances()) == ({"u1": 0}, {"u2": 0})
    for branch in (one, other):
        clean(branch)


def test_a_lost_webhook_is_missed_by_one_alone(two: Account) -> None:
    one, other = two.branches["one"], two.branches["two"]
    pay(two.client, one.order("u1"), "tok_visa")
    two.clock.now += 3600

    assert codes(one.reconcile()) == ["reconcile.missing_credit"]
    assert codes(other.reconcile()) == []
    assert one.cli("reconcile", "--repair", "--yes").exit_code == 0
    assert (one.balances(), other.balances()) == ({"u1": 1000}, {})


def test_the_doctor_of_neither_accuses_the_other(two: Account) -> None:
    pay(two.client, two.branches["one"].order("u1"), "tok_visa")  # and its webhook does not come
    two.clock.now += 3600

    def failing(branch: Branch) -> set[str]:
        found = branch.cli("doctor", "--json").document["findings"]
        return {each["code"] for each in found if each["severity"] == "high"} - {"doctor.backend"}

    assert failing(two.branches["one"]) == {"doctor.undelivered", "doctor.credited", "doctor.redirects"}
    assert failing(two.branches["two"]) == set()


def test_metadata_that_contradict_the_price_are_a_finding_where_the_price_is(two: Account) -> None:
    one, other = two.branches["one"], two.branches["two"]
    (price,) = two.client.v1.prices.list({"lookup_keys": ["creditctl-one_starter_usd"]}).data
    marks = {"managed_by": "creditctl", "deployment": "two", "package": "starter", "credits": "1000", "user_id": "u1"}
    session: Any = {
        "mode": "payment",
        "success_url": BASE,
        "client_reference_id": "u1",
        "line_items": [{"price": price.id, "quantity": 1}],
        "metadata": marks,
    }
    two.pay(two.client.v1.checkout.sessions.create(params=session).id)
    two.clock.now += 3600

    assert (one.balances(), other.balances()) == ({}, {})
    assert codes(one.reconcile()) == ["fulfilment.deployment_conflict"]
    assert codes(other.reconcile()) == []


def test_an_unnamed_one_beside_a_named_one(account: Account) -> None:
    plain, named = account.branches["one"], account.branches["two"]
    named.configure('deployment = "two"\n')
    plain.start()
    named.start()
    account.pay(plain.order("u1"))
    account.pay(named.order("u2"))
    account.clock.now += 3600

    assert (plain.balances(), named.balances()) == ({"u1": 1000}, {"u2": 1000})
    for branch in (plain, named):
        clean(branch)


def test_an_unnamed_one_gets_a_name_and_keeps_its_past(account: Account) -> None:
    branch, other = account.branches["one"], account.branches["two"]
    branch.start()
    old = account.pay(branch.order("u1"))
    (price,) = account.client.v1.prices.list({"lookup_keys": ["creditctl_starter_usd"]}).data
    account.clock.now += 86_400
    assert branch.cli("ledger", "init", "--deployment", "one", "--since", str_day(account.clock)).exit_code == 0
    assert branch.reconcile().exit_code == 3
    branch.configure('deployment = "one"\n')
    branch.start()
    other.configure('deployment = "two"\n')
    other.start()
    account.clock.now += 86_400
    account.pay(branch.order("u2"))
    account.clock.now += 3600

    clean(branch)
    clean(other)
    account.client.v1.refunds.create(params={"payment_intent": old})
    account.deliver()
    assert branch.balances() == {"u1": 0, "u2": 1000}
    clean(branch)

    session: Any = {
        "mode": "payment",
        "success_url": BASE,
        "client_reference_id": "u3",
        "line_items": [{"price": price.id, "quantity": 1}],
    }
    account.pay(account.client.v1.checkout.sessions.create(params=session).id)
    account.clock.now += 3600
    assert codes(branch.reconcile()) == ["fulfilment.deployment_unsaid"]
    assert codes(other.reconcile()) == []
    assert branch.balances() == {"u1": 0, "u2": 1000}


SHARED = """
[[package]]
slug = "gold"
credits = 500
sold = [{ price = "PRICE" }]
"""


def shared_price(account: Account) -> str:
    """A price of the application's own, on which both deployments sell."""
    product = account.client.v1.products.create({"name": "Gold"})
    return account.client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 2000}).id


def sell(account: Account, price: str, user: str, **metadata: str) -> None:
    """The application sells by a session that it makes itself."""
    session: Any = {
        "mode": "payment",
        "success_url": BASE,
        "client_reference_id": user,
        "line_items": [{"price": price, "quantity": 1}],
        "metadata": metadata,
    }
    account.pay(account.client.v1.checkout.sessions.create(session).id)


@pytest.mark.parametrize(
    ("mark", "key"),
    [("", "deployment"), ('deployment_match = { "metadata.region" = "NAME" }', "region")],
    ids=["by name", "by the application's mark"],
)
def test_a_shared_price_is_told_apart_by_what_the_session_carries(account: Account, mark: str, key: str) -> None:
    price = shared_price(account)
    for name, branch in account.branches.items():
        top = f'deployment = "{name}"\n{mark.replace("NAME", name)}\n'
        branch.configure(top + SHARED.replace("PRICE", price))
        branch.start()
    sell(account, price, "u1", **{key: "one"})
    sell(account, price, "u2", **{key: "two"})
    account.clock.now += 3600

    one, other = account.branches.values()
    assert (one.balances(), other.balances()) == ({"u1": 500}, {"u2": 500})
    for branch in (one, other):
        clean(branch)


def test_an_exclusive_price_needs_no_mark(account: Account) -> None:
    price = shared_price(account)
    one, other = account.branches.values()
    one.configure('deployment = "one"\n' + SHARED.replace("PRICE", price) + "exclusive = true\n")
    other.configure('deployment = "two"\n')
    for branch in (one, other):
        branch.start()
    sell(account, price, "u1")
    account.clock.now += 3600

    assert (one.balances(), other.balances()) == ({"u1": 500}, {})
    for branch in (one, other):
        clean(branch)


def test_a_sale_that_nothing_tells_apart_is_credited_by_nobody_and_stops_reconcile(account: Account) -> None:
    price = shared_price(account)
    branch = account.branches["one"]
    branch.configure('deployment = "one"\n' + SHARED.replace("PRICE", price))
    branch.start()
    account.branches["two"].start()
    sell(account, price, "u1")
    account.clock.now += 3600

    outcome = branch.reconcile()
    assert branch.balances() == {}
    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "catalog.deployment_unsaid")
    for way in ("deployment_match", "exclusive = true", "metadata.deployment = one", "--since TIME"):
        assert way in outcome.document["error"]["fix"]


def test_a_marked_shop_finds_the_single_session_without_its_mark(account: Account) -> None:
    price = shared_price(account)
    branch = account.branches["one"]
    branch.configure(
        'deployment = "one"\ndeployment_match = { metadata.region = "eu" }\n' + SHARED.replace("PRICE", price)
    )
    branch.start()
    account.branches["two"].start()
    sell(account, price, "u1", region="eu")
    sell(account, price, "u2")
    account.clock.now += 3600

    assert branch.balances() == {"u1": 500}
    assert codes(branch.reconcile()) == ["fulfilment.deployment_unsaid"]


def str_day(clock: Clock) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(clock.now))
