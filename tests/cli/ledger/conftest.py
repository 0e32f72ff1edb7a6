"""The command line with a ledger of three purchases, in test mode and in live mode."""

from __future__ import annotations

import pytest

from tests.support.cli import Cli
from tests.support.ledger_books import book_of


@pytest.fixture
def book(offline_cli: Cli) -> Cli:
    """The command line, and a ledger of test mode with three purchases, named by CREDITCTL_LEDGER."""
    return book_of(offline_cli)


@pytest.fixture
def live_book(offline_cli: Cli) -> Cli:
    """The same in live mode."""
    return book_of(offline_cli, livemode=True)
