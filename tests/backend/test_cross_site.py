"""A browser on another site cannot buy; the frontend, the storefront and programs can."""

from __future__ import annotations

import pytest

from tests.support.backend import FakeCheckout, FakeWebhook, LiveClient, TestClient

FRONTEND = "http://127.0.0.1:3000"
BUY = {"package_id": 1, "payment_method": "stripe"}
OTHER_SITES = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": f"{FRONTEND}.evil.example"},
    {"Origin": "https://127.0.0.1:3000"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:4000"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
]
OUR_CALLERS = [
    {},
    {"Origin": FRONTEND},
    {"Origin": FRONTEND, "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://testserver"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]


@pytest.mark.parametrize("headers", OTHER_SITES)
def test_a_page_of_another_site_buys_nothing(
    live_client: LiveClient, checkout: FakeCheckout, headers: dict[str, str]
) -> None:
    # The proxy in front of it adds who is signed in, whichever page has sent the request.
    client = live_client(trust_user_header=True)
    given = {"X-User-Id": "1", **headers}
    answers = [
        client.post("/api/credits/purchase", json=BUY, headers=given),
        client.post("/credits/buy", data={"package_id": "1"}, headers=given),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "another site" in answers[0].json()["message"]
    assert checkout.orders == []


@pytest.mark.parametrize("headers", OUR_CALLERS)
def test_frontend_storefront_and_programs_buy(
    client: TestClient, checkout: FakeCheckout, headers: dict[str, str]
) -> None:
    bought = client.post("/api/credits/purchase", json=BUY, headers={"X-User-Id": "1", **headers})
    form = client.post("/credits/buy", data={"user_id": "1", "package_id": "1"}, headers=headers)

    assert (bought.status_code, form.status_code, len(checkout.orders)) == (200, 303, 2)


@pytest.mark.parametrize("path", ["/api/credits/webhook", "/api/credits/webhook/"])
def test_a_delivery_is_judged_by_its_signature_alone(client: TestClient, webhook: FakeWebhook, path: str) -> None:
    answer = client.post(path, content=b"{}", headers={"Stripe-Signature": "t=1", "Origin": "https://other.example"})

    assert (answer.status_code, len(webhook.seen)) == (200, 1)


@pytest.mark.parametrize("path", ["/healthz/", "/credits/", "/api/credits/packages/", "/api/credits/balance/"])
def test_no_redirect_is_built_from_the_host(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Host": "evil.example"})

    assert answer.status_code == 404
    assert "evil.example" not in answer.text + str(answer.headers)
