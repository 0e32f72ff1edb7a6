"""Market for tests of the command line: buyers on the emulator, a webhook that may lose what it is told, a ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from creditctl.core.catalog import parse_catalog
from creditctl.core.keys import Secret
from creditctl.emulator.protocol.wire import Reply
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import Payment, pay
from creditctl.fulfilment.webhook import Webhook
from creditctl.ledger.store import Ledger
from creditctl.payments.reading.stripe_reader import StripeReader
from tests.support.keys import TEST_KEY
from tests.support.ledger_calls import read

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock

BASE = "http://127.0.0.1:12111"
CATALOG = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))


@dataclass
class Market:
    """Buyers on the emulator, a webhook that may lose what it is told, and the ledger behind it."""

    emulator: Emulator
    client: stripe.StripeClient
    ledger: Ledger
    webhook: Webhook
    clock: Clock
    losing: bool = False
    statuses: list[int] = field(default_factory=list)

    def buy(self, slug: str = "starter", user: str = "u1", token: str = "tok_visa") -> Payment:
        package = CATALOG.by_slug(slug)
        assert package is not None
        metadata = {"managed_by": "creditctl", "user_id": user, "package": slug, "credits": str(package.credits)}
        price: Any = {"currency": "usd", "unit_amount": package.amount, "product_data": {"name": package.name}}
        session = self.client.v1.checkout.sessions.create(
            params={
                "mode": "payment",
                "success_url": "https://shop.example/done",
                "client_reference_id": user,
                "line_items": [{"quantity": 1, "price_data": price}],
                "metadata": metadata,
                "payment_intent_data": {"metadata": metadata},
            }
        )
        return pay(self.client, session.id, token)

    def deliver(self) -> None:
        """Sends what is due; while `losing`, nothing arrives."""
        self.emulator.pump(send=self._send)

    def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if self.losing:
            raise OSError("lost on the way")
        signature = next(value for name, value in headers.items() if name.lower() == "stripe-signature")
        status = self.webhook.receive(body, signature).status
        self.statuses.append(status)
        return Reply(status)

    def balances(self) -> dict[str, int]:
        return {balance.user_id: balance.credits for balance in read(self.ledger).balances()}


@pytest.fixture
def market(cli: Cli, emulator: Emulator, tmp_path: Path) -> Iterator[Market]:
    client = stripe.StripeClient(
        TEST_KEY, http_client=EmulatorHTTPClient(emulator), base_addresses={"api": BASE}, max_network_retries=0
    )
    account = client.v1.accounts.retrieve_current().id
    endpoint = client.v1.webhook_endpoints.create(
        params={"url": "http://127.0.0.1:9/api/credits/webhook", "enabled_events": ["*"]}
    )
    path = tmp_path / "creditctl-emulator.db"
    with Ledger.open(path, account=account, livemode=False, clock=cli.clock) as ledger:
        webhook = Webhook(
            ledger=ledger,
            stripe=StripeReader(client),
            secrets=[Secret(str(endpoint.secret))],
            catalog=CATALOG,
            account=account,
            livemode=False,
            clock=lambda: int(time.time()),  # a signature's time is always real
        )
        yield Market(emulator, client, ledger, webhook, cli.clock)
