"""The door to Stripe: what is sent where, what is tried again, what is refused and what is written down."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests
import stripe

from creditctl.cli.guard import confirm_live_writes
from creditctl.core.errors import GuardRefused
from creditctl.core.modes import Mode
from creditctl.core.settings import merge_settings
from creditctl.stripe_api.audit import AuditLog
from creditctl.stripe_api.client import StripeConnection, connect
from tests.support.clock import NOW
from tests.support.keys import LIVE_KEY, TEST_KEY
from tests.support.scripted_stripe import Scripted, ScriptedStripe, StripeAnswer, error, lost, queue

ACCOUNT = {"id": "acct_mine", "object": "account"}
PRODUCT = {"id": "prod_1", "object": "product", "name": "Starter"}


class OpenDoor(Protocol):
    """Connects to a Stripe that the test wrote the script for."""

    def __call__(self, transport: stripe.HTTPClient, key: str = ..., **values: str) -> StripeConnection: ...


def scripted(*answers: Scripted) -> ScriptedStripe:
    return ScriptedStripe(queue(*answers))


@pytest.fixture
def slept() -> list[float]:
    """How long the transport waited before each further try."""
    return []


@pytest.fixture
def open_door(tmp_path: Path, slept: list[float]) -> OpenDoor:
    def build(transport: stripe.HTTPClient, key: str = TEST_KEY, **values: str) -> StripeConnection:
        settings = merge_settings({"STRIPE_SECRET_KEY": key, **values}, {}, env_file=Path(".env"), folder=tmp_path)
        return connect(
            settings,
            sleep=slept.append,
            chance=lambda: 0.0,
            transport=transport,
            audit=AuditLog(tmp_path / "audit.jsonl", lambda: NOW, "this"),
        )

    return build


@pytest.mark.parametrize("trouble", [error(429), error(500), error(503), error(409), lost(), '{"id": "pro'])
def test_a_change_is_repeated_with_one_idempotency_key(
    open_door: OpenDoor, slept: list[float], trouble: Scripted
) -> None:
    transport = scripted(trouble, trouble, PRODUCT)
    with open_door(transport) as door:
        assert door.client.v1.products.create({"name": "Starter"}).id == "prod_1"
        assert slept == [0.25, 0.5]
    assert len({request.headers["Idempotency-Key"] for request in transport.requests}) == 1


def test_an_answer_that_breaks_off_is_repeated(open_door: OpenDoor) -> None:
    cut = lost(should_retry=False)
    cut.__cause__ = requests.exceptions.ChunkedEncodingError()
    with open_door(scripted(cut, PRODUCT)) as door:
        assert door.client.v1.products.retrieve("prod_1").id == "prod_1"


@pytest.mark.parametrize(
    ("answers", "raised", "requests_made"),
    [
        ([error(429)] * 8, stripe.RateLimitError, 8),
        ([error(500)] * 5, stripe.APIError, 5),
        ([lost() for _ in range(5)], stripe.APIConnectionError, 5),
        ([error(400)], stripe.InvalidRequestError, 1),
        ([error(500, **{"Stripe-Should-Retry": "false"})], stripe.APIError, 1),
        ([error(500, **{"Idempotent-Replayed": "true"})], stripe.APIError, 1),
        ([lost("bad certificate", should_retry=False)], stripe.APIConnectionError, 1),
    ],
)
def test_patience_ends(
    open_door: OpenDoor, answers: list[Scripted], raised: type[Exception], requests_made: int
) -> None:
    transport = scripted(*answers)
    with open_door(transport) as door, pytest.raises(raised):
        door.client.v1.products.retrieve("prod_1")
    assert len(transport.requests) == requests_made


def test_a_wait_is_never_shorter_than_retry_after(open_door: OpenDoor, slept: list[float]) -> None:
    with open_door(scripted(error(429, **{"Retry-After": "3"}), PRODUCT)) as door:
        door.client.v1.products.retrieve("prod_1")
        assert slept == [3.0]


def test_no_telemetry_and_no_notice(open_door: OpenDoor, tmp_path: Path) -> None:
    transport = scripted(StripeAnswer(PRODUCT, headers={"Stripe-Notice": "hear, hear"}), PRODUCT)
    with open_door(transport) as door:
        door.client.v1.products.retrieve("prod_1")
        door.client.v1.products.retrieve("prod_1")
    for request in transport.requests:
        assert "X-Stripe-Client-Telemetry" not in request.headers
        assert "telemetry_id" not in request.headers["X-Stripe-Client-User-Agent"]


def test_nothing_leaves_the_machine_when_the_base_is_local(open_door: OpenDoor) -> None:
    transport = scripted(PRODUCT, {"id": "file_1", "object": "file"})
    with open_door(transport, STRIPE_API_BASE="http://127.0.0.1:9") as door:
        assert door.mode is Mode.EMULATOR
        door.client.v1.products.retrieve("prod_1")
        assert set(door.client._requestor.base_addresses.values()) == {"http://127.0.0.1:9"}


@pytest.mark.parametrize("answer", [error(404), {"emulator": "another"}, "not JSON", lost()])
def test_a_live_key_goes_to_no_local_address_but_our_emulator(open_door: OpenDoor, answer: Scripted) -> None:
    transport = scripted(answer)
    with pytest.raises(GuardRefused, match="live key"):
        open_door(transport, LIVE_KEY, STRIPE_API_BASE="http://127.0.0.1:9")
    assert [(request.url, request.headers) for request in transport.requests] == [("http://127.0.0.1:9/_emulator", {})]


def test_a_live_key_goes_to_our_emulator(open_door: OpenDoor) -> None:
    transport = scripted({"emulator": "creditctl"}, PRODUCT)
    with open_door(transport, LIVE_KEY, STRIPE_API_BASE="http://127.0.0.1:9") as door:
        assert (door.mode, door.livemode) == (Mode.EMULATOR, True)
        door.client.v1.products.create({"name": "Starter"})


def test_another_account_than_the_pinned_one_is_refused_before_anything_else(open_door: OpenDoor) -> None:
    transport = scripted(ACCOUNT)
    with open_door(transport, STRIPE_ACCOUNT_ID="acct_other") as door, pytest.raises(GuardRefused, match="acct_other"):
        door.client.v1.products.create({"name": "Starter"})
    assert [request.url for request in transport.requests] == ["https://api.stripe.com/v1/account"]


def test_the_pinned_account_is_looked_at_once(open_door: OpenDoor) -> None:
    transport = scripted(ACCOUNT, PRODUCT, PRODUCT)
    with open_door(transport, STRIPE_ACCOUNT_ID="acct_mine") as door:
        door.client.v1.products.retrieve("prod_1")
        door.client.v1.products.retrieve("prod_1")
    assert len(transport.requests) == 3


def test_live_writes_are_locked_until_a_guard_opens_them(open_door: OpenDoor) -> None:
    transport = scripted(PRODUCT, ACCOUNT, PRODUCT)
    with open_door(transport, LIVE_KEY) as door:
        door.client.v1.products.retrieve("prod_1")
        with pytest.raises(GuardRefused):
            door.client.v1.products.create({"name": "Starter"})
        with pytest.raises(GuardRefused):
            door.client.v1.products.delete("prod_1")
        confirm_live_writes(door, expected=Mode.LIVE, confirm="acct_mine")
        door.client.v1.products.create({"name": "Starter"})


@pytest.mark.parametrize(
    ("expected", "confirm", "typed", "code"),
    [
        (None, "acct_mine", None, "guard.live_mode"),
        (Mode.TEST, "acct_mine", None, "guard.live_mode"),
        (Mode.LIVE, None, None, "guard.confirm"),
        (Mode.LIVE, "acct_other", None, "guard.confirm"),
        (Mode.LIVE, None, "", "guard.confirm"),
        (Mode.LIVE, None, "yes", "guard.confirm"),
    ],
)
def test_a_live_write_that_is_not_confirmed_is_refused(
    open_door: OpenDoor, expected: Mode | None, confirm: str | None, typed: str | None, code: str
) -> None:
    with open_door(scripted(ACCOUNT), LIVE_KEY) as door:
        ask = None if typed is None else lambda _question: typed
        with pytest.raises(GuardRefused) as caught:
            confirm_live_writes(door, expected=expected, confirm=confirm, ask=ask)
        assert caught.value.code == code
        with pytest.raises(GuardRefused):
            door.client.v1.products.create({"name": "Starter"})


def test_the_account_may_be_typed(open_door: OpenDoor) -> None:
    with open_door(scripted(ACCOUNT, PRODUCT), LIVE_KEY) as door:
        confirm_live_writes(door, expected=Mode.LIVE, confirm=None, ask=lambda _question: " acct_mine\n")
        assert door.client.v1.products.create({"name": "Starter"}).id == "prod_1"


def audit_lines(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]


def test_changes_are_audited_and_reads_are_not(open_door: OpenDoor, tmp_path: Path) -> None:
    refused = error(400)
    replayed = StripeAnswer(PRODUCT, headers={"Idempotent-Replayed": "true"})
    with open_door(scripted(PRODUCT, PRODUCT, refused, replayed, *[lost() for _ in range(5)])) as door:
        door.client.v1.products.retrieve("prod_1")
        assert door.audit is not None
        with door.audit.purpose("a test"):
            door.client.v1.products.create({"name": "Starter"}, {"idempotency_key": "key-1"})
        with pytest.raises(stripe.InvalidRequestError):
            door.client.v1.products.create({"name": ""})
        door.client.v1.products.create({"name": "Starter"}, {"idempotency_key": "key-1"})
        with pytest.raises(stripe.APIConnectionError):
            door.client.v1.products.delete("prod_1")

    assert audit_lines(tmp_path) == [
        {
            "when": NOW,
            "purpose": "a test",
            "what": "POST /v1/products",
            "idempotency_key": "key-1",
            "object": "prod_1",
            "request_id": "req_1",
            "outcome": "done",
        },
        {**audit_lines(tmp_path)[0], "purpose": "", "outcome": "replayed"},
        {
            "when": NOW,
            "purpose": "",
            "what": "DELETE /v1/products/prod_1",
            "idempotency_key": None,
            "object": None,
            "request_id": None,
            "outcome": "unknown",
        },
    ]


def test_nothing_is_changed_where_the_audit_file_cannot_be_written(open_door: OpenDoor, tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    transport = scripted(PRODUCT)
    with open_door(transport) as door, pytest.raises(OSError, match="directory"):
        door.client.v1.products.create({"name": "Starter"})
    assert transport.requests == []


def test_a_line_that_a_crash_cut_off_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"when": 1, "wha')
    log = AuditLog(path, lambda: 2, "this")
    log.append({"what": "POST /v1/products", "note": "whsec_" + "example0secret0text"})
    log.close()
    cut, line = path.read_text().splitlines()

    assert cut == '{"when": 1, "wha'
    assert json.loads(line)["when"] == 2
    assert "example0secret" not in line


def test_a_change_that_was_killed_under_way_is_noted_by_the_next_command(open_door: OpenDoor, tmp_path: Path) -> None:
    with open_door(scripted(KeyboardInterrupt())) as door:
        assert door.audit is not None
        with door.audit.purpose("a test"), pytest.raises(KeyboardInterrupt):
            door.client.v1.products.create({"name": "Starter"}, {"idempotency_key": "key-1"})
        assert (tmp_path / "audit.jsonl").read_text() == ""
    (left,) = tmp_path.glob("*.pending")
    left.rename(tmp_path / f"audit.jsonl.{os.getpid()}-another-1.pending")
    with open_door(scripted(PRODUCT)) as door:
        door.client.v1.products.create({"name": "Starter"}, {"idempotency_key": "key-1"})
    lines = audit_lines(tmp_path)

    assert [(line["idempotency_key"], line["outcome"]) for line in lines] == [("key-1", "unknown"), ("key-1", "done")]
    assert lines[0]["purpose"] == "a test"
    assert [path.name for path in tmp_path.iterdir()] == ["audit.jsonl"]


def test_what_another_running_command_is_about_to_change_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    running = tmp_path / f"audit.jsonl.{os.getppid()}-token-1.pending"
    running.write_text('{"when": 1}\n')
    (tmp_path / "audit.jsonl.999999999-token-1.pending").write_text('{"when": 2}\n')
    log = AuditLog(path, lambda: 3, "this")
    log.open()
    log.close()

    assert audit_lines(tmp_path) == [{"when": 2}]
    assert running.exists()
