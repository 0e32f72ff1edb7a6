"""`creditctl setup` while somebody else is at work on the same account: a second run, a person in the Dashboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import stripe

from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import ScriptedStripe, SentRequest, meanwhile

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli, Outcome

DEARER = """
currency = "usd"
[[package]]
number = 1
slug = "starter"
name = "Starter"
credits = 1000
amount = 1200
"""

Fits = Callable[[SentRequest], bool]


class Disturbed(Protocol):
    """Runs `setup --json` while `work` happens before or after its first request that fits."""

    def __call__(self, fits: Fits, work: Callable[[], object], *options: str, after: bool = ...) -> Outcome: ...


@pytest.fixture
def shop(cli: Cli) -> Cli:
    """The command line of a backend with a URL."""
    cli.environ["CREDITS_API_URL"] = "http://127.0.0.1:9"
    return cli


@pytest.fixture
def client(emulator: Emulator) -> stripe.StripeClient:
    """The account behind the command line."""
    return stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator))


@pytest.fixture
def disturbed(shop: Cli, emulator: Emulator) -> Disturbed:
    """Runs `setup --json` with something else happening around its first request that fits."""

    def run(fits: Fits, work: Callable[[], object], *options: str, after: bool = False) -> Outcome:
        plain, meddling = shop.transport, ScriptedStripe(emulator)

        def quiet() -> None:
            shop.transport = plain
            work()
            shop.transport = lambda: meddling

        happens = meddling.on(meanwhile(quiet, committed=after), when=fits, at=1)

        shop.transport = lambda: meddling
        outcome = shop("setup", "--json", *options)
        shop.transport = plain
        assert happens.hits == 1
        return outcome

    return run


def lists(path: str) -> Fits:
    return lambda request: request.method == "GET" and f"/v1/{path}" in request.url


@pytest.mark.parametrize("path", ["products", "webhook_endpoints"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_whole_run_in_between_leaves_its_endpoint_and_secret_alone(
    path: str, after: bool, shop: Cli, client: stripe.StripeClient, disturbed: Disturbed
) -> None:
    env = shop.folder / ".env"
    seen: dict[str, Any] = {}

    def another_run() -> None:
        seen["endpoint"] = shop("setup", "--json").report["endpoint"]
        seen["env"] = env.read_text()

    outcome = disturbed(lists(path), another_run, after=after)

    assert (outcome.exit_code, outcome.report["endpoint"]) == (0, seen["endpoint"])
    assert env.read_text() == seen["env"]
    assert [endpoint.id for endpoint in client.v1.webhook_endpoints.list().data] == [seen["endpoint"]]
    assert len(client.v1.prices.list().data) == 5


@pytest.mark.parametrize("active", ["true", "false"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_reprice_between_two_pages_of_prices_is_made_once(
    active: str, after: bool, shop: Cli, client: stripe.StripeClient, disturbed: Disturbed
) -> None:
    (shop.folder / "dearer.toml").write_text(DEARER)
    shop("setup")
    options = ("--catalog", "dearer.toml")
    outcome = disturbed(
        lambda request: request.method == "GET" and f"active={active}" in request.url.lower(),
        lambda: shop("setup", *options),
        *options,
        after=after,
    )

    assert outcome.exit_code == 0
    prices = client.v1.prices.list({"product": "creditctl_starter", "active": True}).data
    assert [price.unit_amount for price in prices] == [1200]
    assert outcome.report["prices"]["starter"] == prices[0].id
