"""The overview pages: what they show, of whose account, to whom; they only read, and show no secret."""

import json
import re
from typing import Any

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Reply, Request, Response
from tests.emulator.world import Inside, Receiver, World
from tests.support.keys import TEST_KEY

HERE = {"host": "127.0.0.1:12111"}


def visit(emulator: Emulator, target: str, headers: dict[str, str] | None = None, method: str = "GET") -> Response:
    path, _, query = target.partition("?")
    return emulator.handle(Request(method, path, query, {**HERE, **(headers or {})}))


def text(emulator: Emulator, target: str) -> str:
    answer = visit(emulator, target)
    assert answer.status == 200
    return answer.body.decode()


def test_an_empty_emulator_says_what_it_is_and_what_to_do(emulator: Emulator) -> None:
    answer = visit(emulator, "/")
    shown = answer.body.decode()

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "http://127.0.0.1:12111/_emulator" in shown
    assert f"STRIPE_API_BASE=http://127.0.0.1:12111 STRIPE_SECRET_KEY={TEST_KEY}" in shown
    assert "<script" not in shown
    assert visit(emulator, "/", method="POST").status == 401


def test_sessions_payments_events_and_deliveries_are_shown(
    inside: World, emulator: Emulator, receiver: Receiver
) -> None:
    inside.endpoint("checkout.session.completed")
    receiver.answers = [503]
    paid = inside.buy(client_reference_id="user_7")
    inside.stripe.refunds.create(params={"payment_intent": paid.payment_intent, "amount": 250})
    emulator.pump(send=receiver)

    first = text(emulator, "/")
    for name in (paid.id, paid.payment_intent, "user_7", "buyer@example.com", ">$10.00<", ">$2.50<", "503"):
        assert name in first
    assert paid.id in text(emulator, "/sessions")
    assert ">$2.50<" in text(emulator, "/payments")
    assert "refund.created" in text(emulator, "/events")
    assert "https://example.com/api/credits/webhook" in text(emulator, "/deliveries")


def test_a_delivery_shows_its_body_and_every_answer(inside: World, emulator: Emulator) -> None:
    inside.endpoint("checkout.session.completed")
    paid = inside.buy()

    def send(url: str, headers: Any, body: bytes) -> Reply:
        del url, headers, body
        return Reply(500, b'{"detail": "<b>no such user</b>", "key": "sk_live_abcdefghijkl"}')

    emulator.pump(send=send)
    shown = text(emulator, "/deliveries/1")

    assert "&lt;b&gt;no such user&lt;/b&gt;" in shown
    assert "sk_live_abc" not in shown
    assert "sk_live_…" in shown
    assert f'<a href="/objects/{paid.id}">' in shown
    assert "500" in shown


def test_an_object_is_shown_whole_with_its_events_and_without_secrets(inside: World, emulator: Emulator) -> None:
    endpoint = inside.endpoint(url="https://shop:hunter2@example.com/hook")
    paid = inside.buy(metadata={"note": "<script>alert(1)</script>", "key": "rk_live_abcdefghijkl"})
    shown = text(emulator, f"/objects/{paid.payment_intent}")

    assert "payment_intent.succeeded" in shown
    assert f"creditctl emulator refund {paid.payment_intent}" in shown
    secret = inside.stripe.payment_intents.retrieve(paid.payment_intent).client_secret
    for target in (
        "/",
        f"/objects/{paid.id}",
        f"/objects/{paid.payment_intent}",
        f"/objects/{endpoint.id}",
        "/deliveries",
    ):
        page = text(emulator, target)
        for hidden in (endpoint.secret, "hunter2", "rk_live_abcd", "<script>", secret):
            assert hidden not in page, (target, hidden)


def test_an_event_shows_what_became_of_it(inside: World, emulator: Emulator, receiver: Receiver) -> None:
    inside.endpoint("checkout.session.completed")
    inside.buy()
    emulator.pump(send=receiver)
    event = inside.stripe.events.list(params={"type": "checkout.session.completed"}).data[0]
    lonely = inside.stripe.events.list(params={"type": "charge.succeeded"}).data[0]

    assert "delivered" in text(emulator, f"/objects/{event.id}")
    assert "No endpoint wanted it." in text(emulator, f"/objects/{lonely.id}")


