"""A real browser on a real storefront: `creditctl demo --serve` as a process, Chromium driven by Playwright."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import Buyer, OpenPage, Storefront
from tests.support.waiting import exit_of, patience, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; skipped where it or Playwright is missing, nothing is ever downloaded."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no chromium on the PATH")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=1000 * patience(60))
        yield started
        started.close()


@pytest.fixture(scope="session")
def shop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storefront]:
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
        assert exit_of(process, 20) == 130


def _addresses(process: subprocess.Popen[bytes], told: Path) -> Storefront:
    def look() -> re.Match[str] | None:
        assert process.poll() is None, told.read_text()
        return re.search(r"storefront is at (\S+)/ and the local Stripe at (\S+)\.\s", told.read_text())

    found = wait_until(look, 30, every=0.05, otherwise=told.read_text)
    assert found is not None
    return Storefront(found[1], found[2])


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens a page in a context of its own: `open_page(java_script_enabled=False)`."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> Page:
        context = browser.new_context(**options)
        context.set_default_timeout(1000 * patience(30))
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def user_id(request: pytest.FixtureRequest) -> str:
    """A buyer whom no other test knows."""
    return "user_" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]


@pytest.fixture
def buyer(shop: Storefront, open_page: OpenPage, user_id: str) -> Buyer:
    """A buyer at a desk."""
    return Buyer(shop, open_page(), user_id)
