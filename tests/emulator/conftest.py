"""Fixtures of the emulator tests: each runs in process and against the same handler on a loopback port.

With CREDITCTL_TEST_STRIPE_BASE and CREDITCTL_TEST_STRIPE_KEY the tests that need no emulator-only control run against
that server instead, Stripe's own test mode included.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator.transports.server import EmulatorServer
from tests.emulator.world import Inside, Receiver, Refused, World
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY
from tests.support.sdk_clients import client_at

OUTSIDE = os.environ.get("CREDITCTL_TEST_STRIPE_BASE", "")
TRANSPORTS = ["outside"] if OUTSIDE else ["in process", "loopback"]


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Emulator, str]]:
    """One emulator on a loopback port; whoever uses it empties it first."""
    emulator = Emulator(clock=lambda: NOW)
    with EmulatorServer(emulator) as server:
        yield emulator, server.url
    emulator.close()


@pytest.fixture(params=TRANSPORTS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """An empty Stripe behind one transport."""
    with ExitStack() as stack:
        if request.param == "outside":
            key = os.environ["CREDITCTL_TEST_STRIPE_KEY"]
            yield World(client_at(OUTSIDE, key))
            return
        if request.param == "in process":
            emulator = Emulator(clock=lambda: NOW)
            stack.callback(emulator.close)
            http = EmulatorHTTPClient(emulator)
            yield World(stripe.StripeClient(TEST_KEY, http_client=http, max_network_retries=0), emulator)
            return
        emulator, url = request.getfixturevalue("served")
        emulator.reset()
        yield World(client_at(url), emulator, url)


@pytest.fixture
def emulated(world: World) -> World:
    """A world whose clock, deliveries and buyers the test controls: only an emulator has those."""
    if world.emulator is None:
        pytest.skip("needs the emulator's controls")
    return world


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An empty emulator on a clock that stands still."""
    made = Emulator(clock=lambda: NOW)
    yield made
    made.close()


@pytest.fixture
def ask(emulator: Emulator) -> Inside:
    """Requests straight to the handler."""
    return Inside(emulator)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def refused() -> Refused:
    """Call something that Stripe must refuse; answers the SDK's error."""

    def check(action: Callable[[], object]) -> Any:
        with pytest.raises(stripe.StripeError) as caught:
            action()
        return caught.value

    return check


@pytest.fixture
def inside(emulator: Emulator) -> World:
    """A world in process only: its deliveries go where the test says."""
    return World(
        stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator), max_network_retries=0), emulator
    )
