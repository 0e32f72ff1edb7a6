"""The real command line in real processes against an emulator on a port: killed at any moment, run several times."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.core.keys import Secret
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator.transports.server import EmulatorServer
from tests.support.keys import TEST_KEY
from tests.support.waiting import Deadline, patience

DEADLINE_SECONDS = 60
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Site:
    """A folder with an env file, and processes of the command line at work in it."""

    folder: Path
    emulator: Emulator
    url: str
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> stripe.StripeClient:
        """The account behind it."""
        return stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(self.emulator))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts the command line."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "CREDIT"))}
        own = {"STRIPE_SECRET_KEY": TEST_KEY, "STRIPE_API_BASE": self.url, "CREDITS_API_URL": "http://127.0.0.1:9"}
        return subprocess.Popen(
            [sys.executable, "-m", "creditctl", *arguments],
            cwd=self.folder,
            env={**kept, **own, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **self.extra},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> int:
        """Runs it to its end."""
        return finish([self.start(*arguments)])[0]

    def kill_at_change(self, number: int, *arguments: str) -> None:
        """Runs the command line and kills it for good once the emulator has carried out so many more changes."""
        before = self._changes()
        process = self.start(*arguments)
        deadline = Deadline(DEADLINE_SECONDS)
        while self._changes() < before + number and process.poll() is None and not deadline.passed:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        finish([process])

    def _changes(self) -> int:
        with self.emulator.lock:
            count: int = self.emulator.services.store.tables.execute("SELECT count(*) FROM idempotency").fetchone()[0]
        return count

    @property
    def held(self) -> list[str]:
        """The fingerprints of the secrets in the env file, newest first."""
        path = self.folder / ".env"
        lines = path.read_text().splitlines() if path.exists() else []
        values = [line.partition("=")[2] for line in lines if line.startswith("STRIPE_WEBHOOK_SECRET=")]
        return [Secret(part).fingerprint for value in values for part in value.split(",")]

    def endpoints(self) -> list[dict[str, Any]]:
        """The endpoints' metadata."""
        return [endpoint.metadata.to_dict() for endpoint in self.client.v1.webhook_endpoints.list().data]


def finish(processes: Sequence[subprocess.Popen[str]]) -> list[int]:
    for process in processes:
        with contextlib.closing(process.stdout), contextlib.closing(process.stderr):  # type: ignore[type-var]
            process.communicate(timeout=patience(DEADLINE_SECONDS))
    return [process.returncode for process in processes]


@pytest.fixture
def site(tmp_path: Path, emulator: Emulator) -> Iterator[Site]:
    """A folder and an emulator on a port."""
    with EmulatorServer(emulator) as server:
        yield Site(tmp_path, emulator, server.url)


def assert_settled(site: Site) -> None:
    """One active price a package, one endpoint, its secret in the file, nothing left to do."""
    active = site.client.v1.prices.list({"active": True, "limit": 100}).data
    assert sorted(str(price.lookup_key) for price in active) == sorted(
        f"creditctl_{slug}_usd" for slug in ("starter", "basic", "pro", "business", "enterprise")
    )
    assert [marks.get("secret_fingerprint") for marks in site.endpoints()] == site.held
    assert len(site.held) == 1
    assert site.run("setup", "--check") == 0


@pytest.mark.parametrize("moment", random.Random(4).sample(range(1, 13), 3))
def test_a_first_run_that_was_killed_is_finished_by_the_second(site: Site, moment: int) -> None:
    site.kill_at_change(moment, "setup")
    assert site.run("setup") == 0

    assert_settled(site)


def test_five_first_runs_at_once_make_one_of_everything(site: Site) -> None:
    assert finish([site.start("setup") for _ in range(5)]) == [0] * 5

    assert_settled(site)
    assert len(site.client.v1.prices.list({"limit": 100}).data) == 5


def test_two_reprices_at_once_and_one_killed_make_one_new_price(site: Site) -> None:
    assert site.run("setup") == 0
    for price in site.client.v1.prices.list({"limit": 100}).data:
        site.client.v1.products.update(str(price.product), {"default_price": price.id})
    shipped = (ROOT / "creditctl" / "core" / "packages.toml").read_text()
    (site.folder / "dearer.toml").write_text(shipped.replace("amount = 1_000\n", "amount = 1_200\n"))
    site.extra["CREDITCTL_CATALOG"] = "dearer.toml"
    site.kill_at_change(1, "setup")
    assert finish([site.start("setup"), site.start("setup")]) == [0, 0]

    assert_settled(site)
    product = site.client.v1.products.retrieve("creditctl_starter")
    (price,) = site.client.v1.prices.list({"product": product.id, "active": True}).data
    assert (price.unit_amount, product.default_price) == (1200, price.id)


@pytest.mark.parametrize("way", ["--rotate", "--replace-endpoint"])
@pytest.mark.parametrize("moment", [1, 2])
def test_a_way_out_that_was_killed_is_finished_by_the_second(site: Site, way: str, moment: int) -> None:
    assert site.run("setup") == 0
    theirs = site.held
    (site.folder / ".env").write_text("STRIPE_WEBHOOK_SECRET=whsec_" + "of0something0else\n")
    assert site.run("setup") == 1
    site.kill_at_change(moment, "setup", way, "--yes")
    assert site.run("setup", way, "--yes") == 0

    marks = [marks.get("secret_fingerprint") for marks in site.endpoints()]
    assert (theirs[0] in marks) == (way == "--rotate")
    assert len(marks) == (2 if way == "--rotate" else 1)
    assert set(site.held) <= set(marks)
    if way == "--rotate":
        assert site.run("webhooks", "rotate", "--finish", "--now") == 0
    assert_settled(site)


@pytest.mark.parametrize("moment", [1, 2])
def test_a_rotation_killed_at_its_beginning_never_leaves_us_without_a_secret(site: Site, moment: int) -> None:
    assert site.run("setup") == 0
    site.kill_at_change(moment, "webhooks", "rotate")
    assert {marks.get("secret_fingerprint") for marks in site.endpoints()} & set(site.held)

    assert site.run("webhooks", "rotate", "--now") == 0
    if len(site.held) == 2:
        assert site.run("webhooks", "rotate", "--now") == 0
    assert_settled(site)
