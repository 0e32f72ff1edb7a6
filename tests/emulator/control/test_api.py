"""The control API: keys, faults, clock, snapshots, seeds, rate limit."""

import json
from pathlib import Path
from typing import Any

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import Inside, Refused, World

KEY = "sk_test_emulator0000000000"


def control(emulator: Emulator, method: str, path: str, /, **params: Any) -> Any:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    body = json.dumps(params).encode() if params else b""
    return json.loads(emulator.handle(Request(method, f"/_emulator{path}", "", headers, body)).body)


def test_it_says_what_it_is_without_a_key(emulator: Emulator) -> None:
    answer = emulator.handle(Request("GET", "/_emulator"))
    assert json.loads(answer.body)["emulator"] == "creditctl"
    assert json.loads(emulator.handle(Request("GET", "/_emulator/health")).body)["status"] == "ok"
    assert emulator.handle(Request("GET", "/_emulator/nothing")).status == 404


def test_restricted_keys(emulator: Emulator, ask: Inside) -> None:
    made = control(emulator, "POST", "/keys", permissions=["rak_product_write", "rak_event_read"])
    limited = {"authorization": f"Bearer {made['key']}"}
    assert ask("POST", "/v1/products", "name=A", headers=limited)[0] == 200
    assert ask("GET", "/v1/products", headers=limited)[0] == 200
    status, body, _ = ask("GET", "/v1/prices", headers=limited)
    assert status == 403
    assert "Having the 'rak_plan_read' permission" in body["error"]["message"]
    assert ask("POST", "/v1/webhook_endpoints", "url=https://example.com", headers=limited)[0] == 403
    assert made["key"] not in json.dumps(control(emulator, "GET", "/keys"))
    assert "error" in control(emulator, "POST", "/keys", permissions=["rak_everything"])


def test_keys_expire(emulator: Emulator, ask: Inside) -> None:
    made = control(emulator, "POST", "/keys", permissions=["rak_product_read"], expires=emulator.now() + 10)
    limited = {"authorization": f"Bearer {made['key']}"}
    assert ask("GET", "/v1/products", headers=limited)[0] == 200
    control(emulator, "POST", "/clock", advance=10)
    status, body, _ = ask("GET", "/v1/products", headers=limited)
    assert (status, body["error"]["code"]) == (401, "api_key_expired")


def test_faults_by_status_and_count(world: World, refused: Refused) -> None:
    if world.emulator is None:
        pytest.skip("needs the emulator's controls")
    world.control("POST", "/faults", kind="status", status=503, path="/v1/products", count=1)
    error = refused(lambda: world.product())
    assert (error.http_status, type(error)) == (503, stripe.APIError)
    assert world.product().name == "Starter"


@pytest.mark.parametrize(("kind", "made"), [("cut_before", 0), ("cut_after", 1)])
def test_a_cut_connection(emulated: World, refused: Refused, kind: str, made: int) -> None:
    emulated.control("POST", "/faults", kind=kind, method="POST", path="/v1/customers", count=1)
    error = refused(lambda: emulated.stripe.customers.create(options={"idempotency_key": "once"}))
    assert isinstance(error, stripe.APIConnectionError)
    assert len(emulated.stripe.customers.list().data) == made
    emulated.stripe.customers.create(options={"idempotency_key": "once"})
    assert len(emulated.stripe.customers.list().data) == 1


def test_faults_are_listed_and_lifted(emulator: Emulator) -> None:
    made = control(emulator, "POST", "/faults", kind="latency", seconds=0.5, probability=0.5)
    assert [rule["id"] for rule in control(emulator, "GET", "/faults")["data"]] == [made["id"]]
    assert control(emulator, "DELETE", f"/faults/{made['id']}") == {"removed": 1}
    assert "error" in control(emulator, "POST", "/faults", kind="plague")
    assert "error" in control(emulator, "POST", "/faults", kind="status", probability=2)


def test_latency_is_the_doors_to_wait(emulator: Emulator) -> None:
    control(emulator, "POST", "/faults", kind="latency", seconds=0.25)
    answer = emulator.handle(Request("GET", "/v1/products", "", {"authorization": f"Bearer {KEY}"}))
    assert (answer.status, answer.delay_seconds) == (200, 0.25)


