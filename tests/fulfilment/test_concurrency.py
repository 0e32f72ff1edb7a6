"""The same event fifty times at once, from several processes with several threads each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.fulfilment.conftest import World
from tests.support.ledger_calls import read
from tests.support.waiting import finish

HOUSE = Path(__file__).resolve().parents[2]
CHILD = [sys.executable, "-m", "tests.fulfilment.concurrent_child"]
PROCESSES, THREADS, TIMES = 5, 5, 10


def deliver_everywhere(path: Path, event: dict[str, Any], folder: Path) -> list[str]:
    body = folder / "event.json"
    body.write_text(json.dumps(event))
    command = [*CHILD, str(path), str(body), str(THREADS), str(TIMES)]
    children = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=HOUSE)
        for _ in range(PROCESSES)
    ]
    outcomes: list[str] = []
    for child in children:
        out, err = finish(child, 60)
        assert child.returncode == 0, err
        outcomes += json.loads(out)
    return outcomes


def test_the_same_event_fifty_times_from_several_processes_counts_once(world: World, tmp_path: Path) -> None:
    purchase = deliver_everywhere(world.path, world.events.session(1), tmp_path)
    assert sorted(purchase) == ["exists"] * 49 + ["posted"]
    refund = deliver_everywhere(world.path, world.events.refund("created", "re_1", 400), tmp_path)
    assert sorted(refund) == ["exists"] * 49 + ["posted"]
    assert world.balances() == {"user1": 600}
    assert len(read(world.ledger).deliveries(limit=1000)) == 2 * PROCESSES * TIMES
    assert read(world.ledger).verify().ok


def test_several_processes_may_make_the_ledger_by_delivering(world: World, tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    outcomes = deliver_everywhere(path, world.events.session(1), tmp_path)
    assert sorted(outcomes) == ["exists"] * 49 + ["posted"]
