"""A real browser on a real storefront: `creditctl demo --serve` as a process, Chromium driven by Playwright."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_SECONDS = 30.0
STEP_MILLISECONDS = 10_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; skipped where it or Playwright is missing, nothing is ever downloaded."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no chromium on the PATH")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@dataclass(frozen=True)
class Shop:
    """The addresses of a storefront that runs."""

    url: str
    stripe_url: str

    def balance(self, user_id: str) -> int:
        """The credits of a user, by the API."""
        answer = httpx.get(f"{self.url}/api/credits/balance", params={"user_id": user_id}, trust_env=False)
        balance: int = answer.json()["balance"]
        return balance


@pytest.fixture(scope="session")
def shop(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """`creditctl demo --serve` until the tests are done; stopped with Ctrl-C, as a person would."""
    folder = tmp_path_factory.mktemp("shop")
    keep = {key: os.environ[key] for key in ("PATH", "VIRTUAL_ENV") if key in os.environ}
    environ = {**keep, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C", "PYTHONUNBUFFERED": "1"}
    told = folder / "told.txt"
    with told.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "creditctl", "demo", "--serve"],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        yield _addresses(process, told)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def _addresses(process: subprocess.Popen[bytes], told: Path) -> Shop:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"storefront is at (\S+)/ and the local Stripe at (\S+)\.\s", told.read_text())
        if found:
            return Shop(found[1], found[2])
        time.sleep(0.05)
    raise AssertionError(told.read_text())


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page in a context of its own: `open_page(java_script_enabled=False)`."""
    contexts: list[Any] = []

    def make(**options: Any) -> Any:
        context = browser.new_context(**options)
        context.set_default_timeout(STEP_MILLISECONDS)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def user_id(request: pytest.FixtureRequest) -> str:
    """A buyer whom no other test knows."""
    return "user_" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]


@dataclass
class Buyer:
    """Somebody in front of the browser, who sees only what the pages show."""

    shop: Shop
    page: Any
    user_id: str

    def at(self, page: Any) -> Buyer:
        """The same buyer before another page."""
        return Buyer(self.shop, page, self.user_id)

    def choose(self, package: str) -> None:
        """From the storefront to the Checkout page."""
        self.page.goto(f"{self.shop.url}/credits")
        self.page.get_by_label("User id").fill(self.user_id)
        self.page.get_by_role("button", name=f"Buy {package}").click()
        self.page.wait_for_url(f"{self.shop.stripe_url}/c/pay/**")

    def fill_in(self, card: str, *, expiry: str = "12 / 34", code: str = "123", email: str = "a@example.com") -> None:
        """Everything that the Checkout page needs for a card."""
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Card number").fill(card)
        self.page.get_by_label("Expiry").fill(expiry)
        self.page.get_by_label("Security code").fill(code)

    def pay(self, card: str, **details: str) -> None:
        """Fills in the form and submits it."""
        self.fill_in(card, **details)
        self.page.get_by_role("button", name=re.compile("^Pay ")).click()

    @property
    def heading(self) -> str:
        """What the page says it is."""
        text: str = self.page.get_by_role("heading", level=1).inner_text()
        return text

    @property
    def problem(self) -> str:
        """What the page says went wrong."""
        text: str = self.page.get_by_role("alert").inner_text()
        return text

    def wait_for_credits(self) -> None:
        """On the way back from Stripe: looks again, as the page offers, until the webhook has been."""
        self.page.wait_for_url(f"{self.shop.url}/credits/success?session_id=cs_test_*")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.heading == "Payment received" and time.monotonic() < deadline:
            self.page.get_by_role("link", name="Check again").click()
        assert self.heading == "Your credits are here"


@pytest.fixture
def buyer(shop: Shop, open_page: Callable[..., Any], user_id: str) -> Buyer:
    """A buyer at a desk."""
    return Buyer(shop, open_page(), user_id)