def test_the_rate_limit(emulator: Emulator, ask: Inside) -> None:
    control(emulator, "POST", "/rate_limit", requests=2)
    answers = [ask("GET", "/v1/products") for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert answers[2][1]["error"]["code"] == "rate_limit"
    assert answers[2][2]["Stripe-Rate-Limited-Reason"] == "global-rate"
    control(emulator, "POST", "/rate_limit", requests=0)
    assert ask("GET", "/v1/products")[0] == 200


def test_the_clock_only_goes_forward(emulator: Emulator) -> None:
    now = emulator.now()
    assert control(emulator, "POST", "/clock", set=now + 100)["now"] == now + 100
    assert "error" in control(emulator, "POST", "/clock", advance=-1)
    assert "error" in control(emulator, "POST", "/clock", set=now)
    assert control(emulator, "GET", "/clock")["offset_seconds"] == 100


def test_snapshot_and_restore(emulator: Emulator, ask: Inside, tmp_path: Path) -> None:
    ask("POST", "/v1/products", "name=Before")
    path = str(tmp_path / "snapshot.db")
    control(emulator, "POST", "/snapshot", path=path)
    ask("POST", "/v1/products", "name=After")
    control(emulator, "POST", "/restore", path=path)
    assert [product["name"] for product in ask("GET", "/v1/products")[1]["data"]] == ["Before"]
    control(emulator, "POST", "/reset")
    assert ask("GET", "/v1/products")[1]["data"] == []
    assert "error" in control(emulator, "POST", "/restore", path=str(tmp_path / "none.db"))


def test_state_survives_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    first = Emulator(state=path, clock=lambda: 1_790_000_000)
    headers = {"authorization": f"Bearer {KEY}"}
    made = json.loads(first.handle(Request("POST", "/v1/products", "", headers, b"name=Kept")).body)
    control(first, "POST", "/clock", advance=60)
    second = Emulator(state=path, clock=lambda: 1_790_000_000)
    got = json.loads(second.handle(Request("GET", f"/v1/products/{made['id']}", "", headers)).body)
    assert got == made
    assert second.now() == 1_790_000_060
    first.close()
    second.close()


def test_the_same_seed_gives_the_same_bytes() -> None:
    def run() -> bytes:
        emulator = Emulator(seed=42, clock=lambda: 1_790_000_000)
        headers = {"authorization": f"Bearer {KEY}", "idempotency-key": "k"}
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


def catalogue(ask: Inside) -> None:
    for name, amount in (("starter", 1000), ("basic", 4500)):
        ask(
            "POST",
            "/v1/products",
            f"name={name}&default_price_data[currency]=usd&default_price_data[unit_amount]={amount}"
            f"&default_price_data[metadata][package]={name}",
        )


def test_a_seed_is_a_true_history(emulator: Emulator, ask: Inside) -> None:
    catalogue(ask)
    made = control(emulator, "POST", "/seed", payments=300, seed=7, disputed=0.1, refunded=0.1)
    assert sum(made["fates"].values()) == made["payments"] == len(made["data"]) == 300
    assert min(made["fates"].values()) > 0
    for fact in made["data"]:
        expand = "expand[]=payment_intent.latest_charge.refunds&expand[]=line_items"
        session = ask("GET", f"/v1/checkout/sessions/{fact['session']}", expand)[1]
        assert session["client_reference_id"] == session["metadata"]["user_id"] == fact["user_id"]
        assert session["amount_total"] == fact["amount"]
        assert session["line_items"]["data"][0]["price"]["id"] == fact["price"]
        paid = fact["fate"] not in ("declined", "expired")
        assert (session["payment_status"] == "paid") is paid
        if paid:
            charge = session["payment_intent"]["latest_charge"]
            assert charge["id"] == fact["charge"]
            assert charge["refunded"] is (fact["fate"] == "refunded")
            assert charge["amount_refunded"] == sum(each["amount"] for each in charge["refunds"]["data"])
            assert charge["disputed"] is (fact["fate"] == "disputed")


def test_a_seeded_balance_adds_up(emulator: Emulator, ask: Inside) -> None:
    catalogue(ask)
    control(emulator, "POST", "/seed", payments=200, seed=3, disputed=0.1)
    for _ in range(2):
        sums = {"available": 0, "pending": 0}
        after = ""
        while True:
            page = ask("GET", "/v1/balance_transactions", f"limit=100{after}")[1]
            for entry in page["data"]:
                sums[entry["status"]] += entry["net"]
            if not page["has_more"]:
                break
            after = f"&starting_after={page['data'][-1]['id']}"
        balance = ask("GET", "/v1/balance")[1]
        assert {part: balance[part][0]["amount"] for part in sums} == sums
        control(emulator, "POST", "/clock", advance=5 * 86_400)


def test_the_same_seed_gives_the_same_history(tmp_path: Path) -> None:
    def run(name: str) -> bytes:
        emulator = Emulator(seed=1, clock=lambda: 1_790_000_000)
        form = b"name=A&default_price_data[currency]=usd&default_price_data[unit_amount]=1000"
        emulator.handle(Request("POST", "/v1/products", "", {"authorization": f"Bearer {KEY}"}, form))
        path = tmp_path / name
        control(emulator, "POST", "/seed", payments=50, seed=9, manifest=str(path))
        emulator.close()
        return path.read_bytes()

    first = run("one")
    assert first == run("two")
    assert len(first.splitlines()) == 50


def test_a_seed_needs_prices(emulator: Emulator) -> None:
    assert "no prices" in control(emulator, "POST", "/seed", payments=1)["error"]["message"]


def test_live_rehearsal() -> None:
    emulator = Emulator(livemode=True, clock=lambda: 1_790_000_000)
    headers = {"authorization": "Bearer sk_live_" + "example0000"}
    form = b"amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&return_url=https://a.example"
    answer = emulator.handle(Request("POST", "/v1/payment_intents", "", headers, form))
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["decline_code"]) == (402, "test_mode_live_card")
    assert error["payment_intent"]["livemode"] is True
    test = {"authorization": "Bearer sk_test_" + "example0000"}
    one = emulator.handle(Request("GET", f"/v1/payment_intents/{error['payment_intent']['id']}", "", test))
    assert one.status == 404
    assert b"a similar object exists in live mode, but a test mode key was used" in one.body
    emulator.close()


def test_without_a_key_one_account_is_enough(emulator: Emulator, ask: Inside) -> None:
    ask("POST", "/v1/products", "name=A")
    assert json.loads(emulator.handle(Request("GET", "/_emulator/deliveries")).body)["data"] == []
    ask("GET", "/v1/products", headers={"authorization": "Bearer sk_test_someoneelse00000"})
    assert emulator.handle(Request("GET", "/_emulator/deliveries")).status == 401
