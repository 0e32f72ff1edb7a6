"""Actions on the emulator name a payment by any of its ids, and refuse ids that would lead elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from creditctl.core.errors import UsageError
from creditctl.core.keys import parse_api_key
from creditctl.emulator_client import actions
from creditctl.emulator_client.client import DEFAULT_URL, EmulatorControl
from tests.support.keys import TEST_KEY

FATES = ("refunded", "disputed")


Answers = dict[str, dict[str, object]]


def control(answers: Answers, seen: list[httpx.Request]) -> EmulatorControl:
    """A control whose answers are laid out by method and path."""

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=answers[f"{request.method} {request.url.path}"])

    key = parse_api_key(TEST_KEY)
    return EmulatorControl(httpx.Client(transport=httpx.MockTransport(answer)), DEFAULT_URL, key)


@pytest.mark.parametrize(
    ("object_id", "sent"),
    [
        ("ch_1", b"charge=ch_1"),
        ("py_1", b"charge=py_1"),
        ("pi_1", b"payment_intent=pi_1"),
        ("cs_1", b"payment_intent=pi_9"),
    ],
)
def test_a_refund_names_the_payment_by_any_of_its_ids(object_id: str, sent: bytes) -> None:
    seen: list[httpx.Request] = []
    answers: Answers = {
        "GET /v1/checkout/sessions/cs_1": {"payment_intent": "pi_9"},
        "POST /v1/refunds": {"id": "re_1", "status": "succeeded", "amount": 5, "object": "refund"},
    }
    report = actions.refund(control(answers, seen), object_id, amount=None, reason=None)

    assert report == {"refund": "re_1", "status": "succeeded", "amount": 5}
    assert seen[-1].content == sent


def test_a_session_that_nobody_paid_has_nothing_to_refund() -> None:
    answers: Answers = {"GET /v1/checkout/sessions/cs_1": {"payment_intent": None}}
    with pytest.raises(UsageError) as caught:
        actions.refund(control(answers, []), "cs_1", amount=None, reason=None)

    assert caught.value.code == "usage.no_payment"


@pytest.mark.parametrize(
    "act",
    [
        lambda steered: actions.refund(steered, "cus_1", amount=None, reason=None),
        lambda steered: actions.fail(steered, "ch_1", None),
        lambda steered: actions.pay(steered, "../reset", None),
        lambda steered: actions.expire(steered, ""),
        lambda steered: actions.settle(steered, "dp_1?x", "won"),
    ],
    ids=["no payment", "nothing that fails", "a path", "nothing", "a query"],
)
def test_an_id_of_anything_else_is_refused_before_a_request(act: Callable[[EmulatorControl], Any]) -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(UsageError):
        act(control({}, seen))

    assert seen == []


def test_an_open_session_that_waits_for_its_buyer_says_so() -> None:
    session: dict[str, object] = {
        "id": "cs_1",
        "status": "open",
        "payment_status": "unpaid",
        "payment_intent": "pi_1",
        "amount_total": 1000,
        "currency": "usd",
        "client_reference_id": "ann",
    }
    answers: Answers = {
        "POST /_emulator/sessions/cs_1/pay": session,
        "GET /v1/payment_intents/pi_1": {"status": "requires_action"},
    }
    seen: list[httpx.Request] = []
    report = actions.pay(control(answers, seen), "cs_1", "4000 0027 6000 3184")

    assert report["needs_authentication"] is True
    assert b'"4000002760003184"' in seen[0].content


def test_shares_are_taken_as_they_are_typed() -> None:
    assert actions.read_shares(["refunded=0.1", "disputed=.05"], FATES) == {"refunded": "0.1", "disputed": ".05"}
    assert actions.read_shares(["refunded=1"], FATES) == {"refunded": "1"}


@pytest.mark.parametrize(
    "texts",
    [
        ["lost=0.1"],
        ["refunded"],
        ["refunded=2"],
        ["refunded=-0.1"],
        ["refunded=1e-1"],
        ["refunded=0.6", "disputed=0.5"],
    ],
)
def test_what_is_no_share_or_more_than_all_is_refused(texts: list[str]) -> None:
    with pytest.raises(UsageError):
        actions.read_shares(texts, FATES)
