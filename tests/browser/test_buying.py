"""Buying credits in a browser, from the storefront over the Checkout page to the credits and back."""

from __future__ import annotations

import re

import pytest

from tests.support.browser import Buyer, OpenPage

GOOD, DECLINED, CHALLENGE = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0000 0000 3220"


def test_a_purchase_from_the_package_to_the_credits(buyer: Buyer) -> None:
    buyer.choose("Basic")
    assert "$45.00" in buyer.page.get_by_role("table").first.inner_text()
    assert "Basic" in buyer.page.get_by_role("table").first.inner_text()

    buyer.pay(GOOD)

    buyer.wait_for_credits()
    shown = buyer.page.get_by_role("status").inner_text()
    assert "5,500 credits" in shown
    assert buyer.user_id in shown
    assert buyer.shop.balance(buyer.user_id) == 5_500


REFUSALS = {
    DECLINED: ("declined", "generic_decline"),
    "4000 0000 0000 9995": ("insufficient funds", "insufficient_funds"),
    "4000 0000 0000 0069": ("expired", ""),
    "4000 0000 0000 0127": ("security code", ""),
}


def test_declines_are_shown_in_place_and_another_card_pays(buyer: Buyer) -> None:
    buyer.choose("Starter")
    address = buyer.page.url

    for card, (words, code) in REFUSALS.items():
        buyer.pay(card)
        assert words in buyer.problem
        assert code in buyer.problem
        assert buyer.page.url == address
        assert buyer.page.title().startswith("Problem: ")
        assert buyer.page.get_by_label("E-mail").input_value() == "a@example.com"

    assert buyer.shop.balance(buyer.user_id) == 0
    buyer.pay(GOOD)
    buyer.wait_for_credits()
    assert buyer.shop.balance(buyer.user_id) == 1_000


WRONG: tuple[tuple[str, dict[str, str]], ...] = (
    ("E-mail", {"email": "nobody"}),
    ("Card number", {"card": "4242 4242 4242 4241"}),
    ("Expiry", {"expiry": "01 / 20"}),
    ("Expiry", {"expiry": "13 / 34"}),
    ("Security code", {"code": "12"}),
)


def test_what_was_typed_wrong_is_marked_at_its_field(buyer: Buyer) -> None:
    buyer.choose("Starter")

    for label, details in WRONG:
        buyer.pay(**{"card": GOOD, **details})

        field = buyer.page.get_by_label(label)
        assert field.get_attribute("aria-invalid") == "true", label
        described = buyer.page.locator(f"#{field.get_attribute('aria-describedby')}")
        assert described.inner_text() == buyer.problem != ""
        assert buyer.page.locator("[aria-invalid=true]").count() == 1


def test_a_3d_secure_challenge_that_is_passed_pays(buyer: Buyer) -> None:
    buyer.choose("Pro")
    buyer.pay(CHALLENGE)

    assert "$100.00" in buyer.page.get_by_role("main").inner_text()
    buyer.page.get_by_role("button", name="Complete the authentication").click()

    buyer.wait_for_credits()
    assert buyer.shop.balance(buyer.user_id) == 13_500


def test_a_3d_secure_challenge_that_is_failed_leads_back_to_the_form(buyer: Buyer) -> None:
    buyer.choose("Pro")
    buyer.pay(CHALLENGE)

    buyer.page.get_by_role("button", name="Fail the authentication").click()

    assert "authenticat" in buyer.problem
    assert buyer.shop.balance(buyer.user_id) == 0
    buyer.pay(GOOD)
    buyer.wait_for_credits()


def test_a_challenge_left_alone_still_waits_when_the_buyer_comes_back(buyer: Buyer) -> None:
    buyer.choose("Starter")
    address = buyer.page.url
    buyer.pay(CHALLENGE)
    buyer.page.get_by_role("button", name="Complete the authentication").wait_for()

    buyer.page.goto(address)
    buyer.page.get_by_role("button", name="Complete the authentication").click()

    buyer.wait_for_credits()


def test_cancel_leads_back_and_nothing_is_bought(buyer: Buyer) -> None:
    buyer.choose("Enterprise")

    buyer.page.get_by_role("link", name=re.compile("Cancel")).click()

    buyer.page.wait_for_url(f"{buyer.shop.url}/credits/cancel")
    assert buyer.heading == "Nothing was bought"
    buyer.page.get_by_role("link", name="Back to the packages").click()
    assert buyer.heading == "Buy credits"
    assert buyer.shop.balance(buyer.user_id) == 0


def test_going_back_and_paying_again_pays_once(buyer: Buyer) -> None:
    buyer.choose("Starter")
    address = buyer.page.url
    buyer.pay(GOOD)
    buyer.wait_for_credits()

    buyer.page.goto(address)

    assert buyer.page.get_by_role("button").count() == 0
    assert "done" in buyer.heading
    buyer.page.get_by_role("link", name="Continue").click()
    buyer.wait_for_credits()
    assert buyer.shop.balance(buyer.user_id) == 1_000


def test_two_tabs_with_one_session_pay_once(buyer: Buyer) -> None:
    buyer.choose("Starter")
    other = buyer.at(buyer.page.context.new_page())
    other.page.goto(buyer.page.url)

    for tab in (buyer, other):
        tab.fill_in(GOOD)
    buyer.page.get_by_role("button", name=re.compile("^Pay ")).click()
    buyer.wait_for_credits()
    other.page.get_by_role("button", name=re.compile("^Pay ")).click()
    other.page.get_by_role("heading", name=re.compile("done")).wait_for()

    assert buyer.shop.balance(buyer.user_id) == 1_000


def test_a_user_id_of_blanks_is_refused_in_place(buyer: Buyer) -> None:
    buyer.page.goto(f"{buyer.shop.url}/credits")
    buyer.page.get_by_label("User id").fill("   ")
    buyer.page.get_by_role("button", name="Buy Starter").click()

    assert "user id" in buyer.problem.lower()
    assert buyer.heading == "Buy credits"


@pytest.mark.parametrize("card", [GOOD, CHALLENGE], ids=["at once", "challenge"])
def test_everything_works_with_javascript_switched_off(buyer: Buyer, open_page: OpenPage, card: str) -> None:
    plain = buyer.at(open_page(java_script_enabled=False))
    plain.choose("Business")
    plain.pay(DECLINED)
    assert "declined" in plain.problem

    plain.pay(card)
    if card == CHALLENGE:
        plain.page.get_by_role("button", name="Complete the authentication").click()

    plain.wait_for_credits()
    assert plain.shop.balance(plain.user_id) == 35_000


def test_the_pages_ask_nobody_else_for_anything(buyer: Buyer) -> None:
    asked: list[str] = []
    buyer.page.on("request", lambda request: asked.append(request.url))
    complaints: list[str] = []
    buyer.page.on("console", lambda message: complaints.append(message.text))

    buyer.choose("Starter")
    buyer.pay(GOOD)
    buyer.wait_for_credits()

    assert {url for url in asked if not url.startswith((buyer.shop.url, buyer.shop.stripe_url, "data:"))} == set()
    assert complaints == []
