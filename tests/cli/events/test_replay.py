"""`creditctl events replay`: what was lost is added once, failures stop it, and Stripe may resend by itself."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from creditctl.cli.local.local_stack import LocalStack, run_command
from creditctl.core.errors import ExitCode
from tests.support.event_world import PIPE, TERMINAL, bought, deliveries, spoken, unheard
from tests.support.waiting import Deadline
from tests.support.webhook_server import WebhookServer


def test_a_replay_into_a_ledger_that_has_everything_changes_nothing(world: LocalStack) -> None:
    bought(world, "quin")
    before = world.command("ledger", "verify")["report"]

    replayed = world.command("events", "replay", "--since", "1h", "--rate", "0", "--limit", "1000")

    assert replayed["ok"], replayed
    assert replayed["report"]["credits"] == 0
    assert replayed["report"]["accepted"] > 0
    after = world.command("ledger", "verify")["report"]
    assert (after["count"], after["head"]) == (before["count"], before["head"])


def test_a_replay_adds_what_was_lost_and_says_so(world: LocalStack) -> None:
    lost = [unheard(world, "ria"), unheard(world, "ria")]

    report = world.command("events", "replay", "--user", "ria", "--skip-posted", "--rate", "0")["report"]

    gained = {row["event"]: (row["credits"], row["outcome"]) for row in report["deliveries"]}
    assert [gained[made["event"]] for made in lost] == [(1000, "posted"), (1000, "posted")]
    assert report["credits"] == 2000
    assert world.shop.balance("ria") == 2000

    again = world.command("events", "replay", "--user", "ria", "--skip-posted", "--rate", "0")["report"]
    states = {row["event"]: row["state"] for row in again["deliveries"]}
    assert [states[made["event"]] for made in lost] == ["skipped", "skipped"]


def test_too_many_failures_stop_it_with_exit_5(world: LocalStack, receiver: WebhookServer) -> None:
    url, got, planned = receiver.url, receiver.ids, receiver.planned
    bought(world, "ute")
    planned.extend([500] * 10)

    code, out, err = spoken(
        world, "events", "replay", "--user", "ute", "--to", url, "--rate", "0", "--max-failures", "2"
    )

    assert code == ExitCode.UNREACHABLE
    assert len(got) == 2
    assert "Stopped by 2 failed deliveries" in out
    assert "events to http" in err


def test_stripes_own_resend_is_asked_for(world: LocalStack) -> None:
    made = bought(world, "vic")
    before = len(deliveries(world, made["event"]))

    answer = world.command("events", "replay", made["event"], "--via-stripe")

    assert answer["ok"], answer
    deadline = Deadline(10)
    while len(deliveries(world, made["event"])) == before and not deadline.passed:
        time.sleep(0.02)
    assert deliveries(world, made["event"])[-1]["outcome"] == "exists"


def test_a_ledger_elsewhere_is_said_not_guessed(world: LocalStack, tmp_path: Path, receiver: WebhookServer) -> None:
    url = receiver.url
    made = bought(world, "xan")
    environ = {**world.inner.environ, "CREDITCTL_LEDGER": str(tmp_path / "none.db")}
    wiring = replace(world.inner, environ=environ, stdout=io.StringIO())

    answer = run_command(wiring, "events", "replay", made["event"], "--to", url)

    assert answer["ok"], answer
    assert answer["report"]["credits"] is None


def test_lost_duplicated_and_reordered_deliveries_are_mended_by_one_replay(world: LocalStack) -> None:
    control = f"{world.emulator_url}/_emulator/faults"
    for fault in (
        {"kind": "drop", "event": "checkout.session.completed", "count": 2},
        {"kind": "duplicate", "event": "*", "count": 9},
        {"kind": "reorder", "event": "*", "count": 9, "seconds": 1},
    ):
        assert world.shop.http.post(control, json=fault).status_code == 200
    try:
        for _ in range(3):
            world.command("events", "trigger", "checkout.session.completed", "--user", "yan")
        refunded = world.command("events", "trigger", "charge.refunded", "--user", "yan")
        assert refunded["ok"], refunded
    finally:
        world.shop.http.delete(control)

    mended = world.command("events", "replay", "--undelivered", "--user", "yan", "--skip-posted", "--rate", "0")

    assert mended["ok"], mended
    assert world.shop.wait_for_balance("yan", 3000) == 3000
    assert world.command("ledger", "verify")["ok"]


@pytest.mark.parametrize("environ", [TERMINAL, PIPE], ids=["terminal", "pipe"])
def test_every_id_url_and_amount_is_whole_at_eighty_columns_and_in_a_pipe(
    world: LocalStack, receiver: WebhookServer, environ: Mapping[str, str]
) -> None:
    user = f"zoe-{'terminal' if environ is TERMINAL else 'pipe'}"
    made = unheard(world, user)
    url = f"{receiver.url}/api/credits/webhook/of/a/backend/with/a/long/address"
    (endpoint,) = world.shop.client.v1.webhook_endpoints.list().data

    _, plan, _ = spoken(world, "events", "replay", made["event"], "--to", url, "--dry-run", environ=environ)
    _, sent, announced = spoken(world, "events", "replay", made["event"], "--to", url, environ=environ)
    _, posted, where = spoken(world, "events", "replay", made["event"], environ=environ)

    (row,) = world.command("events", "list", "--object", made["session"], "--type", "checkout.*")["report"]["events"]
    assert [part for part in (made["event"], row["about"], url) if part not in plan] == []
    assert [part for part in (made["event"], "checkout.session.completed", "accepted 200") if part not in sent] == []
    assert url in announced
    assert [part for part in (made["event"], "+1,000", "+1,000 credits") if part not in posted] == []
    assert endpoint.url in where
    assert world.shop.balance(user) == 1000
