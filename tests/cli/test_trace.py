"""`creditctl trace` in a whole world: emulator, backend, ledger; what is missing is found, explained and mended."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from creditctl.cli.app import run
from creditctl.cli.local.local_stack import LocalStack, run_command, start_local_stack
from creditctl.cli.wiring import Wiring


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder = tmp_path_factory.mktemp("world")
    outer = Wiring(
        run=run,
        environ={"HOME": str(folder), "NO_COLOR": "1", "PATH": os.environ["PATH"]},
        folder=folder,
        stdin=io.StringIO(),
        stdout=io.StringIO(),
        stderr=io.StringIO(),
    )
    with start_local_stack(outer, folder) as built:
        yield built


def bought(world: LocalStack, user: str, event_type: str = "checkout.session.completed") -> dict[str, Any]:
    """A purchase whose consequences have all arrived."""
    made: dict[str, Any] = world.command("events", "trigger", event_type, "--user", user)["report"]
    assert world.shop.settle({made["payment_key"], made["session"]})
    return made


def trace(world: LocalStack, subject: str, *options: str) -> dict[str, Any]:
    return world.command("trace", subject, *options)


def last_balance(payment: dict[str, Any]) -> int:
    """The balance after the last entry; deliveries that change nothing may follow it."""
    balance: int = [line["balance"] for line in payment["lines"] if line["source"] == "ledger"][-1]
    return balance


def sources(payment: dict[str, Any]) -> list[str]:
    return [line["source"] for line in payment["lines"]]


def test_a_purchase_is_shown_from_session_to_balance_by_every_id(world: LocalStack) -> None:
    made = bought(world, "ann")
    session = world.shop.client.v1.checkout.sessions.retrieve(made["session"])
    intent = world.shop.client.v1.payment_intents.retrieve(str(session.payment_intent))

    answers = [
        trace(world, subject)
        for subject in (made["payment_key"], made["session"], str(intent.latest_charge), made["event"], "user:ann")
    ]

    for answer in answers:
        assert answer["ok"], answer
        (payment,) = answer["report"]["payments"]
        assert payment["payment_key"] == made["payment_key"]
        assert {"stripe", "event", "delivery", "ledger"} <= set(sources(payment))
        (entry,) = [line for line in payment["lines"] if line["source"] == "ledger"]
        assert (entry["credits"], entry["balance"]) == (1000, 1000)
        assert payment["missing"] is None
        assert payment["note"] == "Everything that Stripe tells is in the ledger."


def test_refund_and_dispute_stand_on_the_same_line_with_the_balance_after_each(world: LocalStack) -> None:
    made = bought(world, "ben", "charge.refunded")
    (refund,) = world.shop.client.v1.refunds.list(params={"payment_intent": made["payment_key"]}).data

    (payment,) = trace(world, refund.id)["report"]["payments"]

    entries = [(line["credits"], line["balance"]) for line in payment["lines"] if line["source"] == "ledger"]
    assert entries == [(1000, 1000), (-1000, 0)]
    assert any(refund.id in line["text"] for line in payment["lines"] if line["source"] == "stripe")

    disputed = bought(world, "bea", "charge.dispute.funds_withdrawn")
    (dispute,) = world.shop.client.v1.disputes.list(params={"payment_intent": disputed["payment_key"]}).data
    answer = trace(world, dispute.id)
    assert answer["ok"], answer
    assert answer["report"]["payments"][0]["payment_key"] == disputed["payment_key"]


def test_an_open_session_waits_for_its_buyer_and_the_command_finishes_it(world: LocalStack) -> None:
    package = next(iter(world.inner.catalog()))
    session_id = world.shop.checkout("cleo", package)

    answer = trace(world, session_id)

    assert answer["ok"]
    (payment,) = answer["report"]["payments"]
    assert payment["missing"]["what"] == "the payment"
    command = payment["missing"]["command"].split()
    assert command[:3] == ["creditctl", "events", "trigger"]
    made = world.command(*command[1:])
    assert made["ok"], made
    assert world.shop.settle({made["report"]["payment_key"]})
    assert trace(world, session_id)["report"]["payments"][0]["missing"] is None


def test_a_lost_webhook_is_the_first_thing_missing_and_the_command_mends_it(world: LocalStack) -> None:
    """The endpoint is switched off while the buyer pays: Stripe sends nothing, and nothing is credited."""
    (endpoint,) = world.shop.client.v1.webhook_endpoints.list().data
    world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True})
    try:
        made = world.command("events", "trigger", "checkout.session.completed", "--user", "dan")["report"]
    finally:
        world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": False})

    answer = trace(world, made["payment_key"])

    assert not answer["ok"]
    (payment,) = answer["report"]["payments"]
    assert payment["missing"]["what"] == f"the delivery of {made['event']}"
    assert "missing" in sources(payment)
    assert [finding["code"] for finding in answer["findings"]] == ["trace.missing"]
    mended = world.command(*payment["missing"]["command"].split()[1:])
    assert mended["ok"], mended
    assert mended["report"]["credits"] == 1000
    after = trace(world, made["payment_key"])
    assert after["ok"], after
    assert last_balance(after["report"]["payments"][0]) == 1000


def test_a_lost_webhook_is_not_mended_while_a_row_that_nobody_can_follow_may_be_the_payment(world: LocalStack) -> None:
    """An application credited the payment under its own order number; trace and reconcile post nothing more."""
    (endpoint,) = world.shop.client.v1.webhook_endpoints.list().data
    world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True})
    try:
        made = world.command("events", "trigger", "checkout.session.completed", "--user", "olga")["report"]
    finally:
        world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": False})
    rows = world.folder / "rows.csv"
    rows.write_text(
        "created,user_id,kind,credits,amount,currency,payment_key,livemode\n"
        "1700000000,olga,purchase,1000,1000,usd,order-17,false\n"
    )
    refused = world.command("ledger", "import", str(rows), "--yes")
    imported = world.command("ledger", "import", str(rows), "--own-keys", "--yes")

    answer = trace(world, made["payment_key"])
    repaired = world.command("reconcile", "--repair", "--yes", "--grace-seconds", "0", "--since", "1d")

    assert "--own-keys" in refused["findings"][0]["message"]
    assert imported["report"]["new"] == 1
    (payment,) = answer["report"]["payments"]
    assert (payment["verdict"], payment["missing"], payment["due"]) == ("in_flight", None, [])
    (missing,) = [each for each in repaired["findings"] if each["subject"] == made["payment_key"]]
    assert "order-17" in missing["message"]
    assert missing["fix"].count("creditctl ledger resolve") == 1
    assert "replay" not in missing["fix"]
    assert world.command("ledger", "balance", "olga")["report"]["credits"] == 1000


def test_a_payment_is_traced_with_the_entry_under_its_charge(world: LocalStack) -> None:
    (endpoint,) = world.shop.client.v1.webhook_endpoints.list().data
    world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True})
    try:
        made = world.command("events", "trigger", "checkout.session.completed", "--user", "carl")["report"]
    finally:
        world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": False})
    charge = world.shop.client.v1.payment_intents.retrieve(made["payment_key"]).latest_charge
    rows = world.folder / "charges.csv"
    rows.write_text(
        "created,user_id,kind,credits,amount,currency,payment_key,livemode\n"
        f"1700000000,carl,purchase,1000,1000,usd,{charge},false\n"
    )
    world.command("ledger", "import", str(rows), "--yes")

    for subject in (made["payment_key"], str(charge), "user:carl"):
        answer = trace(world, subject)
        (payment,) = answer["report"]["payments"]
        assert (answer["ok"], payment["verdict"]) == (True, "credited")
        assert last_balance(payment) == 1000


def test_a_refund_that_never_arrived_is_missing_and_mended(world: LocalStack) -> None:
    made = bought(world, "eve")
    (endpoint,) = world.shop.client.v1.webhook_endpoints.list().data
    world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True})
    try:
        refund = world.shop.refund(made["payment_key"], 500)
    finally:
        world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": False})

    answer = trace(world, made["payment_key"])

    (payment,) = answer["report"]["payments"]
    assert payment["missing"]["what"] == f"500 credits to be taken back for {refund}"
    mended = world.command(*payment["missing"]["command"].split()[1:])
    assert mended["ok"], mended
    after = trace(world, made["payment_key"])
    assert after["ok"], after
    assert last_balance(after["report"]["payments"][0]) == 500


def test_a_wrong_signing_secret_is_named_as_the_cause(world: LocalStack) -> None:
    import json

    from creditctl.core.keys import Secret
    from creditctl.stripe_api.delivery import deliver_signed

    (endpoint,) = world.shop.client.v1.webhook_endpoints.list().data
    world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True})
    try:
        made = world.command("events", "trigger", "checkout.session.completed", "--user", "fay")["report"]
    finally:
        world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": False})
    event = world.command("events", "show", made["event"])["report"]["body"]
    answer = deliver_signed(
        world.shop.http,
        world.shop.webhook_url,
        json.dumps(event).encode(),
        Secret("whsec_example_of_another_endpoint"),
        world.shop.clock(),
    )
    assert answer.status == 400

    (payment,) = trace(world, made["payment_key"])["report"]["payments"]

    assert "STRIPE_WEBHOOK_SECRET" in payment["missing"]["why"]


def test_what_a_person_dismissed_is_no_longer_missing(world: LocalStack) -> None:
    key = bought(world, "ida")["payment_key"]
    (entry,) = world.command("ledger", "history", "--user", "ida")["report"]["entries"]
    world.command(
        "ledger",
        "adjust",
        "--user",
        "ida",
        "--credits",
        "100",
        "--corrects",
        str(entry["id"]),
        "--reason",
        "a gift",
        "--yes",
    )
    assert not trace(world, key)["ok"]
    world.command("reconcile")
    found = world.command("ledger", "findings")["report"]["findings"]
    (number,) = [each["id"] for each in found if each["subject"] == key]
    world.command("ledger", "resolve", str(number), "--dismiss", "--reason", "it was a gift")

    answer = trace(world, key)

    assert answer["ok"], answer
    assert answer["report"]["payments"][0]["note"] == "A person settled what disagreed; nothing is missing."


def test_a_user_with_several_payments_has_one_line_each(world: LocalStack) -> None:
    first = bought(world, "gus")
    second = bought(world, "gus")

    payments = trace(world, "user:gus")["report"]["payments"]

    assert [payment["payment_key"] for payment in payments] == [first["payment_key"], second["payment_key"]]
    assert [last_balance(payment) for payment in payments] == [1000, 2000]


def test_without_stripe_the_archive_and_the_ledger_still_speak(world: LocalStack) -> None:
    made = bought(world, "hal")
    world.command("events", "archive")

    offline = trace(world, made["payment_key"], "--offline")
    assert offline["ok"], offline
    (payment,) = offline["report"]["payments"]
    assert {"event", "delivery", "ledger"} <= set(sources(payment))

    cut_off = elsewhere(world, STRIPE_API_BASE="http://127.0.0.1:9", CREDITCTL_LEDGER=str(world.ledger_path))
    away = run_command(cut_off, "trace", made["payment_key"])
    assert not away["ok"]
    assert away["report"]["payments"][0]["lines"]
    assert any("could not be read from Stripe" in sentence for sentence in away["report"]["unseen"])


def test_without_a_ledger_it_says_what_it_could_not_see(world: LocalStack, tmp_path: Path) -> None:
    made = bought(world, "ida")

    answer = run_command(elsewhere(world, CREDITCTL_LEDGER=str(tmp_path / "none.db")), "trace", made["session"])

    assert answer["ok"], answer
    assert any("no ledger" in sentence for sentence in answer["report"]["unseen"])


@pytest.mark.parametrize("subject", ["nonsense", "cus_123", "pi_unknown", "cs_test_unknown", "evt_unknown", "user:x"])
def test_what_nobody_knows_is_a_usage_error(world: LocalStack, subject: str) -> None:
    answer = trace(world, subject)

    assert answer["error"]["type"] == "usage"
    assert answer["error"]["fix"]


def test_a_client_secret_is_neither_asked_for_nor_shown(world: LocalStack) -> None:
    secret = "pi_1A_secret_B2C3D4E5F6"
    for arguments in (("trace", secret), ("events", "show", secret), ("events", "list", "--object", secret)):
        answer = world.command(*arguments)
        assert answer["error"]["code"] == "id.no_id"
        assert secret not in str(answer)


def test_people_read_the_same_with_the_missing_thing_marked(world: LocalStack) -> None:
    from dataclasses import replace

    package = next(iter(world.inner.catalog()))
    session_id = world.shop.checkout("joe", package)
    out = io.StringIO()

    code = run(["trace", session_id], replace(world.inner, stdout=out, stderr=io.StringIO()))

    assert code == 0
    assert "MISSING" in out.getvalue()
    assert f"creditctl events trigger checkout.session.completed --session {session_id}" in out.getvalue()


def elsewhere(world: LocalStack, **environ: str) -> Wiring:
    from dataclasses import replace

    return replace(
        world.inner, environ={**world.inner.environ, **environ}, sleep=lambda _seconds: None, stdout=io.StringIO()
    )
