"""The hosted pages, as a browser without JavaScript uses them."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request, Response
from tests.emulator.world import Inside

GOOD = {"email": "b@example.com", "number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}


@dataclass
class Shop:
    """A session to pay, and a browser."""

    emulator: Emulator
    ask: Inside
    tokens: dict[str, str] = field(default_factory=dict)
    """The form token that each page has shown."""

    def session(self, extra: str = "") -> dict[str, Any]:
        self.ask("POST", "/v1/products", "name=Starter+%3Cb%3E&id=starter")
        price = self.ask("POST", "/v1/prices", "product=starter&currency=usd&unit_amount=1000")[1]["id"]
        form = (
            f"mode=payment&line_items[0][price]={price}&line_items[0][quantity]=2&cancel_url=https://shop.example/no"
            "&success_url=https://shop.example/ok?id={CHECKOUT_SESSION_ID}" + extra
        )
        made: dict[str, Any] = self.ask("POST", "/v1/checkout/sessions", form, headers={"host": "127.0.0.1:4"})[1]
        return made

    def visit(self, method: str, path: str, /, **form: str) -> Response:
        """A visit as a browser makes it: a form is sent with the token of the page that shows it."""
        page = "/".join(path.split("/")[: 4 if path.startswith("/c/") else 3])
        if method == "POST" and page not in self.tokens:
            where = self.visit("GET", page).headers.get("Location")
            if where is not None:
                self.visit("GET", where)
        if method == "POST":
            form = {"form_token": self.tokens.get(page, ""), **form}
        request = Request(method, path, "", {"host": "127.0.0.1:4"}, urlencode(form).encode())
        response = self.emulator.handle(request)
        found = re.search(rb'name="form_token" value="([0-9a-f]+)"', response.body)
        if found is not None:
            self.tokens[page] = found[1].decode()
        return response


@pytest.fixture
def shop(emulator: Emulator, ask: Inside) -> Shop:
    return Shop(emulator, ask)


def test_the_page_shows_the_order(shop: Shop) -> None:
    session = shop.session()
    assert session["url"] == f"http://127.0.0.1:4/c/pay/{session['id']}"
    page = shop.visit("GET", f"/c/pay/{session['id']}")
    text = page.body.decode()
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "$20.00" in text
    assert "Starter &lt;b&gt;" in text
    assert "<script" not in text
    assert 'href="https://shop.example/no"' in text
    for name in ("email", "number", "expiry", "cvc"):
        assert f'for="{name}"' in text


def test_paying(shop: Shop, ask: Inside) -> None:
    session = shop.session()
    done = shop.visit("POST", f"/c/pay/{session['id']}", **GOOD)
    assert done.status == 303
    assert done.headers["Location"] == f"https://shop.example/ok?id={session['id']}"
    after = ask("GET", f"/v1/checkout/sessions/{session['id']}")[1]
    assert (after["payment_status"], after["customer_details"]["email"]) == ("paid", "b@example.com")
    assert "all done here" in shop.visit("GET", f"/c/pay/{session['id']}").body.decode()


@pytest.mark.parametrize(
    ("wrong", "text", "field"),
    [
        ({"number": "4242424242424241"}, "Your card number is incorrect.", "number"),
        ({"expiry": "13/34"}, "expiration month is invalid", "expiry"),
        ({"expiry": "01/20"}, "expiration year is invalid", "expiry"),
        ({"cvc": "99"}, "security code is invalid", "cvc"),
        ({"number": "378282246310005"}, "security code is invalid", "cvc"),
        ({"email": "nobody"}, "e-mail address is incomplete", "email"),
        ({"postal_code": "!"}, "ZIP code is invalid", "postal_code"),
        ({"number": "4000000000000002"}, "Your card was declined.", None),
        ({"number": "4000000000009995"}, "insufficient_funds", None),
        ({"number": "4000000000000127"}, "security code is incorrect", "cvc"),
    ],
)
def test_what_is_wrong_is_shown_in_place(
    shop: Shop, ask: Inside, wrong: dict[str, str], text: str, field: str | None
) -> None:
    session = shop.session()
    page = shop.visit("POST", f"/c/pay/{session['id']}", **(GOOD | wrong))
    body = page.body.decode()
    assert page.status in (400, 402)
    assert text in body
    assert 'role="alert"' in body
    if field:
        tag = body.split(f'id="{field}"')[1].split(">")[0]
        assert 'aria-invalid="true"' in tag
    assert ask("GET", f"/v1/checkout/sessions/{session['id']}")[1]["status"] == "open"


@pytest.mark.parametrize(("result", "status"), [("pass", "complete"), ("fail", "open")])
def test_the_challenge(shop: Shop, ask: Inside, result: str, status: str) -> None:
    session = shop.session()
    path = f"/c/pay/{session['id']}"
    asked = shop.visit("POST", path, **(GOOD | {"number": "4000000000003220"}))
    assert (asked.status, asked.headers["Location"]) == (303, f"{path}/challenge")
    assert "Complete the authentication" in shop.visit("GET", f"{path}/challenge").body.decode()
    done = shop.visit("POST", f"{path}/challenge", result=result)
    assert done.status == (303 if result == "pass" else 402)
    assert ask("GET", f"/v1/checkout/sessions/{session['id']}")[1]["status"] == status
    if result == "fail":
        assert "unable to authenticate" in done.body.decode()


def test_a_promotion_code(shop: Shop, ask: Inside) -> None:
    coupon = ask("POST", "/v1/coupons", "percent_off=100&duration=once")[1]["id"]
    ask("POST", "/v1/promotion_codes", f"promotion[type]=coupon&promotion[coupon]={coupon}&code=FREE")
    session = shop.session("&allow_promotion_codes=true")
    path = f"/c/pay/{session['id']}"
    assert (
        "This promotion code is invalid." in shop.visit("POST", f"{path}/promotion", promotion_code="x").body.decode()
    )
    assert shop.visit("POST", f"{path}/promotion", promotion_code="free").status == 303
    assert "Complete the order" in shop.visit("GET", path).body.decode()
    assert shop.visit("POST", path, email="b@example.com").status == 303
    after = ask("GET", f"/v1/checkout/sessions/{session['id']}")[1]
    assert (after["amount_total"], after["payment_status"]) == (0, "no_payment_required")


def test_a_bank_account(shop: Shop, ask: Inside, emulator: Emulator) -> None:
    session = shop.session()
    form = {"email": "b@example.com", "method": "us_bank_account", "account": "000123456789"}
    assert shop.visit("POST", f"/c/pay/{session['id']}", **form).status == 303
    after = ask("GET", f"/v1/checkout/sessions/{session['id']}")[1]
    assert (after["status"], after["payment_status"]) == ("complete", "unpaid")
    emulator.move_clock(3)
    assert ask("GET", f"/v1/checkout/sessions/{session['id']}")[1]["payment_status"] == "paid"


def test_pages_that_are_not_there(shop: Shop, ask: Inside) -> None:
    assert shop.visit("GET", "/c/pay/cs_test_none").status == 404
    session = shop.session()
    ask("POST", f"/v1/checkout/sessions/{session['id']}/expire")
    assert shop.visit("GET", f"/c/pay/{session['id']}").status == 410


def test_the_way_back_from_a_direct_challenge(shop: Shop, ask: Inside) -> None:
    form = (
        "amount=1000&currency=usd&confirm=true&payment_method=pm_card_authenticationRequired"
        "&return_url=https://shop.example/back?a=1"
    )
    intent = ask("POST", "/v1/payment_intents", form, headers={"host": "127.0.0.1:4"})[1]
    url = intent["next_action"]["redirect_to_url"]["url"]
    path = url.removeprefix("http://127.0.0.1:4")
    assert shop.visit("GET", path).status == 200
    back = shop.visit("POST", path, result="pass").headers["Location"]
    assert back.startswith("https://shop.example/back?a=1&payment_intent=" + intent["id"])
    assert back.endswith("&redirect_status=succeeded")
    assert ask("GET", f"/v1/payment_intents/{intent['id']}")[1]["status"] == "succeeded"


def test_pages_that_cannot_be_used_that_way(shop: Shop) -> None:
    path = f"/c/pay/{shop.session()['id']}"
    for method, place, allowed in (("PUT", "", "GET, POST"), ("GET", "/promotion", "POST")):
        refused = shop.visit(method, path + place)
        assert (refused.status, refused.headers["Allow"]) == (405, allowed)
    assert shop.visit("HEAD", path).status == 200


def test_an_expired_session_takes_no_money(shop: Shop, ask: Inside) -> None:
    session = shop.session()
    shop.visit("GET", f"/c/pay/{session['id']}")
    ask("POST", f"/v1/checkout/sessions/{session['id']}/expire")
    for method in ("GET", "POST"):
        page = shop.visit(method, f"/c/pay/{session['id']}", **(GOOD if method == "POST" else {}))
        assert (page.status, b"expired" in page.body) == (410, True)
    assert ask("GET", "/v1/charges")[1]["data"] == []


def test_a_session_is_paid_once(shop: Shop, ask: Inside) -> None:
    path = f"/c/pay/{shop.session()['id']}"
    assert shop.visit("POST", path, **GOOD).status == 303
    assert b"all done here" in shop.visit("POST", path, **GOOD).body
    assert len(ask("GET", "/v1/charges")[1]["data"]) == 1


def test_what_a_buyer_types_is_shown_as_text(shop: Shop) -> None:
    path = f"/c/pay/{shop.session()['id']}"
    page = shop.visit("POST", path, **{**GOOD, "cvc": "1", "name": '"><script>alert(1)</script>'})
    assert page.status == 402
    assert b"<script" not in page.body
    assert b"&lt;script&gt;" in page.body
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_page_of_any_account_is_public_but_its_objects_are_not(shop: Shop, ask: Inside) -> None:
    session = shop.session()
    other = {"authorization": "Bearer sk_test_someoneelse00000"}
    assert ask("GET", f"/v1/checkout/sessions/{session['id']}", headers=other)[0] == 404
    assert shop.visit("POST", f"/c/pay/{session['id']}", **GOOD).status == 303
    assert ask("GET", "/v1/charges", headers=other)[1]["data"] == []
    assert len(ask("GET", "/v1/charges")[1]["data"]) == 1


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_that_no_page_of_ours_showed_pays_nothing(shop: Shop, ask: Inside, token: str) -> None:
    session = shop.session()
    path = f"/c/pay/{session['id']}"

    refused = shop.visit("POST", path, **GOOD, form_token=token)

    assert refused.status == 403
    assert f'href="{path}"' in refused.body.decode()
    assert ask("GET", f"/v1/checkout/sessions/{session['id']}")[1]["status"] == "open"


def test_the_token_of_one_page_opens_no_other(shop: Shop) -> None:
    first, second = (shop.session()["id"] for _ in range(2))
    shop.visit("GET", f"/c/pay/{first}")

    assert shop.visit("POST", f"/c/pay/{second}", **GOOD, form_token=shop.tokens[f"/c/pay/{first}"]).status == 403


def test_the_page_stands_in_no_frame(shop: Shop) -> None:
    page = shop.visit("GET", f"/c/pay/{shop.session()['id']}")

    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_pages_are_where_a_browser_reaches_them() -> None:
    emulator = Emulator(public_url="http://localhost:12111", allow_hosts=["emulator"])
    shop = Shop(emulator, Inside(emulator))
    price = shop.ask.price("p", "unit_amount=1000")
    form = f"mode=payment&success_url=https://a.example&line_items[0][price]={price}&line_items[0][quantity]=1"
    made = shop.ask("POST", "/v1/checkout/sessions", form, headers={"host": "emulator:12111"})[1]
    emulator.close()

    assert made["url"] == f"http://localhost:12111/c/pay/{made['id']}"


def test_a_bank_debit_on_the_page_in_every_currency_that_has_one(shop: Shop, ask: Inside) -> None:
    for currency, type_, account in (("gbp", "bacs_debit", "00012345"), ("aud", "au_becs_debit", "111111113")):
        ask("POST", "/v1/products", f"name=A&id={currency}")
        price = ask("POST", "/v1/prices", f"product={currency}&currency={currency}&unit_amount=1000")[1]["id"]
        form = f"mode=payment&success_url=https://a.example&line_items[0][price]={price}&line_items[0][quantity]=1"
        made = ask("POST", "/v1/checkout/sessions", form)[1]
        path = f"/c/pay/{made['id']}"
        assert account in shop.visit("GET", path).body.decode()
        done = shop.visit("POST", path, email="b@example.com", method=type_, account=account)
        assert done.status == 303
        assert ask("GET", f"/v1/checkout/sessions/{made['id']}")[1]["payment_status"] == "unpaid"


@pytest.mark.parametrize(("ticked", "answer"), [(True, "opt_in"), (False, "opt_out")])
def test_the_buyer_may_ask_for_news(shop: Shop, ask: Inside, ticked: bool, answer: str) -> None:
    session = shop.session("&consent_collection[promotions]=auto&consent_collection[terms_of_service]=required")
    path = f"/c/pay/{session['id']}"
    page = shop.visit("GET", path).body.decode()
    assert ("Send me news" in page, "terms of service" in page) == (True, True)

    shop.visit("POST", path, **GOOD, **({"promotions": "yes"} if ticked else {}))
    consent = ask("GET", f"/v1/checkout/sessions/{session['id']}")[1]["consent"]
    assert consent == {"promotions": answer, "terms_of_service": "accepted"}


def test_a_form_that_can_not_be_read_was_not_shown_here(shop: Shop) -> None:
    path = f"/c/pay/{shop.session()['id']}"
    assert shop.visit("POST", path, **{"card": "1", "card[number]": "2"}).status == 403


@pytest.mark.parametrize(
    ("inclusive", "line", "total"), [("true", "Tax (included)", "$20.00"), ("false", ">Tax<", "$24.00")]
)
def test_the_page_says_what_the_seller_has_to_say(
    shop: Shop, ask: Inside, inclusive: str, line: str, total: str
) -> None:
    rate = ask("POST", "/v1/tax_rates", f"display_name=VAT&percentage=20&inclusive={inclusive}")[1]["id"]
    said = "custom_text[submit][message]=At+once.&custom_text[after_submit][message]=Thanks.&submit_type=donate"
    session = shop.session(f"&line_items[0][tax_rates][]={rate}&{said}")
    text = shop.visit("GET", f"/c/pay/{session['id']}").body.decode()
    assert line in text
    for part in ("<p>At once.</p>", "<p>Thanks.</p>", f"<button>Donate {total}</button>"):
        assert part in text
