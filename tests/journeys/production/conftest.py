"""The production that the tests of this folder plant faults in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.journeys.production.backend import CreditBackend, running
from tests.journeys.production.world import Production

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli


@pytest.fixture
def production(cli: Cli, emulator: Emulator, tmp_path: Path) -> Iterator[Production]:
    """A production in order: set up, one package bought and booked an hour ago, reconciled."""
    with running(CreditBackend(tmp_path / "shop.db", cli.clock)) as backend:
        made = Production(cli, emulator, backend)
        made.set_up()
        made.buy()
        made.later()
        yield made
