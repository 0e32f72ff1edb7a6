"""Worlds of the webhook commands: a command line whose backend has a URL, and the account behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.conftest import Cli


@pytest.fixture
def client(emulator: Emulator) -> stripe.StripeClient:
    """The account behind the command line."""
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

    return stripe.StripeClient("sk_test_emulator0000000000", http_client=EmulatorHTTPClient(emulator))


@pytest.fixture
def shop(cli: Cli) -> Cli:
    """The command line of a backend with a URL where nobody listens."""
    cli.environ["CREDITS_API_URL"] = "http://127.0.0.1:9"
    return cli
