"""`creditctl events archive`: everything is kept once, through faults, locks and kills; gaps are findings."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from creditctl.cli.local.local_stack import LocalStack
from creditctl.core.errors import ExitCode
from creditctl.emulator.app import Emulator
from creditctl.ledger.archive.location import archive_path
from creditctl.ledger.archive.models import EventQuery
from creditctl.ledger.archive.store import Archive
from tests.support.cli import Cli
from tests.support.clock import Clock
from tests.support.event_world import bought, kill_when, process, stripe_client


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


def test_an_archive_that_is_locked_is_refused(cli: Cli, tmp_path: Path) -> None:
    assert cli("events", "archive").exit_code == 0
    path = tmp_path / "creditctl-emulator-archive.db"
    with Archive.open(path, account=None, livemode=None) as archive, archive.lock("archive", "An archive run"):
        locked = cli("events", "archive", "--json")
    assert (locked.exit_code, locked.document["error"]["type"]) == (3, "lock")


def test_a_gap_is_a_finding_with_exit_1(cli: Cli, clock: Clock, emulator: Emulator) -> None:
    cli("events", "archive")
    clock.now += 31 * 86_400
    answer = cli("events", "archive", "--json")
    assert answer.exit_code == ExitCode.FINDINGS
    assert [finding["code"] for finding in answer.document["findings"]] == ["events.archive_gap"]
    assert cli("events", "archive").exit_code == ExitCode.OK


def test_an_archive_comes_through_rate_limits_broken_answers_and_cut_lines(
    cli: Cli, emulator: Emulator, tmp_path: Path
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


def test_an_archive_process_that_is_killed_loses_and_repeats_nothing(
    busy_stripe: tuple[str, list[str]], tmp_path: Path
) -> None:
    url, ids = busy_stripe
    path = tmp_path / "creditctl-emulator-archive.db"
    kill_when(process(tmp_path, url, "events", "archive"), lambda: count(path) >= 300)
    kill_when(process(tmp_path, url, "events", "archive"), lambda: count(path) >= 1200)

    last = process(tmp_path, url, "events", "archive")
    said, _ = last.communicate()

    assert last.returncode == 0, said
    with Archive.open(path, account=None, livemode=False) as archive:
        assert archive.ids(EventQuery()) == ids


def count(path: Path) -> int:
    """How many events an archive holds, while another process writes it."""
    if not path.exists():
        return 0
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
