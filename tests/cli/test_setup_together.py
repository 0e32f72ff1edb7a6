"""`creditctl setup` while somebody else is at work on the same account: a second run, a person in the Dashboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli

DEARER = """
currency = "usd"
[[package]]
number = 1
slug = "starter"
name = "Starter"
credits = 1000
amount = 1200
"""


class Meddling(stripe.HTTPClient):
    """Passes requests on, and once, before or after the first that fits, lets somebody else do their work."""

    name = "meddling"

    def __init__(
        self, emulator: Emulator, fits: Callable[[str, str], bool], meanwhile: Callable[[], object], *, after: bool
    ) -> None:
        super().__init__()
        self._inner = EmulatorHTTPClient(emulator)
        self._fits, self._meanwhile, self._after = fits, meanwhile, after
        self.happened = False

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, *, _usage: Any = None) -> Any:
        now = not self.happened and self._fits(method, url)
        self.happened = self.happened or now
        if now and not self._after:
            self._meanwhile()
        answer = self._inner.request(method, url, headers, post_data)
        if now and self._after:
            self._meanwhile()
        return answer

    def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture
def shop(cli: Cli) -> Cli:
    """The command line of a backend with a URL."""
    cli.environ["CREDITS_API_URL"] = "http://127.0.0.1:9"
    return cli


@pytest.fixture
def client(emulator: Emulator) -> stripe.StripeClient:
    """The account behind the command line."""
    return stripe.StripeClient("sk_test_emulator0000000000", http_client=EmulatorHTTPClient(emulator))


@pytest.fixture
def disturbed(shop: Cli, emulator: Emulator) -> Callable[..., Any]:
    """Runs `setup --json` with something else happening around its first request that fits."""

    def run(
        fits: Callable[[str, str], bool], meanwhile: Callable[[], object], *options: str, after: bool = False
    ) -> Any:
        plain, meddling = shop.transport, Meddling(emulator, fits, lambda: quiet(meanwhile), after=after)

        def quiet(work: Callable[[], object]) -> None:
            shop.transport = plain
            work()
            shop.transport = lambda: meddling

        shop.transport = lambda: meddling
        outcome = shop("setup", "--json", *options)
        shop.transport = plain
        assert meddling.happened
        return outcome

    return run


def lists(path: str) -> Callable[[str, str], bool]:
    return lambda method, url: method == "get" and f"/v1/{path}" in url


@pytest.mark.parametrize("path", ["products", "webhook_endpoints"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_whole_run_in_between_leaves_its_endpoint_and_secret_alone(
    path: str, after: bool, shop: Cli, client: stripe.StripeClient, disturbed: Callable[..., Any]
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
    active: str, after: bool, shop: Cli, client: stripe.StripeClient, disturbed: Callable[..., Any]
) -> None:
    (shop.folder / "dearer.toml").write_text(DEARER)
    shop("setup")
    options = ("--catalog", "dearer.toml")
    outcome = disturbed(
        lambda method, url: method == "get" and f"active={active}" in url.lower(),
        lambda: shop("setup", *options),
        *options,
        after=after,
    )

    assert outcome.exit_code == 0
    prices = client.v1.prices.list({"product": "creditctl_starter", "active": True}).data
    assert [price.unit_amount for price in prices] == [1200]
    assert outcome.report["prices"]["starter"] == prices[0].id
