"""Which events a replay sends: in order, by a plan that sends nothing, and on from where it was interrupted."""

from __future__ import annotations

import pytest

from creditctl.cli.local.local_stack import LocalStack
from creditctl.emulator.app import Emulator
from tests.support.cli import Cli
from tests.support.event_world import bought, require_usage_error, stripe_client
from tests.support.webhook_server import WebhookServer


def test_a_dry_run_sends_nothing_and_shows_the_order(world: LocalStack, receiver: WebhookServer) -> None:
    url, got = receiver.url, receiver.ids
    bought(world, "sam")

    report = world.command("events", "replay", "--since", "1h", "--to", url, "--limit", "3", "--dry-run")["report"]

    assert got == []
    assert len(report["deliveries"]) == 3
    created = [row["created"] for row in report["deliveries"]]
    assert created == sorted(created)
    assert report["left"] > 0


def test_a_dry_run_makes_no_archive_where_there_is_none(cli: Cli, emulator: Emulator, receiver: WebhookServer) -> None:
    stripe_client(emulator).v1.products.create(params={"name": "An example"})

    plan = cli("events", "replay", "--since", "1h", "--to", receiver.url, "--dry-run", "--json")

    assert (plan.exit_code, len(plan.report["deliveries"]), receiver.ids) == (0, 1, [])
    assert list(cli.folder.iterdir()) == []


def test_an_interrupted_replay_is_continued_by_the_same_command(world: LocalStack, receiver: WebhookServer) -> None:
    url, got, planned = receiver.url, receiver.ids, receiver.planned
    bought(world, "tea")
    command = ("events", "replay", "--user", "tea", "--to", url, "--rate", "0", "--limit", "2")
    planned.extend([200, 500])

    first = world.command(*command)
    second = world.command(*command)

    assert first["report"]["left"] > 0
    assert [finding["code"] for finding in first["findings"]] == ["events.not_accepted"]
    assert second["report"]["resumed"]
    assert got[1] == got[2]
    while not (last := world.command(*command))["ok"]:
        assert last["report"]["accepted"] == 2
        assert [finding["code"] for finding in last["findings"]] == ["events.left"]
    assert len(set(got)) == len(got) - 1
    assert world.command(*command)["report"]["resumed"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        ("events", "replay"),
        ("events", "replay", "evt_1", "--since", "1h"),
        ("events", "replay", "evt_1", "--to", "http://127.0.0.1/x", "--via-stripe"),
        ("events", "replay", "evt_1", "--to", "ftp://127.0.0.1/x"),
        ("events", "replay", "--since", "1h", "--undelivered", "--archive"),
        ("events", "replay", "evt_nobody"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_with_a_way_out(world: LocalStack, arguments: tuple[str, ...]) -> None:
    require_usage_error(world, *arguments)
