"""`creditctl events` from the command line: against a whole world, in live mode, and as a process that is killed."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from creditctl.cli.app import run
from creditctl.cli.local.local_stack import LocalStack, run_command, start_local_stack
from creditctl.cli.wiring import Wiring
from creditctl.core.errors import ExitCode
from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator.transports.server import EmulatorServer
from creditctl.ledger.archive.location import archive_path
from creditctl.ledger.archive.models import EventQuery
from creditctl.ledger.archive.store import Archive
from tests.support.waiting import Deadline

LIVE_KEY = "sk_live_" + "example00000000"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder = tmp_path_factory.mktemp("world")
    environ = {"HOME": str(folder), "NO_COLOR": "1", "PATH": os.environ["PATH"]}
    streams = {name: io.StringIO() for name in ("stdin", "stdout", "stderr")}
    with start_local_stack(Wiring(environ=environ, folder=folder, run=run, **streams), folder) as built:
        yield built


def bought(world: LocalStack, user: str, event_type: str = "checkout.session.completed") -> dict[str, Any]:
    """A purchase whose consequences have all arrived."""
    made: dict[str, Any] = world.command("events", "trigger", event_type, "--user", user)["report"]
    assert world.shop.settle({made["payment_key"], made["session"]})
    return made


def unheard(world: LocalStack, user: str) -> dict[str, Any]:
    """A purchase while the endpoint is switched off: Stripe delivers nothing."""
    (endpoint,) = world.shop.client.v1.webhook_endpoints.list().data
    world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True})
    try:
        made: dict[str, Any] = world.command("events", "trigger", "checkout.session.completed", "--user", user)[
            "report"
        ]
    finally:
        world.shop.client.v1.webhook_endpoints.update(endpoint.id, params={"disabled": False})
    return made


def spoken(world: LocalStack, *arguments: str) -> tuple[int, str, str]:
    """A command for people: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    code = run(list(arguments), replace(world.inner, stdin=io.StringIO(), stdout=out, stderr=err))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def sink() -> Iterator[tuple[str, list[str], list[int]]]:
    """A URL that keeps the ids of what it gets, and answers 200 unless other statuses are planned."""
    got: list[str] = []
    planned: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["id"])
            self.send_response(planned.pop(0) if planned else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook", got, planned
    server.shutdown()
    server.server_close()
    thread.join()


def test_list_filters_by_type_user_object_and_time(world: LocalStack) -> None:
    made = bought(world, "lia")

    by_user = world.command("events", "list", "--user", "lia", "--type", "checkout.session.*")["report"]["events"]
    by_object = world.command("events", "list", "--object", made["payment_key"], "--limit", "0")["report"]["events"]
    later = world.command("events", "list", "--since", "2099-01-01")["report"]["events"]

    assert [row["id"] for row in by_user] == [made["event"]]
    assert {"payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"} <= {
        r["type"] for r in by_object
    }
    assert all(made["payment_key"] in (row["object_id"], row["payment_key"]) for row in by_object)
    assert later == []


def test_list_streams_lines_for_pipes_and_sentences_for_people(world: LocalStack) -> None:
    bought(world, "max")

    code, out, _ = spoken(world, "events", "list", "--jsonl", "--limit", "3")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, len(rows)) == (0, 3)
    assert {"id", "type", "created", "about", "source"} <= set(rows[0])

    code, out, _ = spoken(world, "events", "list", "--limit", "2")
    assert code == 0
    assert rows[0]["id"] in out
    assert "raise --limit" in out


def test_list_undelivered_shows_what_an_endpoint_has_not_accepted(world: LocalStack) -> None:
    bought(world, "ned")
    assert world.command("events", "list", "--undelivered")["report"]["events"] == []


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


def test_archive_keeps_everything_and_list_and_show_read_it_without_stripe(world: LocalStack) -> None:
    made = bought(world, "pia")
    report = world.command("events", "archive")["report"]
    # Of the types that come at once: a charge is updated some seconds later.
    wanted = ("--type", "checkout.*", "--type", "payment_intent.*", "--limit", "0")
    listed = world.command("events", "list", *wanted)["report"]["events"]
    archived = world.command("events", "list", "--archive", *wanted)["report"]["events"]

    assert report["kept"] >= len(listed)
    assert [row["id"] for row in archived] == [row["id"] for row in listed]
    assert world.command("events", "show", made["event"], "--archive")["report"]["source"] == "the archive"
    assert os.stat(archive_path(world.ledger_path)).st_mode & 0o077 == 0


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


