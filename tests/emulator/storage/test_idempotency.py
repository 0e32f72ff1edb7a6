"""Idempotency keys: one object, the same answer, and what is not kept."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from creditctl.emulator.transports.server import EmulatorServer
from tests.emulator.world import Inside, Refused, World
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY
from tests.support.waiting import patience, wait_until


def test_a_replay_is_the_same_answer(ask: Inside) -> None:
    key = {"idempotency-key": "order-1"}
    first = ask("POST", "/v1/customers", "email=a@example.com&name=A", headers=key)
    again = ask("POST", "/v1/customers", "name=A&email=a@example.com", headers=key)
    assert again[1] == first[1]
    assert again[2]["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first[2]
    assert again[2]["Original-Request"] == first[2]["Request-Id"] != again[2]["Request-Id"]
    assert len(ask("GET", "/v1/customers")[1]["data"]) == 1


def test_other_parameters_are_refused(ask: Inside) -> None:
    key = {"idempotency-key": "order-1"}
    ask("POST", "/v1/customers", "name=A", headers=key)
    for path, form in (("/v1/customers", "name=B"), ("/v1/products", "name=A")):
        status, body, _ = ask("POST", path, form, headers=key)
        assert status == 400
        assert body["error"]["type"] == "idempotency_error"
        assert "'order-1'" in body["error"]["message"]


def test_a_key_that_says_nothing_is_refused(ask: Inside) -> None:
    for key in ("", "  "):
        status, body, _ = ask("POST", "/v1/products", "name=A", headers={"idempotency-key": key})
        assert (status, body["error"]["type"]) == (400, "idempotency_error")
        assert "1-255 characters" in body["error"]["message"]
    assert ask("GET", "/v1/products", "", headers={"idempotency-key": ""})[1]["data"] == []


def test_refused_parameters_leave_the_key_free(ask: Inside) -> None:
    key = {"idempotency-key": "order-1"}
    assert ask("POST", "/v1/products", "nome=A", headers=key)[0] == 400
    assert ask("POST", "/v1/products", "name=A", headers=key)[0] == 200


def test_a_decline_is_replayed(emulated: World, refused: Refused) -> None:
    options = {"idempotency_key": "pay-1"}
    params = {
        "amount": 1000,
        "currency": "usd",
        "confirm": True,
        "payment_method": "pm_card_visa_chargeDeclined",
        "return_url": "https://example.com",
    }
    errors = [refused(lambda: emulated.stripe.payment_intents.create(params=params, options=options)) for _ in range(2)]
    assert errors[0].error.charge == errors[1].error.charge
    assert errors[1].headers["idempotent-replayed"] == "true"
    assert len(emulated.stripe.charges.list().data) == 1


def test_a_failed_execution_is_kept_and_undone(ask: Inside) -> None:
    key = {"idempotency-key": "refund-1"}
    first = ask("POST", "/v1/refunds", "charge=ch_none", headers=key)
    again = ask("POST", "/v1/refunds", "charge=ch_none", headers=key)
    assert (first[0], again[0]) == (404, 404)
    assert first[1] == again[1]


def test_thirty_at_once_make_one(emulator: Emulator) -> None:
    headers = {"authorization": f"Bearer {TEST_KEY}", "idempotency-key": "same"}
    bodies: list[bytes] = []
    barrier = threading.Barrier(30)

    def create() -> None:
        barrier.wait()
        bodies.append(emulator.handle(Request("POST", "/v1/customers", "", headers, b"name=A")).body)

    threads = [threading.Thread(target=create) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 30
    assert len(set(bodies)) == 1


def test_keys_survive_a_restart(tmp_path: Path) -> None:
    headers = {"authorization": f"Bearer {TEST_KEY}", "idempotency-key": "same"}
    answers = []
    for _ in range(2):
        emulator = Emulator(state=tmp_path / "state.db")
        answers.append(emulator.handle(Request("POST", "/v1/customers", "", headers, b"name=A")))
        emulator.close()
    assert answers[0].body == answers[1].body
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_a_key_is_known_wherever_its_answer_lies(tmp_path: Path) -> None:
    ask = Inside(Emulator(files=tmp_path))
    key = {"idempotency-key": "order-1"}
    answers = [ask("POST", "/v1/customers", "name=A", headers=key)]
    answers.append(ask("POST", "/v1/customers", "name=A", headers=key))
    assert len(ask("GET", "/v1/customers")[1]["data"]) == 1
    assert ask.control("/snapshot", path="kept.db")[0] == 200
    answers.append(ask("POST", "/v1/customers", "name=A", headers=key))

    assert ask.control("/reset")[0] == 200
    assert "Idempotent-Replayed" not in ask("POST", "/v1/customers", "name=A", headers=key)[2]
    assert ask.control("/restore", path="kept.db")[0] == 200
    answers.append(ask("POST", "/v1/customers", "name=A", headers=key))

    other = Inside(Emulator(files=tmp_path))
    assert other.control("/restore", path="kept.db")[0] == 200
    answers.append(other("POST", "/v1/customers", "name=A", headers=key))
    assert [body for _, body, _ in answers] == [answers[0][1]] * 5
    assert ["Idempotent-Replayed" in headers for _, _, headers in answers] == [False, True, True, True, True]
    for each in (ask, other):
        each.emulator.close()


def test_a_key_is_free_again_after_a_day() -> None:
    now = [NOW]
    emulator = Emulator(clock=lambda: now[0])
    headers = {"authorization": f"Bearer {TEST_KEY}", "idempotency-key": "same"}
    first = emulator.handle(Request("POST", "/v1/customers", "", headers, b"name=A")).body
    now[0] += 86_401
    assert emulator.handle(Request("POST", "/v1/customers", "", headers, b"name=A")).body != first
    emulator.close()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=15))
def test_any_sequence_makes_one_object_a_key(calls: list[tuple[str, str]]) -> None:
    emulator = Emulator(clock=lambda: NOW)
    first: dict[str, tuple[str, bytes]] = {}
    for key, name in calls:
        headers = {"authorization": f"Bearer {TEST_KEY}", "idempotency-key": key}
        response = emulator.handle(Request("POST", "/v1/customers", "", headers, f"name={name}".encode()))
        known = first.setdefault(key, (name, response.body))
        assert response.status == (200 if known[0] == name else 400)
        if known[0] == name:
            assert response.body == known[1]
    listed = emulator.handle(Request("GET", "/v1/customers", "limit=100", {"authorization": f"Bearer {TEST_KEY}"}))
    assert listed.body.count(b'"object": "customer"') == len(first)
    emulator.close()


def test_a_key_is_in_use_until_the_answer_is_out() -> None:
    emulator = Emulator(clock=lambda: NOW)
    with EmulatorServer(emulator) as server, httpx.Client(base_url=server.url, timeout=patience(20)) as client:
        for attempt in range(20):  # a busy machine may bring the second when the first was answered: that shows nothing
            first, second = _meeting(emulator, client, f"slow-{attempt}")
            if second.status_code != 200:
                break
        assert (second.status_code, second.json()["error"]["code"]) == (409, "idempotency_key_in_use")
        assert "another in-progress request" in second.json()["error"]["message"]
        again = _create(client, f"slow-{attempt}")
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
        assert again.json() == first.json()
    emulator.close()


def _create(client: httpx.Client, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TEST_KEY}", "Idempotency-Key": key}
    return client.post("/v1/products", data={"name": "A"}, headers=headers)


def _meeting(emulator: Emulator, client: httpx.Client, key: str) -> tuple[httpx.Response, httpx.Response]:
    """A request whose answer is late, and the answer to the same one while that is on its way."""
    emulator.services.faults.add({"kind": "latency", "path": "/v1/products", "seconds": 0.4, "count": 1})
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(_create, client, key)
        wait_until(lambda: emulator.services.in_flight or slow.done(), 10)
        second = _create(client, key)
        return slow.result(), second


def test_a_key_belongs_to_one_account_and_mode() -> None:
    emulator = Emulator(livemode=True, clock=lambda: NOW)
    made = {
        json.loads(
            emulator.handle(
                Request(
                    "POST",
                    "/v1/products",
                    "",
                    {"authorization": f"Bearer {key}", "idempotency-key": "shared"},
                    f"name={index}".encode(),
                )
            ).body
        )["id"]
        for index, key in enumerate(("sk_test_one00000000", "sk_test_two00000000", "sk_live_" + "one00000000"))
    }
    assert len(made) == 3
    emulator.close()
