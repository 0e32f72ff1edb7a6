"""The credit API, endpoint by endpoint."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from httpx import Response

from creditctl.backend.app import build_app
from creditctl.backend.checkout import NotForSale
from creditctl.backend.dependencies import Dependencies, SessionView
from creditctl.core.errors import ConfigurationError, CreditctlError, LedgerError, StripeRefused, Unreachable
from creditctl.core.project_file.ownership import WEBHOOK_PATH
from creditctl.fulfilment.webhook import Receipt
from tests.support.backend import FakeCheckout, FakeLedger, FakeWebhook, LiveClient, Log, NewEntry, TestClient
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY
from tests.support.waiting import patience

BUY = {"package_id": 1, "payment_method": "stripe"}


def failed(response: Response, status: int, words: str) -> None:
    assert response.status_code == status
    body = response.json()
    assert body.keys() == {"success", "message"}
    assert body["success"] is False
    assert words in body["message"]


class TestPurchase:
    def test_opens_a_checkout_session_for_the_user_in_the_header(
        self, client: TestClient, checkout: FakeCheckout
    ) -> None:
        response = client.post("/api/credits/purchase", json=BUY, headers={"X-User-Id": "user 1"})
        assert response.status_code == 200
        assert response.json() == {
            "success": True,
            "message": "Checkout session created",
            "payment_url": "http://127.0.0.1:12111/c/pay/cs_test_a1",
        }
        (order,) = checkout.orders
        assert (order.package.slug, order.user_id) == ("starter", "user 1")
        assert order.success_url == "http://127.0.0.1:3000/credits/success?session_id={CHECKOUT_SESSION_ID}"
        assert order.cancel_url == "http://127.0.0.1:3000/credits/cancel"

    @pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
    def test_sells_each_package(self, client: TestClient, checkout: FakeCheckout, number: object) -> None:
        client.post("/api/credits/purchase", json={**BUY, "package_id": number}, headers={"X-User-Id": "1"})
        assert [order.package.number for order in checkout.orders] == [number]

    @pytest.mark.parametrize("number", [0, 6, -1, "1", True, 1.5, None, [1], 10**30])
    def test_refuses_what_is_no_package(self, client: TestClient, checkout: FakeCheckout, number: object) -> None:
        response = client.post("/api/credits/purchase", json={**BUY, "package_id": number}, headers={"X-User-Id": "1"})
        failed(response, 422, "body.package_id")
        assert checkout.orders == []

    @pytest.mark.parametrize("body", [{"package_id": 1}, {**BUY, "payment_method": "paypal"}, {}, [], "text"])
    def test_refuses_a_body_that_is_not_the_documented_one(self, client: TestClient, body: object) -> None:
        failed(client.post("/api/credits/purchase", json=body, headers={"X-User-Id": "1"}), 422, "body")

    @pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b""])
    def test_refuses_a_body_that_is_no_json(self, client: TestClient, body: bytes) -> None:
        headers = {"X-User-Id": "1", "Content-Type": "application/json"}
        response = client.post("/api/credits/purchase", content=body, headers=headers)
        assert response.status_code in (400, 422)
        assert response.json()["success"] is False

    def test_never_guesses_the_user(self, client: TestClient, checkout: FakeCheckout) -> None:
        body = {**BUY, "user_id": "1"}
        failed(client.post("/api/credits/purchase?user_id=1", json=body), 422, "X-User-Id is missing")
        assert checkout.orders == []

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("", "missing"),
            ("x" * 201, "longer than 200"),
            ("a\tb", "control characters"),
            ("a\u2028b".encode(), "control characters"),
        ],
    )
    def test_refuses_a_user_id_that_cannot_be_used(
        self, client: TestClient, checkout: FakeCheckout, value: str | bytes, words: str
    ) -> None:
        failed(client.post("/api/credits/purchase", json=BUY, headers={"X-User-Id": value}), 422, words)
        assert checkout.orders == []

    def test_two_user_ids_are_none(self, client: TestClient) -> None:
        headers = [("X-User-Id", "1"), ("X-User-Id", "2")]
        failed(client.post("/api/credits/purchase", json=BUY, headers=headers), 422, "more than once")

    @pytest.mark.parametrize("user_id", ["x" * 200, "Jörg 用户", "0", "a@b"])
    def test_takes_a_user_id_as_it_is(self, client: TestClient, checkout: FakeCheckout, user_id: str) -> None:
        client.post("/api/credits/purchase", json=BUY, headers={"X-User-Id": user_id.encode()})
        assert [order.user_id for order in checkout.orders] == [user_id]

    @pytest.mark.parametrize(
        ("error", "status", "words"),
        [
            (Unreachable("Stripe could not be reached.", code="stripe.unreachable"), 503, "cannot be reached"),
            (StripeRefused("bad key ends in 1234", code="stripe.authentication"), 502, "Stripe refused"),
            (NotForSale("Run `creditctl setup`.", code="backend.not_for_sale"), 503, "creditctl setup"),
            (ConfigurationError("internal detail", code="stripe.permission"), 500, "not set up right"),
        ],
    )
    def test_says_when_stripe_does_not_help(
        self, client: TestClient, checkout: FakeCheckout, log: Log, error: CreditctlError, status: int, words: str
    ) -> None:
        checkout.error = error
        response = client.post("/api/credits/purchase", json=BUY, headers={"X-User-Id": "1"})
        failed(response, status, words)
        assert error.code in log.text
        assert "1234" not in response.text
        assert "internal detail" not in response.text

    def test_live_mode_takes_nobody_at_their_word(self, live_client: LiveClient, checkout: FakeCheckout) -> None:
        response = live_client(trust_user_header=False).post(
            "/api/credits/purchase", json=BUY, headers={"X-User-Id": "1"}
        )
        failed(response, 403, "--trust-user-header")
        assert checkout.orders == []

    def test_live_mode_believes_a_header_it_was_told_to_trust(
        self, live_client: LiveClient, checkout: FakeCheckout
    ) -> None:
        client = live_client(trust_user_header=True)
        assert client.post("/api/credits/purchase", json=BUY, headers={"X-User-Id": "1"}).status_code == 200
        failed(client.post("/api/credits/purchase", json=BUY), 401, "X-User-Id is missing")
        for empty in ("", " ", "\t"):
            failed(client.post("/api/credits/purchase", json=BUY, headers={"X-User-Id": empty}), 401, "is missing")
            failed(client.get("/api/credits/balance?user_id=1", headers={"X-User-Id": empty}), 401, "is missing")
            failed(client.get("/api/credits/session/cs_1", headers={"X-User-Id": empty}), 401, "is missing")
        assert len(checkout.orders) == 1


class TestWebhook:
    def test_hands_over_the_raw_bytes_and_the_signature(self, client: TestClient, webhook: FakeWebhook) -> None:
        body = b'{ "id":\n "evt_1" }'
        response = client.post("/api/credits/webhook", content=body, headers={"Stripe-Signature": "t=1,v1=ab"})
        assert response.status_code == 200
        assert response.json() == {"success": True, "received": True}
        assert webhook.seen == [(body, "t=1,v1=ab")]

    def test_a_slash_at_the_end_is_no_redirect_and_has_the_same_room(
        self, client: TestClient, webhook: FakeWebhook
    ) -> None:
        body = b"x" * 100_000
        response = client.post("/api/credits/webhook/", content=body, follow_redirects=False)
        assert response.status_code == 200
        assert webhook.seen == [(body, None)]

    @pytest.mark.parametrize(
        ("path", "others"),
        [("/hooks/stripe", ("/hooks/stripe/",)), ("/hooks/stripe/", ("/hooks/stripe",)), ("/", ())],
    )
    def test_is_taken_at_the_path_that_was_set(
        self, services: Dependencies, webhook: FakeWebhook, path: str, others: tuple[str, ...]
    ) -> None:
        with TestClient(build_app(replace(services, webhook_path=path)), follow_redirects=False) as client:
            for each in (path, *others):
                assert client.post(each, content=b"x" * 100_000).status_code == 200
            assert client.post("/api/credits/webhook", content=b"x").status_code == 404
        assert len(webhook.seen) == 1 + len(others)

    def test_is_refused_where_something_else_is_taken(self, services: Dependencies) -> None:
        with pytest.raises(ConfigurationError, match="at which buyers order"):
            build_app(replace(services, webhook_path="/api/credits/purchase"))

    def test_a_missing_signature_is_none(self, client: TestClient, webhook: FakeWebhook) -> None:
        client.post("/api/credits/webhook", content=b"{}")
        assert webhook.seen == [(b"{}", None)]

    def test_logs_the_guides_lines_and_the_outcome(self, client: TestClient, log: Log) -> None:
        client.post("/api/credits/webhook", content=b"{}")
        assert log.lines == [
            "INFO: Handling Stripe webhook event: checkout.session.completed",
            "INFO: Successfully added 1000 credits to user 1 from Stripe payment pi_1",
            "INFO: POST /api/credits/webhook 200 posted evt_1 checkout.session.completed 0 ms",
        ]

    @pytest.mark.parametrize(("status", "outcome"), [(400, "bad_signature"), (500, "failed"), (503, "failed")])
    def test_passes_on_what_went_wrong(
        self, client: TestClient, webhook: FakeWebhook, log: Log, status: int, outcome: str
    ) -> None:
        webhook.receipt = type(webhook.receipt)(status, outcome, None, None, (), "Invalid signature.")
        failed(client.post("/api/credits/webhook", content=b"{}"), status, "Invalid signature.")
        assert f"POST /api/credits/webhook {status} {outcome}" in log.text

    @pytest.mark.parametrize(
        ("error", "status"),
        [(RuntimeError(TEST_KEY), 500), (LedgerError("locked", code="ledger.locked"), 503)],
    )
    def test_a_failure_of_ours_brings_stripe_back(
        self, client: TestClient, webhook: FakeWebhook, log: Log, error: CreditctlError, status: int
    ) -> None:
        webhook.error = error
        failed(client.post("/api/credits/webhook", content=b"{}"), status, "")
        assert log.lines[-1].startswith("ERROR: POST /api/credits/webhook")
        assert "sk_test" not in log.text

    def test_a_delivery_whose_turn_does_not_come_is_not_begun_and_comes_again(
        self, services: Dependencies, webhook: FakeWebhook, log: Log
    ) -> None:
        begun, go_on = threading.Semaphore(0), threading.Event()

        class SlowWebhook:
            def receive(self, body: bytes, signature: str | None) -> Receipt:
                begun.release()
                go_on.wait(patience(20))
                return webhook.receive(body, signature)

        app = build_app(replace(services, webhook=SlowWebhook()), queue_seconds=1)
        with TestClient(app) as client, ThreadPoolExecutor(8) as pool:
            try:
                first = [pool.submit(client.post, WEBHOOK_PATH, content=b"first") for _ in range(8)]
                assert all(begun.acquire(timeout=patience(20)) for _ in first)
                failed(client.post(WEBHOOK_PATH, content=b"second"), 503, "again later")
            finally:
                go_on.set()
            assert [each.result().status_code for each in first] == [200] * 8
            assert client.post(WEBHOOK_PATH, content=b"second").status_code == 200
        assert [body for body, _ in webhook.seen] == [b"first"] * 8 + [b"second"]
        assert "503 its turn did not come in time" in log.text

    def test_is_for_post_only(self, client: TestClient) -> None:
        failed(client.get("/api/credits/webhook"), 405, "Method Not Allowed")


class TestSession:
    def test_shows_what_stripe_says(
        self, client: TestClient, checkout: FakeCheckout, paid_session: SessionView
    ) -> None:
        checkout.sessions["cs_test_1"] = paid_session
        response = client.get("/api/credits/session/cs_test_1")
        assert response.status_code == 200
        assert response.json() == {
            "success": True,
            "session": {
                "id": "cs_test_1",
                "payment_status": "paid",
                "amount_total": 1000,
                "metadata": {"user_id": "1", "package": "starter"},
            },
        }

    @pytest.mark.parametrize("session_id", ["cs_test_none", "alice@example.com", "pi_1", "cs_%0a", "x" * 300, "%2e%2e"])
    def test_an_unknown_one_is_not_found(self, client: TestClient, log: Log, session_id: str) -> None:
        response = client.get(f"/api/credits/session/{session_id}")
        assert response.status_code in (404, 422)
        assert response.json()["success"] is False
        assert "alice" not in log.text

    def test_in_live_mode_one_user_sees_no_session_of_another(
        self, live_client: LiveClient, checkout: FakeCheckout, paid_session: SessionView
    ) -> None:
        checkout.sessions["cs_test_1"] = paid_session
        checkout.sessions["cs_test_2"] = replace(paid_session, id="cs_test_2", client_reference_id="2")
        checkout.sessions["cs_test_3"] = replace(paid_session, id="cs_test_3", metadata={})
        client, url = live_client(trust_user_header=True), "/api/credits/session/cs_test_"
        assert client.get(f"{url}1", headers={"X-User-Id": "1"}).status_code == 200
        failed(client.get(f"{url}1"), 401, "X-User-Id is missing")
        unknown = client.get(f"{url}none", headers={"X-User-Id": "2"})
        for number in (1, 2, 3):  # another's, one that names two users, one that names nobody
            answer = client.get(f"{url}{number}", headers={"X-User-Id": "2"})
            assert (answer.status_code, answer.json()) == (404, unknown.json())
        failed(live_client(trust_user_header=False).get(f"{url}1"), 403, "--trust-user-header")

    def test_says_when_stripe_is_away(self, client: TestClient, checkout: FakeCheckout) -> None:
        checkout.error = Unreachable("away", code="stripe.unreachable")
        failed(client.get("/api/credits/session/cs_test_1"), 503, "Stripe cannot be reached")


class TestReading:
    def test_packages(self, client: TestClient) -> None:
        body = client.get("/api/credits/packages").json()
        assert body["success"] is True
        assert [(p["package_id"], p["credits"], p["amount"], p["cost_per_credit"]) for p in body["packages"]] == [
            (1, 1000, 1000, "0.010"),
            (2, 5500, 4500, "0.008"),
            (3, 13500, 10000, "0.007"),
            (4, 35000, 22500, "0.006"),
            (5, 120000, 70000, "0.006"),
        ]

    def test_balance(self, client: TestClient, ledger: FakeLedger, entry: NewEntry) -> None:
        ledger.rows = [entry(1), entry(2, credits=-300), entry(3, user_id="2")]
        assert client.get("/api/credits/balance?user_id=1").json() == {"success": True, "user_id": "1", "balance": 700}
        assert client.get("/api/credits/balance?user_id=nobody").json()["balance"] == 0

    @pytest.mark.parametrize("query", ["", "?user_id=", "?user_id=" + "x" * 201])
    def test_whose_balance_must_be_said(self, client: TestClient, query: str) -> None:
        failed(client.get(f"/api/credits/balance{query}"), 422, "query.user_id")

    def test_transactions_page_by_page(self, client: TestClient, ledger: FakeLedger, entry: NewEntry) -> None:
        ledger.rows = [entry(number) for number in range(1, 8)] + [entry(8, user_id="2")]
        seen: list[list[int]] = []
        after: int | None = 0
        while after is not None:
            body = client.get(f"/api/credits/transactions?user_id=1&limit=3&after={after}").json()
            seen.append([row["id"] for row in body["transactions"]])
            after = body["next_after"]
        assert seen == [[1, 2, 3], [4, 5, 6], [7]]

    def test_a_full_last_page_is_the_last(self, client: TestClient, ledger: FakeLedger, entry: NewEntry) -> None:
        ledger.rows = [entry(1), entry(2)]
        assert client.get("/api/credits/transactions?user_id=1&limit=2").json()["next_after"] is None

    def test_a_transaction_shows_no_words_of_operators(
        self, client: TestClient, ledger: FakeLedger, entry: NewEntry
    ) -> None:
        ledger.rows = [entry(1)]
        (row,) = client.get("/api/credits/transactions?user_id=1").json()["transactions"]
        assert row == {
            "id": 1,
            "created": NOW,
            "kind": "purchase",
            "credits": 1000,
            "amount": 1000,
            "currency": "usd",
            "package": "starter",
            "payment_key": "pi_1",
        }

    @pytest.mark.parametrize("query", ["limit=0", "limit=501", "after=-1", f"after={2**63}", "limit=x"])
    def test_refuses_pages_that_cannot_be(self, client: TestClient, query: str) -> None:
        failed(client.get(f"/api/credits/transactions?user_id=1&{query}"), 422, "query.")

    @pytest.mark.parametrize("path", ["balance", "transactions"])
    def test_live_mode_shows_nobody_to_strangers(self, live_client: LiveClient, path: str) -> None:
        failed(live_client(trust_user_header=False).get(f"/api/credits/{path}?user_id=1"), 403, "--trust-user-header")

    @pytest.mark.parametrize("path", ["balance", "transactions"])
    def test_in_live_mode_one_user_sees_one_user(
        self, live_client: LiveClient, ledger: FakeLedger, entry: NewEntry, path: str
    ) -> None:
        ledger.rows = [entry(1, user_id="alice")]
        client = live_client(trust_user_header=True)
        url = f"/api/credits/{path}?user_id=alice"
        assert "1000" in client.get(url, headers={"X-User-Id": "alice"}).text
        failed(client.get(url, headers={"X-User-Id": "bob"}), 403, "your own credits")
        failed(client.get(url), 401, "X-User-Id is missing")
        failed(client.get(url, headers=[("X-User-Id", "alice"), ("X-User-Id", "bob")]), 422, "more than once")

    @pytest.mark.parametrize("path", ["/healthz", "/api/credits/balance?user_id=1"])
    def test_says_when_the_ledger_is_away(self, client: TestClient, ledger: FakeLedger, path: str) -> None:
        ledger.error = LedgerError("/secret/place is locked", code="ledger.locked")
        response = client.get(path)
        failed(response, 503, "ledger cannot be read")
        assert "/secret" not in response.text

    def test_health(self, client: TestClient) -> None:
        assert client.get("/healthz").json() == {"success": True, "status": "ok", "mode": "emulator"}


class TestBrowsers:
    def test_the_frontend_may_call_from_its_own_origin(self, client: TestClient) -> None:
        headers = {
            "Origin": "http://127.0.0.1:3000",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-user-id",
        }
        response = client.options("/api/credits/purchase", headers=headers)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "http://127.0.0.1:3000"

    def test_no_other_site_may(self, client: TestClient) -> None:
        response = client.get("/api/credits/balance?user_id=1", headers={"Origin": "https://elsewhere.example"})
        assert "access-control-allow-origin" not in response.headers
