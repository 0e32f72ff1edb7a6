"""The pages for people with a keyboard only, a screen reader, a phone, dark colours or weak eyes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import Buyer, OpenPage
from tests.support.page_measures import FAULTS_OF_STRUCTURE, PHONE, WEAK_CONTRASTS, overflows

if TYPE_CHECKING:
    from playwright.sync_api import Page

GOOD, DECLINED, CHALLENGE = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0000 0000 3220"
SMALLEST_TARGET_PIXELS = 44


def stations(buyer: Buyer) -> Iterator[str]:
    """Every page of a purchase, one after the other, each with its name."""
    page, shop = buyer.page, buyer.shop
    page.goto(f"{shop.url}/credits")
    yield "storefront"
    page.get_by_label("User id").fill(" ")
    page.get_by_role("button", name="Buy Starter").click()
    yield "storefront with a problem"
    buyer.choose("Starter")
    yield "checkout"
    page.get_by_text("Test cards", exact=True).click()
    yield "checkout with the test cards"
    buyer.pay(DECLINED)
    yield "checkout after a decline"
    buyer.pay(GOOD, code="1")
    yield "checkout with a wrong field"
    buyer.pay(CHALLENGE)
    page.get_by_role("button", name="Complete the authentication").wait_for()
    yield "challenge"
    address = page.url
    page.get_by_role("button", name="Complete the authentication").click()
    buyer.wait_for_credits()
    yield "success"
    page.goto(re.sub("/challenge$", "", address))
    yield "checkout that is done"
    page.goto(f"{shop.url}/credits/cancel")
    yield "cancel"
    page.goto(f"{shop.url}/credits/success?session_id=cs_test_nobody")
    yield "success of no payment"
    page.goto(f"{shop.url}/docs")
    yield "documentation"
    page.goto(f"{shop.stripe_url}/c/pay/cs_test_nobody")
    yield "no such checkout"
    page.goto(shop.stripe_url)
    yield "overview of the emulator"
    page.get_by_role("link", name=re.compile("^cs_test_")).first.click()
    page.get_by_role("heading", level=1, name=re.compile("^cs_test_")).wait_for()
    yield "an object of the emulator"
    page.get_by_role("link", name="Deliveries", exact=True).click()
    yield "deliveries of the emulator"
    page.get_by_role("cell").get_by_role("link").first.click()
    yield "a delivery of the emulator"
    page.get_by_role("searchbox").fill("nobody at all")
    page.get_by_role("button", name="Search").click()
    yield "a search that finds nothing"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_well_built_and_readable(buyer: Buyer, open_page: OpenPage, scheme: str) -> None:
    visitor = buyer.at(open_page(color_scheme=scheme))
    faults = {
        name: visitor.page.evaluate(FAULTS_OF_STRUCTURE) + visitor.page.evaluate(WEAK_CONTRASTS)
        for name in stations(visitor)
    }

    assert {name: found for name, found in faults.items() if found} == {}
    assert len(faults) == 18


def test_the_measures_find_what_is_wrong(open_page: OpenPage) -> None:
    page = open_page()
    page.set_content(
        "<h1>A</h1><h3>B</h3><input id=x><a href=x></a><p id=x style='color: #999'>faint</p>"
        "<p aria-describedby=no>d</p>"
    )

    found = " ".join(page.evaluate(FAULTS_OF_STRUCTURE) + page.evaluate(WEAK_CONTRASTS))

    for fault in ("language", "title", "main", "skipped", "label", "read aloud", "id twice", "described", "2.85 faint"):
        assert fault in found


def test_on_a_phone_nothing_is_wider_than_the_screen_and_everything_can_be_tapped(
    buyer: Buyer, open_page: OpenPage
) -> None:
    visitor = buyer.at(open_page(**PHONE))
    too_wide, too_small = [], []
    for name in stations(visitor):
        if overflows(visitor.page):
            too_wide.append(name)
        for target in visitor.page.locator("button:visible, input:visible:not([type=radio])").all():
            box = target.bounding_box()
            if box is None or box["height"] < SMALLEST_TARGET_PIXELS:
                too_small.append(f"{name}: {target.get_attribute('id') or target.inner_text()}")
        visitor.page.set_viewport_size({"width": 640, "height": 800})
        visitor.page.evaluate("document.documentElement.style.fontSize = '200%'")
        if overflows(visitor.page):
            too_wide.append(f"{name} in letters twice as large")
        visitor.page.evaluate("document.documentElement.style.fontSize = ''")
        visitor.page.set_viewport_size(PHONE["viewport"])

    assert (too_wide, too_small) == ([], [])


class Keyboard:
    """A buyer who has no mouse: reaches everything with Tab and sees where the focus is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def tab_to(self, name: str, most: int = 25) -> None:
        """Presses Tab until something of this name has the focus."""
        passed = []
        for _ in range(most):
            self.page.keyboard.press("Tab")
            passed.append(self.focused())
            if passed[-1].startswith(name):
                assert self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(f"{name} was not reached, but {passed}")

    def focused(self) -> str:
        """The name of what has the focus."""
        name: str = self.page.evaluate(
            "(e => (e.labels && e.labels.length ? e.labels[0].innerText : e.innerText || '').trim())"
            "(document.activeElement)"
        )
        return name

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def enter(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


def test_a_purchase_with_the_keyboard_alone(buyer: Buyer) -> None:
    buyer.page.goto(f"{buyer.shop.url}/credits")
    keys = Keyboard(buyer.page)
    keys.tab_to("Skip to the content", most=1)
    keys.tab_to("User id")
    keys.type(buyer.user_id)
    keys.tab_to("Buy Pro")
    keys.enter()

    for name, text in (
        ("E-mail", "a@example.com"),
        ("Card number", CHALLENGE),
        ("Expiry", "1234"),
        ("Security", "123"),
    ):
        keys.tab_to(name)
        keys.type(text)
    keys.tab_to("Pay $100.00")
    keys.enter()
    keys.tab_to("Complete the authentication")
    keys.enter()

    buyer.wait_for_credits()
    assert buyer.shop.balance(buyer.user_id) == 13_500


def test_cancelling_and_failing_are_within_reach_of_the_keyboard(buyer: Buyer) -> None:
    buyer.choose("Starter")
    buyer.pay(CHALLENGE)
    keys = Keyboard(buyer.page)
    keys.tab_to("Fail the authentication")
    keys.enter()
    assert "authenticat" in buyer.problem
    keys.tab_to("Cancel")
    keys.enter()

    assert buyer.heading == "Nothing was bought"


def test_the_skip_link_leads_to_the_content(buyer: Buyer) -> None:
    buyer.page.goto(f"{buyer.shop.url}/credits")
    keys = Keyboard(buyer.page)
    keys.tab_to("Skip to the content", most=1)
    buyer.page.keyboard.press("Enter")

    keys.tab_to("User id", most=1)
