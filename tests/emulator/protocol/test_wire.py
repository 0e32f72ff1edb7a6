"""Answers are written as Stripe writes them: indented by two spaces, lists in one step."""

import json

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.json_text import indented, indented_item
from creditctl.emulator.protocol.wire import ListPage, Request
from tests.emulator.world import Inside
from tests.support.keys import TEST_KEY


@pytest.mark.parametrize("bodies", [[], [b'{"id":"a","tags":[]}'], [b'{"id":"a"}', b'{"id":"b","of":{"x":null}}']])
@pytest.mark.parametrize("counted", [True, False])
def test_a_page_is_the_same_text_by_either_way(bodies: list[bytes], counted: bool) -> None:
    page = ListPage("/v1/things", [indented_item(body) for body in bodies], more=True, counted=counted)
    assert page.text() == indented(page.text())
    assert json.loads(page.text())["data"] == [json.loads(body) for body in bodies]


def test_a_changed_object_is_listed_as_it_is_now(ask: Inside) -> None:
    ask("POST", "/v1/products", "name=A&id=p")
    assert ask("GET", "/v1/products")[1]["data"][0]["name"] == "A"
    ask("POST", "/v1/products/p", "name=B")
    assert ask("GET", "/v1/products")[1]["data"][0]["name"] == "B"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/products"), ("GET", "/v1/products"), ("GET", "/v1/none"), ("GET", "/v1/invoices"), ("GET", "/v1/x")],
)
def test_every_answer_is_indented(emulator: Emulator, method: str, path: str) -> None:
    headers = {"authorization": f"Bearer {TEST_KEY}"}
    body = emulator.handle(Request(method, path, "", headers, b"name=A" if method == "POST" else b"")).body
    assert body.decode() == json.dumps(json.loads(body), indent=2, ensure_ascii=False)


def test_a_refused_key_is_answered_indented_too(emulator: Emulator) -> None:
    assert emulator.handle(Request("GET", "/v1/balance")).body.startswith(b'{\n  "error": {\n    "message"')
