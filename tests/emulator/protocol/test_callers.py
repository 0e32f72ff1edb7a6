"""Who may call the emulator: programs and pages of this machine, never a page of another site."""

import json
from collections.abc import Iterator

import httpx
import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.callers import caller_fault, host_name
from creditctl.emulator.protocol.wire import Request
from creditctl.emulator.transports.server import EmulatorServer
from tests.emulator.world import Inside
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY
from tests.support.waiting import patience

JSON = {"authorization": f"Bearer {TEST_KEY}", "content-type": "application/json"}
OURS = "127.0.0.1:12111"
FOREIGN_HOSTS = ["evil.example", "evil.example:12111", "0.0.0.0:12111", "192.168.1.5:12111", "localhost.evil.example",
                 "127.0.0.1.evil.example", "", "[::1", "a b", "localhost:evil",
                 "127.0.0.1:12111, evil.example"]  # fmt: skip
OTHER_SITES = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:3000"},
    {"origin": "http://127.0.0.1:12111.evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": f"http://{OURS}"},
    {"sec-fetch-site": "cross-site", "origin": f"http://{OURS}"},
]
OUR_CALLERS = [
    {},
    {"origin": f"http://{OURS}"},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "same-origin", "origin": "null"},
]


def reset(emulator: Emulator, **headers: str) -> int:
    """The status of an attempt to reset everything, from a caller with these headers."""
    given = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    return emulator.handle(Request("POST", "/_emulator/reset", "", given, b"{}")).status


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:12111", "shop.localhost:1", "127.0.0.1", "127.9.9.9:80", "[::1]:3"]
)
def test_names_of_this_machine_are_answered(emulator: Emulator, host: str) -> None:
    assert reset(emulator, host=host) == 200


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize(
    "path", ["/_emulator/reset", "/_emulator", "/v1/products", "/c/pay/cs_test_a", "/_challenge/pi_a"]
)
def test_a_foreign_host_is_refused_everywhere(emulator: Emulator, host: str, path: str) -> None:
    for method in ("GET", "POST"):
        answer = emulator.handle(Request(method, path, "", JSON | {"host": host}, b""))
        assert answer.status == 403
        assert b"--allow-host" in answer.body


def test_what_a_foreign_host_is_called_is_not_repeated_unless_it_is_a_name(emulator: Emulator) -> None:
    said = caller_fault(Request("GET", "/", headers={"host": "<b>.example"}), (), navigates=False)

    assert said is not None
    assert "<b>" not in said
    assert "--allow-host NAME" in said


@pytest.mark.parametrize("headers", OTHER_SITES)
@pytest.mark.parametrize(
    "path",
    ["/_emulator/reset", "/_emulator/seed", "/_emulator/deliveries", "/v1/products", "/c/pay/cs_a", "/_challenge/pi_a"],
)
def test_a_page_of_another_site_is_refused(emulator: Emulator, ask: Inside, path: str, headers: dict[str, str]) -> None:
    ask("POST", "/v1/products", "name=Kept")

    answer = emulator.handle(Request("POST", path, "", JSON | {"host": OURS} | headers, b"{}"))

    assert answer.status == 403
    assert "another site" in answer.body.decode()
    assert [kept["name"] for kept in ask("GET", "/v1/products")[1]["data"]] == ["Kept"]


@pytest.mark.parametrize("headers", OUR_CALLERS)
def test_programs_and_pages_of_its_own_are_answered(emulator: Emulator, headers: dict[str, str]) -> None:
    answer = emulator.handle(Request("POST", "/_emulator/reset", "", JSON | {"host": OURS} | headers, b"{}"))

    assert (answer.status, json.loads(answer.body)) == (200, {"reset": True})


@pytest.mark.parametrize("headers", OTHER_SITES)
def test_a_shop_links_to_the_payment_page(emulator: Emulator, ask: Inside, headers: dict[str, str]) -> None:
    session = ask.session(ask.price("A", "unit_amount=1000"), 1)[1]["id"]

    page = emulator.handle(Request("GET", f"/c/pay/{session}", "", {"host": OURS} | headers))

    assert page.status == 200


def test_a_host_that_was_allowed_at_the_start_is_answered() -> None:
    emulator = Emulator(clock=lambda: NOW, allow_hosts=["Emulator"])
    assert reset(emulator, host="emulator:12111") == 200
    assert reset(emulator, host="emulator.example:12111") == 403
    assert reset(emulator, host="emulator:12111", origin="https://evil.example") == 403
    emulator.close()


@pytest.mark.parametrize(
    ("host", "name"), [("A.Example.:1", "a.example"), ("[::1]:4", "::1"), ("[", ""), ("", ""), ("u@h:1", "h")]
)
def test_the_name_in_a_host(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.fixture
def url() -> Iterator[str]:
    """An emulator on a port."""
    emulator = Emulator()
    with EmulatorServer(emulator) as server:
        yield server.url
    emulator.close()


def test_the_server_hands_the_headers_on(url: str) -> None:
    with httpx.Client(base_url=url, timeout=patience(20)) as http:
        assert http.post("/_emulator/reset", json={}).status_code == 200
        assert http.post("/_emulator/reset", json={}, headers={"Origin": "https://evil.example"}).status_code == 403
        assert http.post("/_emulator/reset", json={}, headers={"Host": "evil.example"}).status_code == 403
        assert http.post("/_emulator/reset", data={"a": "b"}).status_code == 415