def test_a_dry_run_sends_nothing_and_shows_the_order(world: LocalStack, sink: Any) -> None:
    url, got, _ = sink
    bought(world, "sam")

    report = world.command("events", "replay", "--since", "1h", "--to", url, "--limit", "3", "--dry-run")["report"]

    assert got == []
    assert len(report["deliveries"]) == 3
    created = [row["created"] for row in report["deliveries"]]
    assert created == sorted(created)
    assert report["left"] > 0


def test_an_interrupted_replay_is_continued_by_the_same_command(world: LocalStack, sink: Any) -> None:
    url, got, planned = sink
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


def test_without_an_endpoint_a_replay_goes_where_was_listened_for(cli: Any, sink: Any, emulator: Emulator) -> None:
    url, got, _ = sink
    cli.environ["STRIPE_WEBHOOK_SECRET"] = "whsec_example0000000000"
    stripe_client(emulator).v1.products.create(params={"name": "An example"})
    (event_id,) = [row["id"] for row in cli("events", "list", "--json").report["events"]]
    unclear = cli("events", "replay", event_id, "--json")
    assert (unclear.exit_code, unclear.document["error"]["code"]) == (3, "events.no_endpoint")

    cli("events", "listen", "--forward-to", url, "--once")
    assert got == []

    assert cli("events", "replay", event_id).exit_code == ExitCode.OK
    assert got == [event_id]


def test_too_many_failures_stop_it_with_exit_5(world: LocalStack, sink: Any) -> None:
    url, got, planned = sink
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


