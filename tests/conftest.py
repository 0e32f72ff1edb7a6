"""What every test may use: a clock that stands still, an emulator, and the command line with both wired in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support.cli import Cli
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY
from tests.support.usage import is_wide, starts_processes, tries_examples
from tests.support.waiting import patience

if TYPE_CHECKING:
    import pytest_timeout

    from creditctl.emulator.app import Emulator

# Time limits on examples only measure the machine. At the desk each run tries new examples; a hand-in is repeatable.
TIMELESS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("desk", TIMELESS)
settings.register_profile("ci", TIMELESS, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

SCALED = pytest.StashKey[bool]()
"""Whether the limit on a test was already made longer."""


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still in September 2026."""
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    """An emulator in memory, with the test's clock."""
    from creditctl.emulator.app import Emulator

    built = Emulator(clock=clock, seed=1)
    yield built
    built.close()


@pytest.fixture
def offline_cli(tmp_path: Path, clock: Clock) -> Cli:
    """The command line with an empty environment and no Stripe behind it."""
    return Cli(folder=tmp_path, clock=clock, environ={"HOME": str(tmp_path), "NO_COLOR": "1"})


@pytest.fixture
def cli(tmp_path: Path, clock: Clock, emulator: Emulator) -> Cli:
    """The command line in a fresh folder, its Stripe the in-process emulator."""
    from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

    environ = {
        "HOME": str(tmp_path),
        "NO_COLOR": "1",
        "STRIPE_SECRET_KEY": TEST_KEY,
        "STRIPE_API_BASE": "http://127.0.0.1:12111",
    }
    return Cli(folder=tmp_path, clock=clock, environ=environ, transport=lambda: EmulatorHTTPClient(emulator))


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: pytest_timeout.Settings) -> bool | None:
    """The limit on one test, as long as the machine is busy; set by pytest-timeout itself."""
    if item.stash.get(SCALED, False):
        return None
    item.stash[SCALED] = True
    scaled = settings._replace(timeout=patience(settings.timeout))
    answer: bool | None = item.ihook.pytest_timeout_set_timer(item=item, settings=scaled)
    item.stash[SCALED] = False
    return answer


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what `make test-fast` leaves out: tests that start a process, try many examples, or look at everything."""
    if not config.getoption("markexpr"):
        return  # who chooses by no mark needs none, and reading the code of every test takes its time
    for item in items:
        if starts_processes(item):
            item.add_marker(pytest.mark.outside)
        if tries_examples(item):
            item.add_marker(pytest.mark.examples)
        if is_wide(item):
            item.add_marker(pytest.mark.wide)
