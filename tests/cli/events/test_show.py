"""`creditctl events show`: what the ledger did with an event, and no secret in its body."""

from __future__ import annotations

import json

from creditctl.cli.local.local_stack import LocalStack
from tests.support.event_world import bought, spoken


def test_show_tells_what_the_ledger_did_and_hides_the_client_secret(world: LocalStack) -> None:
    made = bought(world, "oda")

    report = world.command("events", "show", made["event"])["report"]
    assert [each["outcome"] for each in report["deliveries"]] == ["posted"]
    assert [entry["credits"] for entry in report["entries"]] == [1000]
    assert report["body"]["data"]["object"]["id"] == made["session"]

    code, out, _ = spoken(world, "events", "show", made["event"])
    assert code == 0
    assert "purchase of +1,000 credits for user oda" in out
    (intent,) = world.command("events", "list", "--object", made["payment_key"], "--type", "payment_intent.succeeded")[
        "report"
    ]["events"]
    code, out, _ = spoken(world, "events", "show", intent["id"], "--jsonl")
    assert json.loads(out)["id"] == intent["id"]
    secret = world.shop.client.v1.payment_intents.retrieve(made["payment_key"]).client_secret
    assert str(secret) not in out


def test_show_of_an_unknown_event_is_a_usage_error(world: LocalStack) -> None:
    answer = world.command("events", "show", "evt_nobody")
    assert (answer["ok"], answer["error"]["code"]) == (False, "events.unknown")
