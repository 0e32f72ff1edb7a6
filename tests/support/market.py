"""Market for tests of the command line: buyers on the emulator, a webhook that may lose what it is told, a ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import stripe

from creditctl.core.keys import Secret
from creditctl.emulator.protocol.wire import Reply
from creditctl.emulator_client.checkout_payer import Payment, pay
from creditctl.fulfilment.webhook import Webhook
from creditctl.ledger.store import Ledger
from creditctl.payments.reading.stripe_reader import StripeReader
from tests.support.existing_shop import CATALOG, client_of, open_session
from tests.support.ledger_calls import read

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli
    from tests.support.clock import Clock


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
        return pay(self.client, open_session(self.client, user, slug), token)

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
    client = client_of(emulator)
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
