"""Controls that are given nonsense answer with an error that names the cause, and change nothing."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import Inside


def control(ask: Inside, path: str, /, **params: Any) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {ask.key}", "content-type": "application/json"}
    answer = ask.emulator.handle(Request("POST", f"/_emulator{path}", "", headers, json.dumps(params).encode()))
    return answer.status, json.loads(answer.body)


def test_restoring_what_is_no_snapshot(ask: Inside, tmp_path: Path) -> None:
    ask("POST", "/v1/products", "name=Kept")
    text, other = tmp_path / "text", tmp_path / "other.db"
    text.write_text("hello, this is not a database at all")
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE things (id INTEGER)")
    db.close()
    for path in (text, other, tmp_path):
        status, body = control(ask, "/restore", path=str(path))
        assert status in (400, 404), body
        assert str(path) in body["error"]["message"]
    assert [product["name"] for product in ask("GET", "/v1/products")[1]["data"]] == ["Kept"]


def test_a_snapshot_to_nowhere(ask: Inside, tmp_path: Path) -> None:
    status, body = control(ask, "/snapshot", path=str(tmp_path / "none" / "snapshot.db"))
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")


def test_the_same_seed_twice(ask: Inside) -> None:
    ask("POST", "/v1/products", "name=A&default_price_data[currency]=usd&default_price_data[unit_amount]=1000")
    assert control(ask, "/seed", payments=5, seed=1)[0] == 200
    before = ask("GET", "/v1/charges")[1]
    status, body = control(ask, "/seed", payments=5, seed=1)
    assert (status, "another seed" in body["error"]["message"]) == (409, True)
    assert ask("GET", "/v1/charges")[1] == before
    assert control(ask, "/seed", payments=5, seed=2)[0] == 200


@pytest.mark.parametrize(
    ("path", "params", "text"),
    [
        ("/clock", {"advance": "soon"}, "Invalid integer: soon"),
        ("/clock", {}, "Missing required param: advance"),
        ("/faults", {"kind": "gremlin"}, "gremlin"),
        ("/auto_disable", {}, "Missing required param: days"),
        ("/auto_disable", {"day": 3}, "unknown parameter: day"),
        ("/faults", {"kind": "status", "probability": 2}, "must be between 0 and 1"),
        ("/seed", {"payments": 0}, "greater than or equal to 1"),
        ("/seed", {"since": 2, "until": 1}, "`since` must not be later"),
        ("/deliveries/first/retry", {}, "Invalid integer: first"),
        ("/deliveries/1/retry", {}, "no delivery 1"),
        ("/sessions/cs_none/pay", {}, "No such checkout.session: 'cs_none'"),
        ("/disputes", {"charge": "ch_none"}, "No such charge: 'ch_none'"),
        ("/nothing", {}, "no control POST /_emulator/nothing"),
    ],
)
def test_nonsense(ask: Inside, path: str, params: dict[str, Any], text: str) -> None:
    status, body = control(ask, path, **params)
    assert status in (400, 404)
    assert text in body["error"]["message"]


@pytest.mark.parametrize(
    ("path", "params", "name"),
    [
        ("/auto_disable", {"day": 3}, "day"),
        ("/rate_limit", {"requests": "many"}, "requests"),
        ("/faults", {"path": "/v1/*"}, "kind"),
        ("/faults", {"kind": "gremlin"}, "kind"),
        ("/sessions/cs_none/authenticate", {"result": "perhaps"}, "result"),
        ("/disputes", {"kind": "rude", "charge": "ch_none"}, "kind"),
        ("/disputes", {}, "payment_intent"),
        ("/keys", {"permissions": {"a": "b"}}, "permissions"),
    ],
)
def test_a_typo_is_400_with_the_name_of_the_parameter(
    ask: Inside, path: str, params: dict[str, Any], name: str
) -> None:
    ask("GET", "/v1/products")
    status, body = control(ask, path, **params)

    assert (status, body["error"]["param"]) == (400, name)


@pytest.mark.parametrize("text", ["{", "[1]", '"word"'])
def test_a_body_that_is_no_json_object(ask: Inside, text: str) -> None:
    headers = {"authorization": f"Bearer {ask.key}", "content-type": "application/json"}
    answer = ask.emulator.handle(Request("POST", "/_emulator/clock", "", headers, text.encode()))

    assert answer.status == 400
    assert "JSON" in json.loads(answer.body)["error"]["message"]


def test_a_bug_is_500(ask: Inside, caplog: pytest.LogCaptureFixture) -> None:
    ask.emulator.services.store.db.execute("DROP TABLE deliveries")
    answer = ask.emulator.handle(Request("GET", "/_emulator/health"))

    assert (answer.status, json.loads(answer.body)["error"]["type"]) == (500, "api_error")
    assert "no such table: deliveries" in caplog.text


def test_a_form_is_read_like_json(ask: Inside) -> None:
    answer = ask.emulator.handle(
        Request("POST", "/_emulator/faults", "", {"authorization": f"Bearer {ask.key}"}, b"kind=status&status=503")
    )

    assert (answer.status, json.loads(answer.body)["status"]) == (200, 503)
