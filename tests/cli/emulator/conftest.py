"""Worlds of the emulator's commands: one emulator on a loopback port, its account, an open session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY
from tests.support.sdk_clients import client_at

if TYPE_CHECKING:
    from tests.support.cli import Cli


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, EmulatorServer]]:
    """One emulator on a loopback port; each test finds it empty."""
    emulator = Emulator(clock=lambda: NOW, files=tmp_path_factory.getbasetemp())
    with EmulatorServer(emulator) as running:
        yield emulator, running
    emulator.close()


@pytest.fixture
def server(served: tuple[Emulator, EmulatorServer]) -> EmulatorServer:
    """The emulator on its port, emptied."""
    served[0].reset()
    return served[1]


@pytest.fixture
def cli(offline_cli: Cli, server: EmulatorServer) -> Cli:
    """The command line, its Stripe the emulator on the port."""
    offline_cli.environ |= {"STRIPE_SECRET_KEY": TEST_KEY, "STRIPE_API_BASE": server.url}
    return offline_cli


@pytest.fixture
def client(server: EmulatorServer) -> stripe.StripeClient:
    """The account behind the command line."""
    return client_at(server.url)


@pytest.fixture
def session(client: stripe.StripeClient) -> Callable[[], str]:
    """Makes an open session over $10.00 and answers its id."""

    def make() -> str:
        return client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "success_url": "http://127.0.0.1:3000/done",
                "client_reference_id": "user_1",
                "line_items": [
                    {
                        "price_data": {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Starter"}},
                        "quantity": 1,
                    }
                ],
            }
        ).id

    return make
