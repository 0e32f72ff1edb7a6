"""Worlds of the webhook commands: a command line whose backend has a URL, and the account behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli


@pytest.fixture
def client(emulator: Emulator) -> stripe.StripeClient:
    """The account behind the command line."""
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

    return stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator))


@pytest.fixture
def shop(cli: Cli) -> Cli:
    """The command line of a backend with a URL where nobody listens."""
    cli.environ["CREDITS_API_URL"] = "http://127.0.0.1:9"
    return cli
