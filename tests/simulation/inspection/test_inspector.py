"""The inspector of a running backend: a document, common paths, sign-ins, catch-alls, and what it must not do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import httpx
import pytest

from creditctl.core.errors import GuardRefused, Unreachable
from creditctl.simulation.inspection.inspector import NOTHING_SAID, Inspection, inspect_backend
from creditctl.simulation.inspection.proposal import proposal_text
from creditctl.simulation.target.backend_client import BackendClient
from creditctl.simulation.target.declaration import Target
from tests.simulation.inspection.test_templates import CATALOG

Answer = Callable[[httpx.Request], httpx.Response]


def inspected(answer: Answer, *, may_buy: bool = True, said: Mapping[str, str] = NOTHING_SAID) -> Inspection:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    client = BackendClient(http, Target("http://127.0.0.1:1", ""))
    return inspect_backend(client, CATALOG, "u1", may_buy=may_buy, said=said)


def plain_shop(request: httpx.Request) -> httpx.Response:
    """An Express shop: no document, a slug in the body, a user in the path."""
    match (request.method, request.url.path):
        case ("GET", "/users/u1/balance"):
            return httpx.Response(200, json={"user": "u1", "balance": 0})
        case ("POST", "/checkout"):
            wanted = json.loads(request.content).get("packageId")
            if wanted == "starter":
                return httpx.Response(303, headers={"location": "https://checkout.stripe.com/c/pay/cs_test_a1b2"})
            return httpx.Response(400, json={"error": "packageId"})
        case ("POST", "/webhooks/stripe"):
            return httpx.Response(400, text="no signature")
    return httpx.Response(404)


def test_common_paths_and_bodies_are_tried_and_each_line_has_its_reason() -> None:
    found = inspected(plain_shop)

    assert found.value("webhook.path") == "/webhooks/stripe"
    assert (found.value("balance_path"), found.value("balance_pointer")) == ("/users/{user}/balance", "/balance")
    assert (found.value("purchase_path"), found.value("purchase_body")) == ("/checkout", '{"packageId": "{slug}"}')
    assert found.missing == []
    text = proposal_text(found, {"backend": "http://127.0.0.1:1"})
    assert '[webhook]\npath = "/webhooks/stripe"' in text
    assert all(f"# {each.key.rpartition('.')[2]}: " in text for each in found.guesses)


def test_what_was_said_is_used_and_not_guessed() -> None:
    asked: list[str] = []

    def watched(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return plain_shop(request)

    said = {"webhook.path": "/in", "balance_sql": "select 1", "purchase_path": "/checkout", "session_path": "/done"}
    found = inspected(watched, said=said)

    assert [each.key for each in found.guesses] == ["purchase_body"]
    assert found.missing == []
    assert "/users/u1/balance" not in asked
    text = proposal_text(found, {**said, "headers": ["X-A: {user}"], "policy": {"negative": "clamped"}})
    assert '[webhook]\npath = "/in"' in text
    assert 'headers = ["X-A: {user}"]' in text


def test_nothing_is_bought_where_that_is_not_allowed() -> None:
    bodies: list[bytes] = []

    def watched(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return plain_shop(request)

    found = inspected(watched, may_buy=False)

    assert set(bodies) == {b"", b"{}"}
    assert "a guess: " in proposal_text(found, {})


def test_what_answers_everywhere_is_nothing() -> None:
    catch_all = inspected(lambda _request: httpx.Response(200, text="<html>one page</html>"))
    guarded = inspected(lambda _request: httpx.Response(401, json={"error": "sign in"}))

    assert [each.partition(":")[0] for each in catch_all.missing] == ["webhook.path", "balance_path", "purchase_path"]
    assert guarded.guesses == []


def test_a_balance_behind_a_sign_in_is_a_guess_that_asks_for_one() -> None:
    def signed(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401 if request.url.path == "/api/me" else 404)

    found = inspected(signed)

    assert found.value("balance_path") == "/api/me"
    assert not next(each for each in found.guesses if each.key == "balance_path").sure
    assert any("how a buyer signs in" in each for each in found.missing)


def test_live_mode_and_silence_end_it() -> None:
    def live(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/checkout":
            return httpx.Response(200, json={"url": "https://checkout.stripe.com/c/pay/cs_live_a1b2"})
        return httpx.Response(404)

    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(GuardRefused):
        inspected(live)
    with pytest.raises(Unreachable):
        inspected(silent)
