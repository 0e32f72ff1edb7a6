"""Controls that are given nonsense answer with an error that names the cause, and change nothing."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from creditctl.emulator.protocol.wire import Request


def control(ask: Any, path: str, /, **params: Any) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {ask.key}", "content-type": "application/json"}
    answer = ask.emulator.handle(Request("POST", f"/_emulator{path}", "", headers, json.dumps(params).encode()))
    return answer.status, json.loads(answer.body)


def test_restoring_what_is_no_snapshot(ask: Any, tmp_path: Path) -> None:
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


def test_a_snapshot_to_nowhere(ask: Any, tmp_path: Path) -> None:
    status, body = control(ask, "/snapshot", path=str(tmp_path / "none" / "snapshot.db"))
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")


def test_the_same_seed_twice(ask: Any) -> None:
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
        ("/clock", {"advance": "soon"}, "invalid literal"),
        ("/clock", {}, "missing parameter"),
        ("/faults", {"kind": "gremlin"}, "gremlin"),
        ("/auto_disable", {}, "missing parameter"),
        ("/sessions/cs_none/pay", {}, "No such checkout.session: 'cs_none'"),
        ("/disputes", {"charge": "ch_none"}, "No such charge: 'ch_none'"),
        ("/nothing", {}, "no control POST /_emulator/nothing"),
    ],
)
def test_nonsense(ask: Any, path: str, params: dict[str, Any], text: str) -> None:
    status, body = control(ask, path, **params)
    assert status in (400, 404)
    assert text in body["error"]["message"]
