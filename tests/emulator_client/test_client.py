"""The control API is called on this machine only, after the emulator proved itself, and its refusals are told apart."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from creditctl.core.errors import CreditctlError, GuardRefused, StripeRefused, Unreachable
from creditctl.core.keys import parse_api_key
from creditctl.emulator_client.client import DEFAULT_URL, EmulatorControl, emulator_url
from tests.support.keys import TEST_KEY

LIVE_KEY = "sk_" + "live_" + "emulator0000000000"
Answerer = Callable[[httpx.Request], httpx.Response]


def control(answer: Answerer, key: str = TEST_KEY) -> EmulatorControl:
    return EmulatorControl(httpx.Client(transport=httpx.MockTransport(answer)), DEFAULT_URL, parse_api_key(key))


def says(status: int, body: object) -> Answerer:
    return lambda _request: httpx.Response(status, json=body, headers={"request-id": "req_1"})


@pytest.mark.parametrize(
    ("given", "configured", "url"),
    [
        (None, None, DEFAULT_URL),
        ("http://127.0.0.1:1/", "http://localhost:2", "http://127.0.0.1:1"),
        (None, "http://localhost:2", "http://localhost:2"),
    ],
)
def test_the_command_line_wins_over_the_settings(given: str | None, configured: str | None, url: str) -> None:
    assert emulator_url(given, configured) == url


@pytest.mark.parametrize(
    "url", ["https://api.stripe.com", "http://10.0.0.1:1", "https://127.0.0.1:1", "http://127.0.0.1:1/v1", "x"]
)
def test_no_other_machine_and_no_path_is_taken(url: str) -> None:
    with pytest.raises(GuardRefused, match="--url"):
        emulator_url(url, None)
    with pytest.raises(GuardRefused, match="STRIPE_API_BASE"):
        emulator_url(None, url)


def test_the_proof_is_asked_for_without_a_key() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"emulator": "creditctl"})

    assert control(answer).prove() == {"emulator": "creditctl"}
    assert [(request.url.path, "authorization" in request.headers) for request in seen] == [("/_emulator", False)]


@pytest.mark.parametrize("answer", [says(404, {}), says(200, {"emulator": "another"}), says(200, [])])
def test_whoever_else_answers_is_refused(answer: Answerer) -> None:
    with pytest.raises(GuardRefused) as caught:
        control(answer).prove()

    assert caught.value.code == "guard.not_the_emulator"


def test_a_live_key_needs_an_emulator_in_live_mode() -> None:
    with pytest.raises(GuardRefused) as caught:
        control(says(200, {"emulator": "creditctl", "livemode": False}), LIVE_KEY).prove()

    assert caught.value.code == "guard.live_key_local"
    assert control(says(200, {"emulator": "creditctl", "livemode": True}), LIVE_KEY).prove()["livemode"] is True


def test_parameters_go_where_the_method_wants_them_and_none_is_left_out() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    steered = control(answer)
    steered.control("POST", "/faults", {"kind": "status", "path": None})
    steered.control("GET", "/deliveries", {"limit": 5})
    steered.api("POST", "/v1/refunds", {"amount": 5, "reason": None})

    assert json.loads(seen[0].content) == {"kind": "status"}
    assert (seen[0].url.path, seen[0].headers["authorization"]) == ("/_emulator/faults", f"Bearer {TEST_KEY}")
    assert seen[1].url.query == b"limit=5"
    assert seen[2].content == b"amount=5"


DECLINED = {"error": {"type": "card_error", "code": "card_declined", "decline_code": "fraudulent", "message": "No."}}


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (says(402, DECLINED), StripeRefused, "stripe.fraudulent"),
        (
            says(404, {"error": {"code": "resource_missing", "message": "None."}}),
            StripeRefused,
            "stripe.resource_missing",
        ),
        (says(400, {"error": {"type": "invalid_request_error"}}), StripeRefused, "stripe.refused"),
        (says(503, {"error": {"message": "Ordered."}}), Unreachable, "emulator.server_error"),
        (says(400, ["no object"]), Unreachable, "emulator.server_error"),
    ],
)
def test_a_refusal_and_a_failure_are_told_apart(answer: Answerer, error: type[CreditctlError], code: str) -> None:
    with pytest.raises(error) as caught:
        control(answer).control("POST", "/sessions/cs_1/pay")

    assert (caught.value.code, caught.value.request_id) == (code, "req_1")
    assert caught.value.fix


def test_nobody_listening_is_said_with_how_to_start_one() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Unreachable, match="No emulator answers") as caught:
        control(refuse).prove()

    assert "creditctl emulator" in caught.value.fix


def test_another_machine_is_taken_where_it_is_listed() -> None:
    assert emulator_url("http://emulator:12111", None, ("emulator:12111",)) == "http://emulator:12111"
    assert emulator_url(None, "http://host.docker.internal:1", ("host.docker.internal",))
    with pytest.raises(GuardRefused, match="--url"):
        emulator_url("http://emulator:12112", None, ("emulator:12111",))
    with pytest.raises(GuardRefused, match="--url"):
        emulator_url("http://emulator:12111/v1", None, ("emulator:12111",))


def test_a_key_that_might_be_real_is_never_sent_to_another_machine() -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    http = httpx.Client(transport=httpx.MockTransport(nobody))
    real = EmulatorControl(http, "http://emulator:12111", parse_api_key("sk_test_" + "a" * 24))
    with pytest.raises(GuardRefused) as refused:
        real.prove()
    assert refused.value.code == "guard.emulator_key"
    ours = EmulatorControl(
        httpx.Client(transport=httpx.MockTransport(says(200, {"emulator": "creditctl"}))),
        "http://emulator:12111",
        parse_api_key(TEST_KEY),
    )
    assert ours.prove()["emulator"] == "creditctl"
