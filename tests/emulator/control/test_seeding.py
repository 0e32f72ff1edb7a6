"""Seeding: many past payments from a number, with a manifest of what is true."""

from pathlib import Path

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.emulator.world import Inside, control
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY


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
        emulator = Emulator(seed=1, clock=lambda: NOW, files=tmp_path)
        form = b"name=A&default_price_data[currency]=usd&default_price_data[unit_amount]=1000"
        emulator.handle(Request("POST", "/v1/products", "", {"authorization": f"Bearer {TEST_KEY}"}, form))
        path = tmp_path / name
        control(emulator, "POST", "/seed", payments=50, seed=9, manifest=str(path))
        emulator.close()
        return path.read_bytes()

    first = run("one")
    assert first == run("two")
    assert len(first.splitlines()) == 50


def test_a_seed_needs_prices(emulator: Emulator) -> None:
    assert "no prices" in control(emulator, "POST", "/seed", payments=1)["error"]["message"]


def test_the_same_seed_twice(ask: Inside) -> None:
    ask("POST", "/v1/products", "name=A&default_price_data[currency]=usd&default_price_data[unit_amount]=1000")
    assert ask.control("/seed", payments=5, seed=1)[0] == 200
    before = ask("GET", "/v1/charges")[1]
    status, body = ask.control("/seed", payments=5, seed=1)
    assert (status, "another seed" in body["error"]["message"]) == (409, True)
    assert ask("GET", "/v1/charges")[1] == before
    assert ask.control("/seed", payments=5, seed=2)[0] == 200
