"""Event worlds for tests: a Stripe with events in it, an archive, and a receiver of webhooks with planned answers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Unpack

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.ledger.archive.store import Archive
from creditctl.stripe_api.retry import RetryPolicy
from creditctl.stripe_api.transport import RetryingTransport
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import Scripted, ScriptedStripe, answers, in_turn

if TYPE_CHECKING:
    from stripe.params import EventListParams

ACCOUNT = "acct_example"
EVENTS = "/v1/events*"


@dataclass
class StripeWithEvents:
    """The emulator through the official SDK, with a way to make many events quickly."""

    emulator: Emulator
    clock: Clock
    client: stripe.StripeClient
    http: ScriptedStripe
    transport: RetryingTransport

    def events(self, count: int, *, every_seconds: int = 1) -> list[str]:
        """Makes events (of products), the clock moving on; returns their ids, oldest first."""
        for _ in range(count):
            self.client.v1.products.create(params={"name": "An example"})
            self.clock.now += every_seconds
        return self.ids()[-count:]

    def ids(self, **filters: Unpack[EventListParams]) -> list[str]:
        """The ids of all events that Stripe lists, oldest first, read by the SDK itself."""
        given: EventListParams = {"limit": 100, **filters}
        return [event.id for event in self.client.v1.events.list(given).auto_paging_iter()][::-1]

    def fail(self, *answers_about_events: Scripted) -> None:
        """The next answers about events are these, then nothing goes wrong any more."""
        self.http.on(in_turn(*answers_about_events), path=EVENTS)

    def go_away(self) -> None:
        """No request about events is answered until `http.recover()`."""
        self.http.on(answers(500), path=EVENTS)


def stripe_with_events(emulator: Emulator, clock: Clock, key: str = TEST_KEY) -> StripeWithEvents:
    """The SDK's client on the emulator, with our retries under it."""
    http = ScriptedStripe(emulator)
    transport = RetryingTransport(
        http,
        sleep=lambda _seconds: None,
        chance=lambda: 0.5,
        policy=RetryPolicy(),
        audit=None,
        writes_locked=False,
    )
    client = stripe.StripeClient(key, http_client=transport, max_network_retries=0)
    return StripeWithEvents(emulator, clock, client, http, transport)


class NewStripe(Protocol):
    """Makes a Stripe of its own, empty, on the test's clock."""

    def __call__(self, emulator: Emulator | None = None, key: str = ...) -> StripeWithEvents: ...


@pytest.fixture
def new_stripe(clock: Clock) -> Iterator[NewStripe]:
    """Makes a Stripe of its own, empty, on the test's clock."""
    with contextlib.ExitStack() as stack:

        def make(emulator: Emulator | None = None, key: str = TEST_KEY) -> StripeWithEvents:
            built = emulator or Emulator(clock=clock, seed=1)
            stack.callback(built.close)
            return stripe_with_events(built, clock, key)

        yield make


@pytest.fixture
def stripe_events(emulator: Emulator, clock: Clock) -> StripeWithEvents:
    return stripe_with_events(emulator, clock)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "ledger-archive.db", account=ACCOUNT, livemode=False) as built:
        yield built
