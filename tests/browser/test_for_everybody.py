"""The pages for people with a keyboard only, a screen reader, a phone, dark colours or weak eyes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import Buyer, OpenPage

if TYPE_CHECKING:
    from playwright.sync_api import Page

GOOD, DECLINED, CHALLENGE = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0000 0000 3220"
PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "device_scale_factor": 2, "has_touch": True}
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


FAULTS_OF_STRUCTURE = """() => {
  const faults = [], shown = element => element ? ": " + element.outerHTML.slice(0, 90) : "";
  const say = (text, element) => faults.push(text + shown(element));
  const all = selector => [...document.querySelectorAll(selector)];
  const named = element => (element.getAttribute("aria-label") || element.innerText || element.alt || "").trim();
  if (document.documentElement.lang !== "en") say("no language");
  if (!document.title.trim()) say("no title");
  if (!document.querySelector("meta[name=viewport]")) say("no viewport");
  if (all("main").length !== 1) say("not one main");
  if (all("h1").length !== 1) say("not one h1");
  let level = 0;
  for (const heading of all("h1,h2,h3,h4,h5,h6")) {
    const here = +heading.tagName[1];
    if (here > level + 1) say("a heading level is skipped", heading);
    if (!heading.innerText.trim()) say("an empty heading", heading);
    level = here;
  }
  for (const field of all("input:not([type=hidden]),select,textarea"))
    if (![...field.labels].some(label => label.innerText.trim()) && !field.getAttribute("aria-label"))
      say("a field without a label", field);
  for (const element of all("a,button,summary")) if (!named(element)) say("nothing to read aloud", element);
  for (const element of all("img")) if (!element.hasAttribute("alt")) say("a picture without words", element);
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) say("a focus order of its own", element);
  for (const element of all("[aria-describedby]"))
    for (const id of element.getAttribute("aria-describedby").split(" "))
      if (!document.getElementById(id)) say("described by nothing", element);
  for (const table of all("table")) if (!table.querySelector("th[scope]")) say("a table without headings", table);
  for (const group of all("fieldset")) if (!group.querySelector("legend")) say("a group without a name", group);
  const ids = all("[id]").map(element => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) say("an id twice: " + id);
  return faults;
}"""

WEAK_CONTRASTS = """() => {
  const probe = document.createElement("i");
  document.body.append(probe);
  const computed = color => { probe.style.backgroundColor = color; return getComputedStyle(probe).backgroundColor; };
  const parts = color => { const n = color.match(/[\\d.]+/g).map(Number); return n.length === 3 ? [...n, 1] : n; };
  const canvas = parts(computed("Canvas"));
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const behind = element => {
    if (!element) return canvas;
    const own = parts(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(element.parentElement));
  };
  const light = color => {
    const [r, g, b] = color.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const weak = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const judge = (text, element, color) => {
    const style = getComputedStyle(element), back = behind(element), front = over(parts(color), back);
    const [bright, dark] = [light(front), light(back)].sort((a, b) => b - a), ratio = (bright + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) weak.push(`${ratio.toFixed(2)} ${text.slice(0, 40)}`);
  };
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (text && element.checkVisibility()) judge(text, element, getComputedStyle(element).color);
  }
  for (const field of document.querySelectorAll("input[placeholder]"))
    judge(field.placeholder, field, getComputedStyle(field, "::placeholder").color);
  probe.remove();
  return weak;
}"""


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
        if _overflows(visitor.page):
            too_wide.append(name)
        for target in visitor.page.locator("button:visible, input:visible:not([type=radio])").all():
            box = target.bounding_box()
            if box is None or box["height"] < SMALLEST_TARGET_PIXELS:
                too_small.append(f"{name}: {target.get_attribute('id') or target.inner_text()}")
        visitor.page.set_viewport_size({"width": 640, "height": 800})
        visitor.page.evaluate("document.documentElement.style.fontSize = '200%'")
        if _overflows(visitor.page):
            too_wide.append(f"{name} in letters twice as large")
        visitor.page.evaluate("document.documentElement.style.fontSize = ''")
        visitor.page.set_viewport_size(PHONE["viewport"])

    assert (too_wide, too_small) == ([], [])


def _overflows(page: Page) -> bool:
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide


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
