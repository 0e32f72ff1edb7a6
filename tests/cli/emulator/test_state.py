"""`creditctl emulator status, seed, snapshot, restore, reset`: the state as a whole."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import stripe

from creditctl.core.errors import ExitCode
from creditctl.emulator.transports.server import EmulatorServer

if TYPE_CHECKING:
    from tests.support.cli import Cli

GOOD, SHORT_OF_MONEY = "4242424242424242", "4000000000009995"


def test_seed_writes_what_is_true(cli: Cli, client: stripe.StripeClient) -> None:
    product = client.v1.products.create(params={"name": "Starter"})
    price = client.v1.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": 700})

    outcome = cli(
        "emulator", "seed", "--payments", "40", "--seed", "9", "--price", price.id, "--share", "refunded=0.5",
        "--share", "disputed=0", "--share", "expired=0", "--manifest", "true.jsonl", "--since", "10d", "--json",
    )  # fmt: skip

    assert outcome.exit_code == ExitCode.OK, outcome.stdout
    facts = [json.loads(line) for line in (cli.folder / "true.jsonl").read_text().splitlines()]
    assert len(facts) == outcome.report["payments"] == 40
    refunded = [fact for fact in facts if fact["fate"] == "refunded"]
    assert len(refunded) == outcome.report["fates"]["refunded"] > 10
    assert client.v1.refunds.retrieve(refunded[0]["refund"]).amount == 700
    now = cli("emulator", "clock", "--json").report["now"]
    assert min(fact["created"] for fact in facts) >= now - 10 * 86_400


@pytest.mark.parametrize("share", ["refunded", "refunded=2", "paid=0.1", "refunded=x", "refunded=nan"])
def test_a_share_that_makes_no_sense_is_a_usage_error(cli: Cli, share: str) -> None:
    assert cli("emulator", "seed", "--share", share).exit_code == ExitCode.USAGE
    assert cli("emulator", "seed", "--share", "refunded=0.6", "--share", "expired=0.6").exit_code == ExitCode.USAGE


def test_a_snapshot_brings_the_state_back(cli: Cli, client: stripe.StripeClient) -> None:
    kept = client.v1.customers.create().id
    assert cli("emulator", "snapshot", "state.db").exit_code == ExitCode.OK
    assert cli("emulator", "snapshot", "state.db").exit_code == ExitCode.CONFIGURATION

    assert cli("emulator", "reset", "--yes").exit_code == ExitCode.OK
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.retrieve(kept)
    assert cli("emulator", "restore", "state.db", "--yes").exit_code == ExitCode.OK
    assert client.v1.customers.retrieve(kept).id == kept
    assert cli("emulator", "restore", "nowhere.db", "--yes").exit_code == ExitCode.STRIPE_REFUSED


def test_what_is_no_snapshot_leaves_the_state_alone(cli: Cli, client: stripe.StripeClient) -> None:
    kept = client.v1.customers.create().id
    (cli.folder / "text.db").write_text("no database")
    with closing(sqlite3.connect(cli.folder / "other.db")) as other:
        other.execute("CREATE TABLE something (id)")

    for name in ("text.db", "other.db"):
        outcome = cli("emulator", "restore", name, "--yes")
        assert outcome.exit_code == ExitCode.STRIPE_REFUSED
        assert "no snapshot" in outcome.stderr
    assert client.v1.customers.retrieve(kept).id == kept


def test_the_same_seed_twice_is_refused_and_makes_nothing(cli: Cli, client: stripe.StripeClient) -> None:
    product = client.v1.products.create(params={"name": "Starter"})
    client.v1.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": 700})
    assert cli("emulator", "seed", "--payments", "5").exit_code == ExitCode.OK
    before = cli("emulator", "status", "--json").report["objects"]

    again = cli("emulator", "seed", "--payments", "5")

    assert again.exit_code == ExitCode.STRIPE_REFUSED
    assert "another seed" in again.stderr
    assert cli("emulator", "status", "--json").report["objects"] == before


@pytest.mark.parametrize("arguments", [["reset"], ["restore", "state.db"], ["reset", "--json"]])
def test_nothing_is_thrown_away_unasked(cli: Cli, client: stripe.StripeClient, arguments: list[str]) -> None:
    kept = client.v1.customers.create().id

    outcome = cli("emulator", *arguments)

    assert outcome.exit_code == ExitCode.CONFIGURATION
    assert client.v1.customers.retrieve(kept).id == kept


def test_status_and_cards(cli: Cli, server: EmulatorServer) -> None:
    status = cli("emulator", "status", "--json").report
    cards = cli("emulator", "cards", "--json").report["cards"]

    assert (status["url"], status["livemode"], status["faults"]) == (server.url, False, 0)
    effects = {card["number"]: card["decline_code"] for card in cards}
    assert effects[GOOD] is None
    assert effects[SHORT_OF_MONEY] == "insufficient_funds"
    assert "4242 4242 4242 4242" in cli("emulator", "cards").stdout
