"""A set-up shop on the emulator whose deliveries can be lost, with a webhook and a ledger behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from creditctl.core.catalog import Catalog, Package, catalog_of_project, parse_catalog
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind
from creditctl.core.keys import Secret
from creditctl.core.project_file.project import parse_project_file
from creditctl.core.settings import Settings, merge_settings
from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Reply, Request
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client import checkout_payer
from creditctl.events.recipes import bank_account
from creditctl.fulfilment.webhook import Webhook
from creditctl.ledger.models import Entry
from creditctl.ledger.store import Ledger
from creditctl.payments.reading.stripe_reader import StripeReader
from creditctl.stripe_api.client import StripeConnection, connect
from tests.journeys.one_story.own_prices import own_prices, project_file
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY


@dataclass
class World:
    """An emulated Stripe whose deliveries can be lost, a ledger, and everybody who can be asked about a payment."""

    emulator: Emulator
    connection: StripeConnection
    ledger: Ledger
    webhook: Webhook
    settings: Settings
    clock: Clock
    catalog: Catalog
    prices: Mapping[str, str]
    folder: Path
    own: Mapping[str, str]
    secret: str
    losing: bool = False

    @property
    def api(self) -> Any:
        """The SDK's services."""
        return self.connection.client.v1

    def open(self, **changes: Any) -> Any:
        """A Checkout session of Ann's for the smallest package, as the backend opens it, but for the changes."""
        package = next(iter(self.catalog))
        metadata = {**package.metadata, "user_id": "ann"}
        params = {
            "mode": "payment",
            "success_url": "http://localhost:3000/credits/success",
            "line_items": [{"price": self.prices[package.slug], "quantity": 1}],
            "client_reference_id": "ann",
            "metadata": metadata,
        }
        params |= changes
        params.setdefault("payment_intent_data", {"metadata": params["metadata"]})
        return self.api.checkout.sessions.create(params={key: value for key, value in params.items() if value})

    def buy(self, token: str = "tok_visa", **changes: Any) -> str:
        """A paid session; gives the payment's key."""
        session = self.open(**changes)
        return checkout_payer.pay(self.connection.client, session.id, token).payment_intent or str(session.id)

    def buy_by_bank(self, bank: str) -> str:
        """A session paid by a bank transfer that succeeds or fails days later; gives the payment's key."""
        session = self.open()
        method, account = bank_account("usd", bank)
        billing = {"email": "buyer@example.com", "name": "Example Buyer"}
        params: Any = {"type": method, method: account, "billing_details": billing}
        paid = checkout_payer.pay_by(self.connection.client, session.id, params)
        return str(paid.payment_intent)

    def control(self, path: str, **params: Any) -> Any:
        """Steers the emulator."""
        headers = {"authorization": f"Bearer {TEST_KEY}", "content-type": "application/json"}
        request = Request("POST", f"/_emulator{path}", "", headers, json.dumps(params).encode())
        return json.loads(self.emulator.handle(request).body)

    def later(self, seconds: int) -> None:
        """Lets time pass, and what falls due in it happen."""
        self.clock.now += seconds
        self.deliver()

    def deliver(self) -> None:
        """Sends what is due; while `losing`, nothing arrives."""
        self.emulator.pump(send=self._send)

    def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if self.losing:
            raise OSError("lost on the way")
        signature = {name.lower(): value for name, value in headers.items()}["stripe-signature"]
        receipt = self.webhook.receive(body, signature)
        return Reply(receipt.status)

    def sessions_of(self, key: str) -> list[str]:
        """The ids of a payment's sessions."""
        return [str(each.id) for each in self.api.checkout.sessions.list().data if each.payment_intent == key]

    def price(self, product: str, amount: int, metadata: Mapping[str, str]) -> str:
        """One more price of a product; its id."""
        params = {"product": product, "currency": "usd", "unit_amount": amount, "metadata": metadata}
        return str(self.api.prices.create(params=params).id)

    def charge_of(self, key: str) -> str:
        """The charge of a payment."""
        return str(self.api.payment_intents.retrieve(key).latest_charge)

    def give(self, key: str, credits: int = 1000, user: str = "ann", **changes: Any) -> Entry:
        """An entry as an import of an application's own rows could bring it."""
        with self.ledger.transaction() as tx:
            known: dict[str, Any] = {
                "created": self.clock.now, "user_id": user, "kind": EntryKind.PURCHASE, "credits": credits,
                "amount": 1000, "currency": "usd", "payment_key": key, "session_id": None, "object_id": None,
                "package": None, "idempotency_key": f"import:app:{tx.count()}",
            }  # fmt: skip
            return tx.post(EntryDraft(**{**known, **changes})).entry


@contextmanager
def opened_world(folder: Path, clock: Clock) -> Iterator[World]:
    """Opens a world: prices of ours and of an application's own, one endpoint, an empty ledger."""
    catalog = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))
    given = {"STRIPE_SECRET_KEY": TEST_KEY, "STRIPE_API_BASE": "http://127.0.0.1:12111"}
    settings = merge_settings(
        {**given, "FRONTEND_URL": "http://localhost:3000"}, {}, env_file=folder / ".env", folder=folder
    )
    emulator = Emulator(clock=clock, real_clock=clock, seed=1)
    with ExitStack() as stack:
        stack.callback(emulator.close)
        transport = EmulatorHTTPClient(emulator)
        connection = stack.enter_context(connect(settings, sleep=clock.sleep, chance=lambda: 0.0, transport=transport))
        path, account = folder / "creditctl-emulator.db", connection.account_id
        ledger = stack.enter_context(Ledger.open(path, account=account, livemode=False, clock=clock))
        prices = {package.slug: _price(connection.client.v1, package) for package in catalog}
        own = own_prices(connection.client.v1)
        catalog = _catalog_of_the_shop(folder / "creditctl.toml", project_file(catalog, own))
        webhook, secret = _webhook(connection, ledger, catalog, clock)
        yield World(emulator, connection, ledger, webhook, settings, clock, catalog, prices, folder, own, secret)


def _catalog_of_the_shop(path: Path, text: str) -> Catalog:
    path.write_text(text, encoding="utf-8")
    project = parse_project_file(text, path=path)
    catalog = catalog_of_project(project)
    assert catalog is not None
    return catalog.read_by(project)


def _webhook(connection: StripeConnection, ledger: Ledger, catalog: Catalog, clock: Clock) -> tuple[Webhook, str]:
    endpoint = connection.client.v1.webhook_endpoints.create(
        params={"url": "http://127.0.0.1:9/api/credits/webhook", "enabled_events": ["*"]}
    )
    secret = str(endpoint.secret)
    webhook = Webhook(
        ledger=ledger,
        stripe=StripeReader(connection.client),
        secrets=[Secret(secret)],
        catalog=catalog,
        account=ledger.account,
        livemode=False,
        clock=clock,
    )
    return webhook, secret


def _price(api: Any, package: Package) -> str:
    product = api.products.create(params={"id": package.product_id, "name": package.name, "metadata": package.metadata})
    params = {"product": product.id, "currency": package.currency, "unit_amount": package.amount}
    return str(api.prices.create(params={**params, "metadata": package.metadata}).id)