def deliveries(world: LocalStack, event_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.command("events", "show", event_id)["report"]["deliveries"]
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        ("events", "replay"),
        ("events", "replay", "evt_1", "--since", "1h"),
        ("events", "replay", "evt_1", "--to", "http://127.0.0.1/x", "--via-stripe"),
        ("events", "replay", "evt_1", "--to", "ftp://127.0.0.1/x"),
        ("events", "replay", "--since", "1h", "--undelivered", "--archive"),
        ("events", "replay", "evt_nobody"),
        ("events", "listen"),
        ("events", "listen", "--forward-to", "127.0.0.1:8000"),
        ("events", "trigger", "invoice.paid"),
        ("events", "trigger", "charge.refunded", "--package", "gold"),
        ("events", "list", "--since", "yesterday"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_with_a_way_out(world: LocalStack, arguments: tuple[str, ...]) -> None:
    answer = world.command(*arguments)

    assert answer["error"]["type"] == "usage", answer
    assert answer["error"]["fix"]


def test_listen_once_forwards_what_is_new_as_stripe_listen_prints_it(world: LocalStack, sink: Any) -> None:
    url, got, _ = sink
    code, _, err = spoken(world, "events", "listen", "--forward-to", url, "--once")
    assert (code, got) == (0, [])
    assert "from now on" in err
    made = bought(world, "wim")

    code, out, _ = spoken(world, "events", "listen", "--forward-to", url, "--once")

    assert code == 0
    assert made["event"] in got
    assert f"  --> checkout.session.completed [{made['event']}]" in out
    assert f" <--  [200] POST {url} [{made['event']}]" in out
    code, out, _ = spoken(world, "events", "listen", "--forward-to", url, "--once", "--jsonl")
    assert (code, out) == (0, "")


def test_the_signing_secret_is_the_configured_one_and_only_printed_on_demand(world: LocalStack) -> None:
    settings = world.inner.settings()
    secret = settings.webhook_secrets[0].reveal()

    code, out, _ = spoken(world, "events", "listen", "--print-secret")
    assert (code, out.strip()) == (0, secret)
    _, out, err = spoken(world, "events", "listen", "--forward-to", "http://127.0.0.1:9/x", "--once")
    assert secret not in out + err


def test_without_a_secret_one_is_made_kept_and_written_on_demand(cli: Any, tmp_path: Path) -> None:
    cli.write_env(["STRIPE_SECRET_KEY=sk_test_emulator0000000000"])
    first = cli("events", "listen", "--print-secret").stdout
    assert first.startswith("whsec_")
    assert cli("events", "listen", "--print-secret").stdout == first

    written = cli("events", "listen", "--write-env")

    assert written.exit_code == 0
    assert f"STRIPE_WEBHOOK_SECRET={first.strip()}\n" in (tmp_path / ".env").read_text()
    assert first.strip() not in written.stdout + written.stderr
    assert "set already" in cli("events", "listen", "--write-env").stderr


@pytest.fixture
def live(cli: Any, clock: Any) -> Iterator[Any]:
    """The command line with a live key, on an emulator that rehearses live mode."""
    emulator = Emulator(clock=clock, seed=1, livemode=True)
    live_cli = replace(
        cli,
        environ={**cli.environ, "STRIPE_SECRET_KEY": LIVE_KEY, "STRIPE_WEBHOOK_SECRET": "whsec_example0000000000"},
        transport=lambda: EmulatorHTTPClient(emulator),
    )
    yield live_cli
    emulator.close()


def test_live_events_go_to_no_foreign_host_without_confirmation(live: Any, sink: Any) -> None:
    url, got, _ = sink
    event_id = live_event(live)

    refused = live("events", "replay", event_id, "--to", url, "--json")
    wrong = live("events", "replay", event_id, "--to", url, "--confirm", "acct_another", "--json")
    listening = live("events", "listen", "--forward-to", url, "--once", "--json")

    assert [each.exit_code for each in (refused, wrong, listening)] == [3, 3, 3]
    assert {each.document["error"]["code"] for each in (refused, wrong, listening)} == {"guard.foreign_host"}
    assert got == []
    account = refused.document["error"]["fix"].split("--confirm ")[1].rstrip(".")
    assert live("events", "replay", event_id, "--to", url, "--confirm", account).exit_code == 0
    assert got == [event_id]


def test_live_events_go_to_the_host_of_the_settings(live: Any, sink: Any) -> None:
    url, got, _ = sink
    live.environ["CREDITS_API_URL"] = url.removesuffix("/hook")
    event_id = live_event(live)

    assert live("events", "replay", event_id, "--to", url).exit_code == 0
    assert got == [event_id]


def live_event(live: Any) -> str:
    """A live event: a product that was made on the rehearsal's Stripe."""
    import stripe

    client = stripe.StripeClient(LIVE_KEY, http_client=live.transport(), max_network_retries=0)
    client.v1.products.create(params={"name": "An example"})
    return client.v1.events.list().data[0].id


def test_trigger_refuses_a_live_key(live: Any) -> None:
    answer = live("events", "trigger", "checkout.session.completed", "--json")
    assert (answer.exit_code, answer.document["error"]["code"]) == (3, "guard.live")


def test_trigger_lists_what_it_makes(offline_cli: Any) -> None:
    from creditctl.provisioning.state import ENDPOINT_EVENTS

    answer = offline_cli("events", "trigger", "--json")
    assert set(answer.report["types"]) == set(ENDPOINT_EVENTS)


def test_an_archive_that_is_locked_is_refused(cli: Any, tmp_path: Path) -> None:
    assert cli("events", "archive").exit_code == 0
    path = tmp_path / "creditctl-emulator-archive.db"
    with Archive.open(path, account=None, livemode=None) as archive, archive.lock("archive", "An archive run"):
        locked = cli("events", "archive", "--json")
    assert (locked.exit_code, locked.document["error"]["type"]) == (3, "lock")


def test_a_gap_is_a_finding_with_exit_1(cli: Any, clock: Any, emulator: Emulator) -> None:
    cli("events", "archive")
    clock.now += 31 * 86_400
    answer = cli("events", "archive", "--json")
    assert answer.exit_code == ExitCode.FINDINGS
    assert [finding["code"] for finding in answer.document["findings"]] == ["events.archive_gap"]
    assert cli("events", "archive").exit_code == ExitCode.OK


def test_an_archive_comes_through_rate_limits_broken_answers_and_cut_lines(
    cli: Any, emulator: Emulator, tmp_path: Path
) -> None:
    client = stripe_client(emulator)
    for _ in range(450):
        client.v1.products.create(params={"name": "An example"})
    ids = [event.id for event in client.v1.events.list(params={"limit": 100}).auto_paging_iter()][::-1]
    for fault in ({"kind": "status", "status": 429}, {"kind": "status", "status": 500}, {"kind": "cut_after"}):
        emulator.services.faults.add({**fault, "path": "/v1/events", "probability": 0.25})

    codes = [cli("events", "archive").exit_code]
    while codes[-1] != ExitCode.OK:
        assert codes[-1] == ExitCode.UNREACHABLE
        assert len(codes) < 20
        codes.append(cli("events", "archive").exit_code)

    with Archive.open(tmp_path / "creditctl-emulator-archive.db", account=None, livemode=False) as archive:
        assert archive.ids(EventQuery()) == ids
    assert sum(rule.hits for rule in emulator.services.faults.rules) > 0


@pytest.fixture(scope="module")
def busy_stripe() -> Iterator[tuple[str, list[str]]]:
    """A Stripe on a port with three thousand events; its URL and their ids, oldest first."""
    emulator = Emulator(seed=1)
    client = stripe_client(emulator)
    for _ in range(3000):
        client.v1.products.create(params={"name": "An example"})
    ids = [event.id for event in client.v1.events.list(params={"limit": 100}).auto_paging_iter()][::-1]
    with EmulatorServer(emulator) as server:
        yield server.url, ids
    emulator.close()


def stripe_client(emulator: Emulator) -> Any:
    import stripe

    return stripe.StripeClient(
        "sk_test_emulator0000000000", http_client=EmulatorHTTPClient(emulator), max_network_retries=0
    )


def process(folder: Path, url: str, *arguments: str) -> subprocess.Popen[str]:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "STRIPE_SECRET_KEY": "sk_test_emulator0000000000",
        "STRIPE_WEBHOOK_SECRET": "whsec_example0000000000",
        "STRIPE_API_BASE": url,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "creditctl", *arguments],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_an_archive_process_that_is_killed_loses_and_repeats_nothing(busy_stripe: Any, tmp_path: Path) -> None:
    url, ids = busy_stripe
    path = tmp_path / "creditctl-emulator-archive.db"
    for wanted in (300, 1200):
        running = process(tmp_path, url, "events", "archive")
        kill_when(running, lambda wanted=wanted: count(path) >= wanted)

    last = process(tmp_path, url, "events", "archive")
    said, _ = last.communicate()

    assert last.returncode == 0, said
    with Archive.open(path, account=None, livemode=False) as archive:
        assert archive.ids(EventQuery()) == ids


def test_a_listening_process_that_is_killed_repeats_only_what_was_in_flight(
    busy_stripe: Any, sink: Any, tmp_path: Path
) -> None:
    url, ids = busy_stripe
    hook, got, _ = sink
    wanted = ids[:400]
    command = ("events", "listen", "--forward-to", hook, "--all-types", "--since", "1d")
    for least in (60, 200):
        running = process(tmp_path, url, *command)
        kill_when(running, lambda least=least: len(got) >= least)
        command = ("events", "listen", "--forward-to", hook, "--all-types")
    running = process(tmp_path, url, *command)
    wait_until(lambda: len(got) >= len(wanted) + 2 or running.poll() is not None)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate()

    assert running.returncode == ExitCode.STOPPED, said
    once = list(dict.fromkeys(got))
    assert once[: len(wanted)] == wanted
    assert len(got) - len(once) <= 2


def kill_when(running: subprocess.Popen[str], far_enough: Any) -> None:
    """Kills a process as soon as it has come far enough, or has ended by itself."""
    wait_until(lambda: far_enough() or running.poll() is not None)
    running.send_signal(signal.SIGKILL)
    running.communicate()


def wait_until(done: Any) -> None:
    deadline = Deadline(60)
    while not done():
        assert not deadline.passed
        time.sleep(0.005)


def count(path: Path) -> int:
    import sqlite3

    if not path.exists():
        return 0
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def test_a_ledger_elsewhere_is_said_not_guessed(world: LocalStack, tmp_path: Path, sink: Any) -> None:
    url, _, _ = sink
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