@pytest.mark.parametrize("what", ["id", "user", "email", "metadata"])
def test_search_finds_by_whatever_people_have(inside: World, emulator: Emulator, what: str) -> None:
    paid = inside.buy(client_reference_id="user_7", metadata={"order": "order-99"})
    other = inside.session()
    words = {"id": paid.id, "user": "user_7", "email": "buyer@example.com", "metadata": "order-99"}
    shown = text(emulator, f"/search?q={words[what]}")

    assert f"/objects/{paid.id}" in shown
    assert f"/objects/{other.id}" not in shown


def test_a_search_for_nothing_or_for_html(emulator: Emulator, inside: World) -> None:
    inside.product()

    assert "Type an id" in text(emulator, "/search")
    assert "<q>&lt;i&gt;%</q>" in text(emulator, "/search?q=%3Ci%3E%25")


def test_long_lists_have_older_pages(inside: World, emulator: Emulator) -> None:
    made = [inside.session().id for _ in range(30)]
    first = text(emulator, "/sessions")
    older = re.search(r'href="(/sessions\?before=\d+)"', first)
    assert older is not None
    second = text(emulator, older[1])

    assert [each for each in reversed(made) if f"/objects/{each}" in first] == made[:4:-1]
    assert [each for each in reversed(made) if f"/objects/{each}" in second] == made[4::-1]
    assert "Older" not in second
    assert visit(emulator, "/sessions?before=x").status == 200


def test_each_account_is_shown_alone(emulator: Emulator, ask: Inside) -> None:
    ask("POST", "/v1/customers", "email=mine@example.com")
    other = Inside(emulator, "sk_test_someoneelse00000")
    account = other("GET", "/v1/account")[1]["id"]
    made = other("POST", "/v1/products", "name=Theirs")[1]["id"]

    assert f"/objects/{made}" not in text(emulator, "/events?account=acct_none")
    shown = text(emulator, f"/events?account={account}&mode=test")
    assert f"/objects/{made}" in shown
    assert f'name="account" value="{account}"' in shown
    assert text(emulator, "/").count('href="/?account=acct_') >= 2


@pytest.mark.parametrize(
    "target", ["/objects/cs_none", "/deliveries/99", "/deliveries/x", "/deliveries/²", "/events/1"]
)
def test_what_is_not_there_is_404(emulator: Emulator, target: str) -> None:
    answer = visit(emulator, target)

    assert (answer.status, b"no such page or object" in answer.body) == (404, True)


def test_another_host_is_refused_and_another_site_can_do_no_more_than_link(emulator: Emulator) -> None:
    for target in ("/", "/search?q=x", "/objects/cs_none"):
        answer = visit(emulator, target, {"host": "evil.example"})
        assert (answer.status, b"another host" in answer.body) == (403, True)
    linked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert visit(emulator, "/", linked).status == 200
    for way in ({"sec-fetch-dest": "iframe"}, {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}):
        assert visit(emulator, "/", {**linked, **way}).status == 403
    headers = visit(emulator, "/").headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_looking_changes_nothing(inside: World, emulator: Emulator) -> None:
    inside.buy()
    before = list(emulator.services.store.db.iterdump())
    for target in ("/", "/sessions", "/payments", "/events", "/deliveries", "/search?q=cs", "/objects/none"):
        visit(emulator, target)

    assert list(emulator.services.store.db.iterdump()) == before


def test_faults_and_holds_in_force_are_named(inside: World, emulator: Emulator) -> None:
    inside.product()
    inside.control("POST", "/faults", kind="drop", user="user_7")
    inside.control("POST", "/holds", user="user_8")
    shown = text(emulator, "/")

    assert "drop for user_7" in shown
    assert "Hold 1 for user_8 keeps 0 deliveries" in shown


def test_a_live_rehearsal_shows_no_key_of_anybody(emulator: Emulator) -> None:
    rehearsal = Emulator(livemode=True)
    Inside(rehearsal, "sk_live_abcdefghijkl")("POST", "/v1/products", "name=A")
    shown = text(rehearsal, "/")
    rehearsal.close()

    assert "live keys are taken" in shown
    assert "abcdefghijkl" not in shown
    assert json.dumps("live") not in shown


def test_an_id_that_somebody_chose_is_a_link_all_the_same(emulator: Emulator, ask: Inside) -> None:
    ask("POST", "/v1/products", "name=A&id=pack%20%3F%22%23x")
    shown = text(emulator, "/events")
    found = re.search(r'href="/objects/(pack[^"]+)"', shown)
    assert found is not None

    assert found[1] == "pack%20%3F%22%23x"
    answer = emulator.handle(Request("GET", '/objects/pack ?"#x', "", HERE))
    assert (answer.status, b"product" in answer.body) == (200, True)
