"""Test cards pay in test mode only, real ones in live mode only; a live rehearsal has a way to pay."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.support.clock import NOW

LIVE = "sk_live_" + "example0000"
TEST = "sk_test_" + "example0000"
REAL_CARD = "4539148803436467"
SESSION = (
    b"mode=payment&success_url=https://a.example&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd"
    b"&line_items[0][price_data][unit_amount]=1000&line_items[0][price_data][product_data][name]=A"
)
Ask = Callable[..., tuple[int, Any]]
"""Requests with a key of either mode: (key, method, path, body)."""


@pytest.fixture
def rehearsal() -> Iterator[Ask]:
    emulator = Emulator(livemode=True, clock=lambda: NOW)

    def ask(key: str, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {key}"}
        if path.startswith("/_emulator"):
            headers["content-type"] = "application/json"
        answer = emulator.handle(Request(method, path, "", headers, body))
        return answer.status, json.loads(answer.body)

    yield ask
    emulator.close()


def paid(ask: Ask, key: str, card: str) -> tuple[int, Any]:
    session = ask(key, "POST", "/v1/checkout/sessions", SESSION)[1]
    status, answer = ask(key, "POST", f"/_emulator/sessions/{session['id']}/pay", json.dumps({"card": card}).encode())
    return status, answer


def test_a_live_session_is_paid_with_a_real_card(rehearsal: Ask) -> None:
    status, session = paid(rehearsal, LIVE, REAL_CARD)
    assert (status, session["payment_status"], session["livemode"]) == (200, "paid", True)
    assert session["id"].startswith("cs_live_")


@pytest.mark.parametrize(
    ("key", "card", "code"),
    [(LIVE, "4242424242424242", "test_mode_live_card"), (TEST, REAL_CARD, "live_mode_test_card")],
)
def test_a_card_of_the_other_mode_is_declined(rehearsal: Ask, key: str, card: str, code: str) -> None:
    status, answer = paid(rehearsal, key, card)
    assert (status, answer["error"]["code"], answer["error"]["decline_code"]) == (402, "card_declined", code)


def test_a_live_payment_is_refunded(rehearsal: Ask) -> None:
    session = paid(rehearsal, LIVE, REAL_CARD)[1]
    form = f"payment_intent={session['payment_intent']}".encode()
    status, refund = rehearsal(LIVE, "POST", "/v1/refunds", form)
    assert (status, refund["status"], refund["amount"]) == (200, "succeeded", 1000)
    assert rehearsal(TEST, "POST", "/v1/refunds", form)[0] == 404


def test_without_a_card_each_mode_pays_with_one_of_its_own(rehearsal: Ask) -> None:
    for key in (LIVE, TEST):
        session = rehearsal(key, "POST", "/v1/checkout/sessions", SESSION)[1]
        paid = rehearsal(key, "POST", f"/_emulator/sessions/{session['id']}/pay")[1]
        assert paid["payment_status"] == "paid"


def test_the_page_of_a_rehearsal_names_a_card_that_pays() -> None:
    emulator = Emulator(livemode=True, clock=lambda: NOW)
    for key, hint in ((LIVE, b"4539 1488 0343 6467"), (TEST, b"4000 0000 0000 0002")):
        headers = {"authorization": f"Bearer {key}", "host": "127.0.0.1:4"}
        session = json.loads(emulator.handle(Request("POST", "/v1/checkout/sessions", "", headers, SESSION)).body)
        page = emulator.handle(Request("GET", f"/c/pay/{session['id']}", "", {"host": "127.0.0.1:4"}))
        assert hint in page.body
    emulator.close()


def test_live_rehearsal() -> None:
    emulator = Emulator(livemode=True, clock=lambda: NOW)
    headers = {"authorization": "Bearer sk_live_" + "example0000"}
    form = b"amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&return_url=https://a.example"
    answer = emulator.handle(Request("POST", "/v1/payment_intents", "", headers, form))
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["decline_code"]) == (402, "test_mode_live_card")
    assert error["payment_intent"]["livemode"] is True
    test = {"authorization": "Bearer sk_test_" + "example0000"}
    one = emulator.handle(Request("GET", f"/v1/payment_intents/{error['payment_intent']['id']}", "", test))
    assert one.status == 404
    assert b"a similar object exists in live mode, but a test mode key was used" in one.body
    emulator.close()
