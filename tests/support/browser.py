"""Browser worlds for tests: a storefront that runs, and somebody in front of it who sees only what the pages show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from tests.support.waiting import Deadline, patience

if TYPE_CHECKING:
    from playwright.sync_api import Page


class OpenPage(Protocol):
    """Opens a page in a context of its own: `open_page(java_script_enabled=False)`."""

    def __call__(self, **options: Any) -> Page: ...


@dataclass(frozen=True)
class Storefront:
    """The addresses of a storefront that runs."""

    url: str
    stripe_url: str

    def balance(self, user_id: str) -> int:
        """The credits of a user, by the API."""
        url, asked = f"{self.url}/api/credits/balance", {"user_id": user_id}
        answer = httpx.get(url, params=asked, trust_env=False, timeout=patience(20))
        balance: int = answer.json()["balance"]
        return balance


@dataclass
class Buyer:
    """Somebody in front of the browser, who sees only what the pages show."""

    shop: Storefront
    page: Page
    user_id: str

    def at(self, page: Page) -> Buyer:
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
        return self.page.get_by_role("heading", level=1).inner_text()

    @property
    def problem(self) -> str:
        """What the page says went wrong."""
        return self.page.get_by_role("alert").inner_text()

    def wait_for_credits(self) -> None:
        """On the way back from Stripe: looks again, as the page offers, until the webhook has been."""
        self.page.wait_for_url(f"{self.shop.url}/credits/success?session_id=cs_test_*")
        deadline = Deadline(30)
        while self.heading == "Payment received" and not deadline.passed:
            self.page.get_by_role("link", name="Check again").click()
        assert self.heading == "Your credits are here"
