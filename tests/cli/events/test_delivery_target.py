"""Where events are delivered: what was listened for, the host of the settings, no foreign host in live mode."""

from __future__ import annotations

from creditctl.core.errors import ExitCode
from creditctl.emulator.app import Emulator
from tests.support.cli import Cli
from tests.support.event_world import live_event, stripe_client
from tests.support.webhook_server import WebhookServer


def test_without_an_endpoint_a_replay_goes_where_was_listened_for(
    cli: Cli, receiver: WebhookServer, emulator: Emulator
) -> None:
    url, got = receiver.url, receiver.ids
    cli.environ["STRIPE_WEBHOOK_SECRET"] = "whsec_example0000000000"
    stripe_client(emulator).v1.products.create(params={"name": "An example"})
    (event_id,) = [row["id"] for row in cli("events", "list", "--json").report["events"]]
    unclear = cli("events", "replay", event_id, "--json")
    assert (unclear.exit_code, unclear.document["error"]["code"]) == (3, "events.no_endpoint")

    cli("events", "listen", "--forward-to", url, "--once")
    assert got == []

    assert cli("events", "replay", event_id).exit_code == ExitCode.OK
    assert got == [event_id]


def test_a_target_whose_url_holds_a_token_is_remembered_without_it_and_has_to_be_named_again(
    cli: Cli, receiver: WebhookServer, emulator: Emulator
) -> None:
    url = f"{receiver.url}?t=first0token"
    cli.environ["STRIPE_WEBHOOK_SECRET"] = "whsec_example0000000000"
    stripe_client(emulator).v1.products.create(params={"name": "An example"})
    (event_id,) = [row["id"] for row in cli("events", "list", "--json").report["events"]]
    cli("events", "listen", "--forward-to", url, "--once")
    unclear = cli("events", "replay", event_id, "--json")

    assert (unclear.exit_code, unclear.document["error"]["code"]) == (3, "events.no_endpoint")
    assert cli("events", "replay", event_id, "--to", url).exit_code == ExitCode.OK
    assert receiver.ids == [event_id]
    assert b"first0token" not in (cli.folder / "creditctl-emulator-archive.db").read_bytes()


def test_live_events_go_to_no_foreign_host_without_confirmation(live: Cli, receiver: WebhookServer) -> None:
    url, got = receiver.url, receiver.ids
    event_id = live_event(live)

    refused = live("events", "replay", event_id, "--to", url, "--json")
    wrong = live("events", "replay", event_id, "--to", url, "--confirm", "acct_another", "--json")
    listening = live("events", "listen", "--forward-to", url, "--once", "--json")

    assert [each.exit_code for each in (refused, wrong, listening)] == [3, 3, 3]
    assert {each.document["error"]["code"] for each in (refused, wrong, listening)} == {"guard.foreign_host"}
    assert got == []
    account = refused.document["error"]["fix"].split("--confirm ")[1].rstrip(".")
    half = live("events", "replay", event_id, "--to", url, "--confirm", account)
    assert (half.exit_code, got) == (3, []), "the mode was not named"
    assert live("events", "replay", event_id, "--to", url, "--mode", "live", "--confirm", account).exit_code == 0
    assert got == [event_id]


def test_live_events_go_to_the_host_of_the_settings(live: Cli, receiver: WebhookServer) -> None:
    url, got = receiver.url, receiver.ids
    live.environ["CREDITS_API_URL"] = url.removesuffix("/hook")
    event_id = live_event(live)

    refused = live("events", "replay", event_id, "--to", url, "--json")
    assert (refused.exit_code, got) == (3, []), "events for a live backend are confirmed, as every write there"
    unconfirmed = live("events", "replay", event_id, "--to", url, "--mode", "live")
    account = unconfirmed.stderr.partition("--confirm ")[2].partition(";")[0]
    assert (unconfirmed.exit_code, got) == (3, [])
    assert live("events", "replay", event_id, "--to", url, "--mode", "live", "--confirm", account).exit_code == 0
    assert got == [event_id]
