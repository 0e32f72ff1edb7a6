"""The control API: identity, accounts, parameters and their refusals; a bug is no refusal."""

import json
from typing import Any

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import Inside


def test_it_says_what_it_is_without_a_key(emulator: Emulator) -> None:
    answer = emulator.handle(Request("GET", "/_emulator"))
    assert json.loads(answer.body)["emulator"] == "creditctl"
    assert json.loads(emulator.handle(Request("GET", "/_emulator/health")).body)["status"] == "ok"
    assert emulator.handle(Request("GET", "/_emulator/nothing")).status == 404


def test_without_a_key_one_account_is_enough(emulator: Emulator, ask: Inside) -> None:
    ask("POST", "/v1/products", "name=A")
    assert json.loads(emulator.handle(Request("GET", "/_emulator/deliveries")).body)["data"] == []
    ask("GET", "/v1/products", headers={"authorization": "Bearer sk_test_someoneelse00000"})
    assert emulator.handle(Request("GET", "/_emulator/deliveries")).status == 401


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
        ("/sessions/cs_none/pay", {}, "No such checkout.session: cs_none"),
        ("/disputes", {"charge": "ch_none"}, "No such charge: 'ch_none'"),
        ("/nothing", {}, "no control POST /_emulator/nothing"),
    ],
)
def test_nonsense(ask: Inside, path: str, params: dict[str, Any], text: str) -> None:
    status, body = ask.control(path, **params)
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
    status, body = ask.control(path, **params)

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


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "text/plain; x=application/json"]
)
def test_what_a_page_of_another_site_can_send_unasked_is_refused(ask: Inside, kind: str) -> None:
    headers = {"authorization": f"Bearer {ask.key}", "content-type": kind}
    for path, body in (("faults", b'{"kind": "status"}'), ("faults", b"kind=status&status=503"), ("reset", b"")):
        answer = ask.emulator.handle(Request("POST", f"/_emulator/{path}", "", headers, body))
        assert answer.status == 415
        assert "application/json" in json.loads(answer.body)["error"]["message"]
    assert ask.emulator.services.faults.rules == []
