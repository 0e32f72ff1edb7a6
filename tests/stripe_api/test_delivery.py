"""One delivery: signed as Stripe signs, and every ending of it is an answer."""

from __future__ import annotations

import httpx
import pytest
import stripe

from creditctl.core.keys import Secret
from creditctl.stripe_api.delivery import DeliveryResult, deliver, deliver_signed, sign

URL = "http://127.0.0.1:1/webhook"
SECRET = Secret("whsec_test_secret")


def client(answer: httpx.Response | Exception) -> tuple[httpx.Client, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.Client(transport=httpx.MockTransport(handle)), seen


def test_the_signature_is_stripes_published_vector() -> None:
    # The documented scheme: HMAC-SHA256 over "{t}.{body}" with the whole secret, whsec_ included.
    assert sign(b'{"id":"evt_1"}', SECRET, 1_700_000_000) == (
        "t=1700000000,v1=248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a"
    )


def test_the_official_sdk_verifies_what_is_sent() -> None:
    body = '{"id":"evt_1","object":"event","name":"é"}'.encode()
    http, seen = client(httpx.Response(200, text="ok"))

    answer = deliver_signed(http, URL, body, SECRET, 1_700_000_000)

    assert answer == DeliveryResult(200, "ok")
    sent = seen[0]
    assert sent.content == body
    assert sent.headers["content-type"] == "application/json; charset=utf-8"
    assert stripe.WebhookSignature.verify_header(body.decode(), sent.headers["stripe-signature"], SECRET.reveal())


@pytest.mark.parametrize(("status", "accepted"), [(200, True), (204, True), (301, False), (400, False), (500, False)])
def test_only_2xx_counts_and_redirects_are_not_followed(status: int, accepted: bool) -> None:
    http, seen = client(httpx.Response(status, headers={"location": "http://127.0.0.1:1/other"}))

    assert deliver(http, URL, b"{}", "t=1,v1=x").accepted is accepted
    assert len(seen) == 1


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout(""), httpx.RemoteProtocolError("x")]
)
def test_no_answer_is_an_answer_too(error: Exception) -> None:
    answer = deliver(client(error)[0], URL, b"{}", None)

    assert answer.status is None
    assert not answer.accepted
    assert type(error).__name__ in answer.error


def test_an_unsigned_delivery_has_no_signature_and_a_long_answer_is_cut() -> None:
    http, seen = client(httpx.Response(400, text="not today " * 1_000))

    body = deliver(http, URL, b"{}", None).body
    assert len(body) <= 501
    assert body.endswith(("not …", "today …")), "between words, and it is said"
    assert "stripe-signature" not in seen[0].headers
