"""pytest plugin (entry point `pytest11`): the fixture `creditctl_stripe`, and one test item a scenario.

It is imported in every run of pytest where creditctl is installed, so it imports nothing of creditctl until it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from creditctl.cli.testing.scenario_items import ScenarioFile
    from creditctl.cli.testing.stripe_fixture import SharedEmulator, StripeFixture

PROJECT_FILE = "creditctl.toml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the plugin's options."""
    group = parser.getgroup("creditctl", "creditctl: scenarios of `creditctl simulate`")
    group.addoption(
        "--creditctl-strict", action="store_true", help="A scenario that could not be tried fails, instead of a skip."
    )
    group.addoption(
        "--creditctl-timeout", type=float, metavar="SECONDS", help="The longest wait for one balance (usually 30)."
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Collects a project file that was named as such, on the command line or in `testpaths`; never one by chance."""
    if file_path.name != PROJECT_FILE or not parent.session.isinitpath(file_path):
        return None
    from creditctl.cli.testing.scenario_items import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


@pytest.fixture(scope="session")
def creditctl_emulator() -> Iterator[SharedEmulator]:
    """The emulator of this process, started for the first test that wants it; with xdist each worker has its own."""
    from creditctl.cli.testing.stripe_fixture import shared_emulator

    with shared_emulator() as shared:
        yield shared


@pytest.fixture
def creditctl_stripe(creditctl_emulator: SharedEmulator) -> Iterator[StripeFixture]:
    """A local Stripe with an account of this test's own: `url`, `key`, `secret`, `pay`, `refund`, `dispute`, …"""
    fixture = creditctl_emulator.account()
    yield fixture
    creditctl_emulator.give_back(fixture)
