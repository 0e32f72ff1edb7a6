"""The log: a line a request, nothing personal, nothing secret, nothing that breaks a line."""

from __future__ import annotations

import io
import threading

import pytest

from creditctl.backend.dependencies import SessionView
from creditctl.backend.logs import clean_line, level_of, stream_log
from creditctl.core.errors import Unreachable
from tests.support.backend import FakeCheckout, Log, TestClient
from tests.support.keys import TEST_KEY


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/healthz", "INFO: GET /healthz 200 0 ms"),
        ("/credits", "INFO: GET /credits 200 0 ms"),
        ("/api/credits/balance?user_id=alice@example.com", "INFO: GET /api/credits/balance 200 0 ms"),
        ("/api/credits/balance", "WARNING: GET /api/credits/balance 422 refused 0 ms"),
        ("/alice@example.com", "WARNING: GET (no such page) 404 0 ms"),
        ("/api/credits/session/alice@example.com", "WARNING: GET /api/credits/session/{session_id} 404 0 ms"),
    ],
)
def test_a_line_a_request_without_personal_data(client: TestClient, log: Log, path: str, line: str) -> None:
    client.get(path)
    assert log.lines == [line]


def test_a_session_is_named(client: TestClient, checkout: FakeCheckout, log: Log, paid_session: SessionView) -> None:
    checkout.sessions["cs_test_1"] = paid_session
    client.get("/api/credits/session/cs_test_1")
    assert log.lines == ["INFO: GET /api/credits/session/{session_id} 200 cs_test_1 paid 0 ms"]


def test_stripes_request_id_is_there(client: TestClient, checkout: FakeCheckout, log: Log) -> None:
    checkout.error = Unreachable("Stripe answered 500.", code="stripe.server_error", request_id="req_1")
    client.get("/api/credits/session/cs_test_1")
    (line,) = log.lines
    assert line.startswith("ERROR: GET /api/credits/session/{session_id} 503 stripe.server_error req_1: Stripe")


def test_a_bug_is_named_by_its_place_and_not_by_its_words(client: TestClient, checkout: FakeCheckout, log: Log) -> None:
    checkout.error = RuntimeError("alice@example.com")
    response = client.get("/api/credits/session/cs_test_1")
    assert response.status_code == 500
    assert response.json() == {"success": False, "message": "Something went wrong on our side."}
    (line,) = log.lines
    assert "a bug: RuntimeError at backend.py:" in line
    assert "alice" not in line


@pytest.mark.parametrize(("status", "level"), [(200, "INFO"), (303, "INFO"), (404, "WARNING"), (503, "ERROR")])
def test_levels(status: int, level: str) -> None:
    assert level_of(status) == level


def test_no_answer_is_an_error() -> None:
    assert level_of(None) == "ERROR"


@pytest.mark.parametrize(
    ("line", "clean"),
    [
        ("plain", "INFO: plain"),
        ("WARNING: plain", "WARNING: plain"),
        ("user a\rb\x1b[31m\u2028c", "INFO: user a?b?[31m?c"),
        (f"key {TEST_KEY}", "INFO: key sk_test_…0000"),
        ("user Jörg 用户", "INFO: user Jörg 用户"),
    ],
)
def test_a_line_is_clean(line: str, clean: str) -> None:
    assert clean_line(line) == clean


def test_lines_of_several_threads_stay_whole() -> None:
    stream = io.StringIO()
    log = stream_log(stream)
    threads = [threading.Thread(target=lambda: [log("one\ntwo") for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stream.getvalue() == "INFO: one\nINFO: two\n" * 400


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    stream = io.StringIO()
    stream.close()
    stream_log(stream)("plain")
