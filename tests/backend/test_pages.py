"""The storefront: what a buyer sees, and that it never grants anything."""

from __future__ import annotations

import itertools
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from httpx import Response

from creditctl.backend.app import build_app
from creditctl.backend.dependencies import Dependencies, SessionView
from creditctl.core.errors import LedgerError, Unreachable
from tests.support.backend import FakeCheckout, FakeLedger, LiveClient, Log, NewEntry, TestClient

PAGES = ["/", "/credits", "/credits/success?session_id=cs_test_1", "/credits/cancel", "/docs"]


class Page(HTMLParser):
    """The parts of a page that tests look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(response: Response, status: int = 200) -> Page:
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
    return Page(response.text)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_complete_and_needs_nobody_else(
    client: TestClient, checkout: FakeCheckout, paid_session: SessionView, path: str
) -> None:
    checkout.sessions["cs_test_1"] = paid_session
    response = client.get(path)
    page = read(response)
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    assert "width=device-width" in str(page.all("meta"))
    assert not page.all("script")
    assert {link["href"] for link in page.all("link")} == {"/credits/style.css", "data:,"}
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_headings_do_not_skip_a_level(
    client: TestClient, checkout: FakeCheckout, paid_session: SessionView, path: str
) -> None:
    checkout.sessions["cs_test_1"] = paid_session
    levels = [int(tag[1]) for tag, _ in read(client.get(path)).tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))


def test_the_style_sheet(client: TestClient) -> None:
    response = client.get("/credits/style.css")
    assert response.headers["content-type"].startswith("text/css")
    assert "http" not in response.text


class TestCredits:
    def test_five_packages_with_a_button_each(self, client: TestClient) -> None:
        page = read(client.get("/credits"))
        assert [button["value"] for button in page.all("button")] == ["1", "2", "3", "4", "5"]
        assert {button["name"] for button in page.all("button")} == {"package_id"}
        for words in ("Starter", "1,000 credits", "$10.00", "120,000 credits", "$700.00", "0.006 USD a credit"):
            assert words in page.text

    def test_the_field_has_a_label_and_its_help(self, client: TestClient) -> None:
        page = read(client.get("/credits"))
        (field,) = page.all("input")
        assert field["id"] in [label["for"] for label in page.all("label")]
        assert field["aria-describedby"] in [small["id"] for small in page.all("small")]
        assert "required" in field

    def test_the_field_keeps_what_the_address_says(self, client: TestClient) -> None:
        page = read(client.get("/credits", params={"user_id": '"><script>alert(1)</script>'}))
        assert page.all("input")[0]["value"] == '"><script>alert(1)</script>'
        assert not page.all("script")

    def test_says_that_no_real_money_moves(self, client: TestClient, live_client: LiveClient) -> None:
        assert "no real money moves" in read(client.get("/credits")).text
        assert "no real money moves" not in read(live_client(trust_user_header=True).get("/credits")).text


class TestBuying:
    def test_goes_on_to_stripe(self, client: TestClient, checkout: FakeCheckout, log: Log) -> None:
        response = client.post("/credits/buy", data={"user_id": " user 1 ", "package_id": "2"})
        assert response.status_code == 303
        assert response.headers["location"] == "http://127.0.0.1:12111/c/pay/cs_test_a1"
        (order,) = checkout.orders
        assert (order.package.slug, order.user_id) == ("basic", "user 1")
        assert log.lines == ["INFO: POST /credits/buy 303 created cs_test_a1 for basic 0 ms"]

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"package_id": "1"}, "The user id is missing"),
            ({"package_id": "1", "user_id": " "}, "The user id is missing"),
            ({"package_id": "1", "user_id": "x" * 201}, "longer than 200"),
            ({"package_id": "6", "user_id": "1"}, "Choose one of the packages"),
            ({"user_id": "1"}, "Choose one of the packages"),
            ({"package_id": ["1", "2"], "user_id": "1"}, "Choose one of the packages"),
            ({}, "Choose one of the packages"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(
        self, client: TestClient, checkout: FakeCheckout, form: dict[str, str | list[str]], words: str
    ) -> None:
        page = read(client.post("/credits/buy", data=form), 422)
        assert words in page.text
        assert any(tag.get("role") == "alert" for _, tag in page.tags)
        assert checkout.orders == []

    @pytest.mark.parametrize("body", [b"\xff\xfe", b"&" * 5000, b"user_id=%ff&package_id=1"])
    def test_a_form_that_is_none(self, client: TestClient, checkout: FakeCheckout, body: bytes) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        read(client.post("/credits/buy", content=body, headers=headers), 422)
        assert checkout.orders == []

    def test_says_when_stripe_is_away(self, client: TestClient, checkout: FakeCheckout) -> None:
        checkout.error = Unreachable("away", code="stripe.unreachable")
        page = read(client.post("/credits/buy", data={"user_id": "7", "package_id": "1"}), 503)
        assert "Stripe cannot be reached" in page.text
        assert page.all("input")[0]["value"] == "7"

    def test_in_live_mode_the_field_counts_for_nothing(self, live_client: LiveClient, checkout: FakeCheckout) -> None:
        strangers = live_client(trust_user_header=False)
        assert not read(strangers.get("/credits")).all("button")
        read(strangers.post("/credits/buy", data={"user_id": "1", "package_id": "1"}), 403)
        trusted = live_client(trust_user_header=True)
        assert not read(trusted.get("/credits")).all("input")
        read(trusted.post("/credits/buy", data={"user_id": "1", "package_id": "1"}), 401)
        assert checkout.orders == []
        trusted.post("/credits/buy", data={"user_id": "1", "package_id": "1"}, headers={"X-User-Id": "9"})
        assert [order.user_id for order in checkout.orders] == ["9"]

    def test_is_for_post_only(self, client: TestClient, checkout: FakeCheckout) -> None:
        assert client.get("/credits/buy?user_id=1&package_id=1").status_code == 405
        assert checkout.orders == []


class TestSuccess:
    URL = "/credits/success?session_id=cs_test_1"

    def test_paid_and_credited(
        self, client: TestClient, checkout: FakeCheckout, ledger: FakeLedger, entry: NewEntry, paid_session: SessionView
    ) -> None:
        checkout.sessions["cs_test_1"] = paid_session
        ledger.rows = [entry(1), entry(2, credits=5500)]
        page = read(client.get(self.URL))
        assert "Your credits are here" in page.text
        assert "1,000 credits were added to user 1" in page.text
        assert "balance is now 6,500 credits" in page.text

    @pytest.mark.parametrize(
        ("status", "payment_status", "words"),
        [
            ("complete", "paid", "Payment received"),
            ("complete", "no_payment_required", "Payment received"),
            ("complete", "unpaid", "Waiting for the payment"),
            ("open", "unpaid", "Not paid yet"),
            ("expired", "unpaid", "expired"),
        ],
    )
    def test_what_is_not_in_the_ledger_is_not_there(
        self,
        client: TestClient,
        checkout: FakeCheckout,
        ledger: FakeLedger,
        paid_session: SessionView,
        status: str,
        payment_status: str,
        words: str,
    ) -> None:
        checkout.sessions["cs_test_1"] = replace(paid_session, status=status, payment_status=payment_status)
        page = read(client.get(self.URL))
        assert words in page.text
        assert "were added" not in page.text
        assert ledger.rows == []

    def test_a_session_without_a_payment_is_known_by_its_own_id(
        self, client: TestClient, checkout: FakeCheckout, ledger: FakeLedger, entry: NewEntry, paid_session: SessionView
    ) -> None:
        checkout.sessions["cs_test_1"] = replace(
            paid_session, payment_intent=None, payment_status="no_payment_required"
        )
        ledger.rows = [entry(1, payment_key="cs_test_1")]
        assert "1,000 credits were added" in read(client.get(self.URL)).text

    @pytest.mark.parametrize("query", ["", "?session_id=", "?session_id=cs_test_none", "?session_id=<b>"])
    def test_an_unknown_payment(self, client: TestClient, query: str) -> None:
        assert "No such payment" in read(client.get(f"/credits/success{query}"), 404).text

    def test_stripe_is_away(self, client: TestClient, checkout: FakeCheckout) -> None:
        checkout.error = Unreachable("away", code="stripe.unreachable")
        assert "your payment is safe" in read(client.get(self.URL), 503).text

    def test_the_ledger_is_away(
        self, client: TestClient, checkout: FakeCheckout, ledger: FakeLedger, paid_session: SessionView
    ) -> None:
        checkout.sessions["cs_test_1"] = paid_session
        ledger.error = LedgerError("locked", code="ledger.locked")
        page = read(client.get(self.URL), 503)
        assert "were added" not in page.text

    def test_in_live_mode_a_session_id_shows_no_balance(
        self,
        live_client: LiveClient,
        checkout: FakeCheckout,
        ledger: FakeLedger,
        entry: NewEntry,
        paid_session: SessionView,
    ) -> None:
        checkout.sessions["cs_test_1"] = paid_session
        ledger.rows = [entry(1)]
        page = read(live_client(trust_user_header=False).get(self.URL))
        assert "1,000 credits were added" in page.text
        assert "balance" not in page.text
        assert "user 1" not in page.text

    def test_in_live_mode_one_user_sees_no_payment_of_another(
        self,
        live_client: LiveClient,
        checkout: FakeCheckout,
        ledger: FakeLedger,
        entry: NewEntry,
        paid_session: SessionView,
    ) -> None:
        checkout.sessions["cs_test_1"] = paid_session
        ledger.rows = [entry(1)]
        client = live_client(trust_user_header=True)
        assert "1,000 credits were added" in read(client.get(self.URL, headers={"X-User-Id": "1"})).text
        for headers, status in (({"X-User-Id": "2"}, 404), ({}, 401), ({"X-User-Id": "a\tb"}, 422)):
            page = read(client.get(self.URL, headers=headers), status)
            assert "No such payment" in page.text
            assert "cs_test_1" not in page.text

    def test_a_user_id_is_shown_as_text(
        self, client: TestClient, checkout: FakeCheckout, ledger: FakeLedger, entry: NewEntry, paid_session: SessionView
    ) -> None:
        checkout.sessions["cs_test_1"] = paid_session
        ledger.rows = [entry(1, user_id="<img src=x>")]
        page = read(client.get(self.URL))
        assert not page.all("img")
        assert "<img src=x>" in page.text


def test_docs_name_every_endpoint(services: Dependencies) -> None:
    app = build_app(services)
    page = read(TestClient(app).get("/docs"))
    for path in app.openapi()["paths"]:
        assert path in page.text


def test_the_storefront_sends_its_own_origin_with_its_form(client: TestClient) -> None:
    assert client.get("/credits").headers["referrer-policy"] == "same-origin"
