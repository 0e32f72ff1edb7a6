"""Requests of a plan and of an apply against the fewest with which the same could be known and done."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from creditctl.cli.app import run
from creditctl.cli.wiring import Wiring
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.bench.bench_tools import Row
from tests.support.keys import TEST_KEY

PACKAGES = 5
LEAST_READS_EMPTY = 2
"""Products, and endpoints: where there is no product there is no price.

Source: Stripe API reference, "Create a price": every price has a product.
"""
LEAST_READS = 4
"""Products, active prices, archived prices, endpoints: a list of prices shows one kind at a time.

Source: Stripe API reference, "List all prices". Looking prices up by key would miss orphans and those that lost it.
"""
LEAST_WRITES = PACKAGES + PACKAGES + 2
"""A product and a price for each package, the endpoint, and the mark on it, for the secret is known only afterwards."""
REPRICE_WRITES = 3
"""The new price, the default price moved to it, the old price archived: Stripe takes each of them alone."""


class Shop:
    """A folder with settings, in which the command line runs against an emulator in memory."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder, self.emulator = folder, emulator
        self.environ = {
            "STRIPE_SECRET_KEY": TEST_KEY,
            "STRIPE_API_BASE": "http://127.0.0.1:12111",
            "CREDITS_API_URL": "http://127.0.0.1:9",
        }

    def requests(self, *options: str) -> int:
        """How many requests one `setup` sends."""
        out = io.StringIO()
        wiring = Wiring(self.environ, self.folder, io.StringIO(), out, io.StringIO())
        wiring.transport = lambda: EmulatorHTTPClient(self.emulator)
        code = run(["setup", "--json", *options], wiring)
        if code != 0:
            raise RuntimeError(f"setup ended with {code}: {out.getvalue()}")
        return int(json.loads(out.getvalue())["report"]["requests"])

    def make_defaults(self) -> None:
        """Makes each price the default of its product, as a person does in the Dashboard."""
        import stripe

        client = stripe.StripeClient(self.environ["STRIPE_SECRET_KEY"], http_client=EmulatorHTTPClient(self.emulator))
        for price in client.v1.prices.list({"limit": 100}).data:
            client.v1.products.update(str(price.product), {"default_price": price.id})

    def dearer(self) -> str:
        """A catalogue with one price changed."""
        from importlib import resources

        shipped = resources.files("creditctl.core").joinpath("packages.toml").read_text()
        (self.folder / "dearer.toml").write_text(shipped.replace("amount = 1_000\n", "amount = 1_200\n"))
        return "dearer.toml"


@contextlib.contextmanager
def new_shop() -> Iterator[Shop]:
    """A shop on a clean account."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Emulator(seed=1)) as emulator:
        yield Shop(Path(folder), emulator)


def rows(_share: float = 1.0) -> Iterable[Row]:
    """A plan and an apply: clean account, one that is set up, one new price; counted, so always whole."""
    with new_shop() as shop:
        yield _row("setup --dry-run, clean account", shop.requests("--dry-run"), LEAST_READS_EMPTY)
        yield _row("setup, clean account", shop.requests(), LEAST_READS_EMPTY + LEAST_WRITES)
        yield _row("setup again, nothing to do", shop.requests(), LEAST_READS)
        yield _row("setup --check, nothing to do", shop.requests("--check"), LEAST_READS)
        shop.make_defaults()
        yield _row("setup, one price changed", shop.requests("--catalog", shop.dearer()), LEAST_READS + REPRICE_WRITES)


def _row(measured: str, ours: int, least: int) -> Row:
    return Row(measured, "fewest requests possible", str(ours), str(least), ours / least, "1")
