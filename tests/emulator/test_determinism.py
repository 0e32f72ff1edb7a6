"""The same seed and clock give the same bytes, also across restarts, snapshots and refused requests in between."""

import json
from pathlib import Path
from typing import Any

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import control
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY

HEADERS = {"authorization": f"Bearer {TEST_KEY}"}
PAY = b"amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&return_url=https://a.example"
DECLINE = PAY.replace(b"visa", b"chargeDeclined")


def emulator(path: Path | None = None, seed: int = 42, files: Path | None = None) -> Emulator:
    return Emulator(state=path, seed=seed, clock=lambda: NOW, files=files)


def post(stripe: Emulator, path: str, form: bytes, key: str) -> bytes:
    return stripe.handle(Request("POST", path, "", HEADERS | {"idempotency-key": key}, form)).body


def get(stripe: Emulator, path: str, query: str = "") -> Any:
    return json.loads(stripe.handle(Request("GET", path, query, HEADERS)).body)


def first_half(stripe: Emulator) -> list[bytes]:
    return [
        post(stripe, "/v1/products", b"name=A", "1"),
        post(stripe, "/v1/payment_intents", PAY, "2"),
        post(stripe, "/v1/payment_intents", DECLINE, "3"),
    ]


def second_half(stripe: Emulator) -> list[bytes]:
    return [post(stripe, "/v1/payment_intents", PAY, "4"), post(stripe, "/v1/customers", b"name=B", "5")]


def history(stripe: Emulator) -> Any:
    stripe.move_clock(10)
    return get(stripe, "/v1/events", "limit=100")["data"]


def in_one_go() -> tuple[list[bytes], Any]:
    stripe = emulator()
    bodies = first_half(stripe) + second_half(stripe)
    events = history(stripe)
    stripe.close()
    return bodies, events


def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    before = emulator(path)
    bodies = first_half(before)
    before.close()
    after = emulator(path)
    bodies += second_half(after)
    assert (bodies, history(after)) == in_one_go()
    after.close()


def test_reading_and_refusals_change_nothing() -> None:
    stripe = emulator()
    bodies = first_half(stripe)
    for _ in range(3):
        get(stripe, "/v1/products")
        assert b"parameter_missing" in post(stripe, "/v1/products", b"", "free")
        assert b"parameter_unknown" in post(stripe, "/v1/payment_intents", PAY + b"&wat=1", "free")
    bodies += second_half(stripe)
    assert (bodies, history(stripe)) == in_one_go()
    stripe.close()


def test_a_snapshot_goes_on_where_it_was_taken(tmp_path: Path) -> None:
    path = str(tmp_path / "snapshot.db")
    stripe = emulator(files=tmp_path)
    steer(stripe, "snapshot", path=path)
    first = first_half(stripe)
    steer(stripe, "restore", path=path)
    assert first_half(stripe) == first
    steer(stripe, "reset")
    assert first_half(stripe) == first
    stripe.close()


def steer(stripe: Emulator, name: str, **params: Any) -> None:
    body = json.dumps(params).encode()
    headers = {**HEADERS, "content-type": "application/json"}
    assert stripe.handle(Request("POST", f"/_emulator/{name}", "", headers, body)).status == 200


def test_without_a_seed_ids_differ_and_never_repeat(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    seen: set[str] = set()
    for _ in range(3):
        stripe = Emulator(state=path, clock=lambda: NOW)
        seen.add(json.loads(post(stripe, "/v1/products", b"name=A", f"k{len(seen)}"))["id"])
        stripe.close()
    assert len(seen) == 3


def test_request_ids_are_new_for_every_request() -> None:
    stripe = emulator()
    answers = [stripe.handle(Request("GET", "/v1/products", "", HEADERS)).headers["Request-Id"] for _ in range(5)]
    answers += [stripe.handle(Request("POST", "/v1/products", "", HEADERS)).headers["Request-Id"] for _ in range(5)]
    answers += [
        stripe.handle(Request("POST", "/v1/products", "", HEADERS, b"name=A")).headers["Request-Id"] for _ in range(5)
    ]
    assert len(set(answers)) == 15
    assert {len(name) for name in answers} == {18}
    stripe.close()


def test_state_survives_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    first = Emulator(state=path, clock=lambda: NOW)
    headers = {"authorization": f"Bearer {TEST_KEY}"}
    made = json.loads(first.handle(Request("POST", "/v1/products", "", headers, b"name=Kept")).body)
    control(first, "POST", "/clock", advance=60)
    second = Emulator(state=path, clock=lambda: NOW)
    got = json.loads(second.handle(Request("GET", f"/v1/products/{made['id']}", "", headers)).body)
    assert got == made
    assert second.now() == 1_790_000_060
    first.close()
    second.close()


def test_the_same_seed_gives_the_same_bytes() -> None:
    def run() -> bytes:
        emulator = Emulator(seed=42, clock=lambda: NOW)
        headers = {"authorization": f"Bearer {TEST_KEY}", "idempotency-key": "k"}
        bodies = b"".join(
            emulator.handle(Request("POST", path, "", headers | {"idempotency-key": path}, form)).body
            for path, form in (
                ("/v1/products", b"name=A&default_price_data[currency]=usd&default_price_data[unit_amount]=1000"),
                (
                    "/v1/payment_intents",
                    b"amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&return_url=https://a.example",
                ),
            )
        )
        events = emulator.handle(Request("GET", "/v1/events", "limit=100", headers)).body
        emulator.close()
        return bodies + events

    assert run() == run()
