"""The Checkout page for sessions of any make: discounts, nothing to pay, bank accounts, expiry, hostile names."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Unpack

import pytest

from tests.support.browser import Buyer, Storefront
from tests.support.keys import TEST_KEY
from tests.support.sdk_clients import client_at
from tests.support.waiting import Deadline, run_process

if TYPE_CHECKING:
    from playwright.sync_api import Dialog
    from stripe import V1Services
    from stripe.params.checkout import SessionCreateParams

GOOD = "4242 4242 4242 4242"


@dataclass(frozen=True)
class OpenSession:
    """A session and the address of its page."""

    id: str
    url: str


class NewSession(Protocol):
    """Makes a session as an application of its own would."""

    def __call__(
        self, name: str = "A poster", amount: int = 2500, quantity: int = 2, **more: Unpack[SessionCreateParams]
    ) -> OpenSession: ...


@pytest.fixture
def client(shop: Storefront) -> V1Services:
    return client_at(shop.stripe_url).v1


@pytest.fixture
def session(client: V1Services, shop: Storefront) -> NewSession:
    """Makes a session as an application of its own would."""

    def make(
        name: str = "A poster", amount: int = 2500, quantity: int = 2, **more: Unpack[SessionCreateParams]
    ) -> OpenSession:
        params: SessionCreateParams = {
            "mode": "payment",
            "success_url": f"{shop.url}/credits/success?session_id={{CHECKOUT_SESSION_ID}}",
            "line_items": [
                {
                    "price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": name}},
                    "quantity": quantity,
                }
            ],
            **more,
        }
        made = client.checkout.sessions.create(params)
        assert made.url is not None
        return OpenSession(made.id, made.url)

    return make


def steer(shop: Storefront, *arguments: str) -> None:
    """`creditctl emulator …` on the emulator of the shop."""
    line = [sys.executable, "-m", "creditctl", "emulator", *arguments, "--url", shop.stripe_url]
    done = run_process(line, 30, env={"STRIPE_SECRET_KEY": TEST_KEY})
    assert done.returncode == 0, done.stderr


def test_quantities_discounts_and_the_total_are_shown(buyer: Buyer, session: NewSession, client: V1Services) -> None:
    coupon = client.coupons.create(params={"percent_off": 20, "duration": "once"})
    made = session(discounts=[{"coupon": coupon.id}])

    buyer.page.goto(made.url)

    rows = [
        re.sub(r"\s+", " ", row.inner_text()) for row in buyer.page.get_by_role("table").first.get_by_role("row").all()
    ]
    assert "A poster 2 $50.00" in rows
    assert "Discount −$10.00" in rows
    assert "Total due $40.00" in rows
    assert buyer.page.get_by_role("button", name="Pay $40.00").is_visible()


def test_a_promotion_code_is_taken_or_refused_in_place(buyer: Buyer, session: NewSession, client: V1Services) -> None:
    coupon = client.coupons.create(params={"amount_off": 500, "currency": "usd", "duration": "once"})
    code = client.promotion_codes.create(params={"promotion": {"type": "coupon", "coupon": coupon.id}}).code
    made = session(allow_promotion_codes=True)
    buyer.page.goto(made.url)

    buyer.page.get_by_label("Promotion code").fill("NO SUCH CODE")
    buyer.page.get_by_role("button", name="Apply the code").click()
    assert buyer.problem
    buyer.page.get_by_label("Promotion code").fill(code)
    buyer.page.get_by_role("button", name="Apply the code").click()

    buyer.page.get_by_role("button", name="Pay $45.00").wait_for()
    assert buyer.page.get_by_role("alert").count() == 0
    assert buyer.page.get_by_label("Promotion code").count() == 0
    buyer.pay(GOOD)
    buyer.page.wait_for_url(f"{buyer.shop.url}/credits/success?session_id={made.id}")
    assert client.checkout.sessions.retrieve(made.id).amount_total == 4500


def test_where_nothing_is_to_pay_no_card_is_asked_for(buyer: Buyer, session: NewSession, client: V1Services) -> None:
    coupon = client.coupons.create(params={"percent_off": 100, "duration": "once"})
    made = session(discounts=[{"coupon": coupon.id}])
    buyer.page.goto(made.url)

    assert buyer.page.get_by_label("Card number").count() == 0
    buyer.page.get_by_label("E-mail").fill("a@example.com")
    buyer.page.get_by_role("button", name="Complete the order").click()

    buyer.page.wait_for_url(f"{buyer.shop.url}/credits/success?session_id={made.id}")
    assert client.checkout.sessions.retrieve(made.id).payment_status == "no_payment_required"


def test_a_bank_account_pays_days_later(buyer: Buyer, client: V1Services) -> None:
    buyer.choose("Basic")
    buyer.page.get_by_label("E-mail").fill("a@example.com")
    assert not buyer.page.get_by_label("Account number").is_visible()
    buyer.page.get_by_label("US bank account").check()
    assert not buyer.page.get_by_label("Card number").is_visible()
    buyer.page.get_by_label("Account number").fill("000123456789")
    buyer.page.get_by_role("button", name=re.compile("^Pay ")).click()

    buyer.page.wait_for_url(f"{buyer.shop.url}/credits/success?session_id=cs_test_*")
    assert buyer.heading == "Waiting for the payment"
    assert buyer.shop.balance(buyer.user_id) == 0
    steer(buyer.shop, "advance", "5d")
    deadline = Deadline(30)
    while buyer.heading != "Your credits are here" and not deadline.passed:
        buyer.page.get_by_role("link", name="Check again").click()

    assert buyer.shop.balance(buyer.user_id) == 5_500


def test_a_session_that_has_expired_says_so(buyer: Buyer, session: NewSession) -> None:
    made = session()
    buyer.page.goto(made.url)
    steer(buyer.shop, "expire", made.id)

    buyer.pay(GOOD)
    assert "expired" in buyer.heading
    buyer.page.goto(made.url)
    assert "expired" in buyer.heading


def test_the_buyers_address_can_be_given_by_the_shop(buyer: Buyer, session: NewSession) -> None:
    buyer.page.goto(session(customer_email="known@example.com").url)

    assert buyer.page.get_by_label("E-mail").input_value() == "known@example.com"
    assert buyer.page.get_by_label("E-mail").get_attribute("readonly") is not None


def test_hostile_names_are_only_text(buyer: Buyer, session: NewSession) -> None:
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    buyer.page.on("dialog", dismiss)
    name = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    buyer.page.goto(session(name).url)
    assert name in buyer.page.get_by_role("table").first.inner_text()
    buyer.pay("4000 0000 0000 0002", email='"><script>alert(3)</script>@example.com')

    assert buyer.page.locator("script, img").count() == 0
    assert dialogs == []


def test_a_user_id_of_markup_is_only_text(buyer: Buyer) -> None:
    odd = buyer.at(buyer.page)
    odd.user_id = f"<b>{buyer.user_id}</b>&amp;"
    odd.choose("Starter")
    odd.pay(GOOD)
    odd.wait_for_credits()

    assert odd.user_id in odd.page.get_by_role("status").inner_text()
    assert odd.shop.balance(odd.user_id) == 1_000
