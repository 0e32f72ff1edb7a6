"""Kills a real webhook with SIGKILL at every point of its path, and delivers again; prints what came of it as JSON.

Run as a program: `-m tests.fulfilment.crash_child FOLDER SCENARIO.json lines|statements`.
A point is a line of the rooms core, ledger, payments and fulfilment that is about to run, or an SQL statement that is
about to run. Each has a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import stripe

import creditctl
from creditctl.core.catalog import Catalog, Package
from creditctl.core.keys import Secret
from creditctl.fulfilment.webhook import Receipt, Webhook
from creditctl.ledger.store import Ledger
from tests.support.clock import NOW
from tests.support.stripe_reads import NoReads

SECRET = "whsec_exampleexample"
CATALOG = Catalog((Package(1, "starter", "Starter", 1000, 1000, "usd"),))
HOUSE = Path(creditctl.__file__).parent
ROOMS = tuple(str(HOUSE / room) for room in ("core", "ledger", "payments", "fulfilment"))

Hook = Callable[[sqlite3.Connection], object]


def without_sync(connection: sqlite3.Connection) -> None:
    """What a killed process wrote stays written: only a power cut would need the disk to be waited for."""
    connection.execute("PRAGMA synchronous = OFF")


def receive(path: Path, event: dict[str, Any], on_connect: Hook = without_sync) -> Receipt:
    """Opens the ledger, takes one delivery, closes."""
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, SECRET, timestamp=NOW)
    with Ledger.open(path, account="acct_1", livemode=False, clock=lambda: NOW, on_connect=on_connect) as ledger:
        webhook = Webhook(
            ledger=ledger,
            stripe=NoReads(),
            secrets=(Secret(SECRET),),
            catalog=CATALOG,
            account="acct_1",
            livemode=False,
            clock=lambda: NOW,
        )
        return webhook.receive(body.encode(), header)


class Countdown:
    """Kills this process when it has been called often enough."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def __call__(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_line(self, frame: FrameType, event: str, _argument: object) -> Any:
        """A trace function. Source: Python documentation, "sys.settrace"."""
        if not frame.f_code.co_filename.startswith(ROOMS):
            return None
        if event == "line":
            self()
        return self.on_line


def killed_at(point: int, how: str, path: Path, event: dict[str, Any]) -> bool:
    """Whether a process that takes the delivery comes as far as this point, where it is killed."""
    child = os.fork()
    if child == 0:
        countdown = Countdown(point)
        if how == "lines":
            sys.settrace(countdown.on_line)
            receive(path, event)
            sys.settrace(None)
        else:
            receive(path, event, lambda connection: connection.set_trace_callback(countdown))  # with every sync
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    assert status == 0, status
    return False


def state_of(path: Path) -> dict[str, Any]:
    """What a ledger holds, as plain sqlite3 reads it; nothing if it is not there yet."""
    connection = sqlite3.connect(path)
    try:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            return {"entries": [], "deliveries": 0, "facts": 0}
        entries = connection.execute("SELECT idempotency_key, credits FROM credit_transactions ORDER BY id")
        return {
            "entries": [list(row) for row in entries],
            "deliveries": connection.execute("SELECT count(*) FROM deliveries").fetchone()[0],
            "facts": connection.execute("SELECT count(*) FROM facts").fetchone()[0],
        }
    finally:
        connection.close()


def try_point(point: int, how: str, folder: Path, template: Path, event: dict[str, Any]) -> dict[str, Any]:
    """One point: kill, look, deliver again, look."""
    path = folder / f"run{point}.db"
    if template.exists():
        shutil.copy(template, path)
    killed = killed_at(point, how, path, event)
    left = state_of(path)
    again = receive(path, event)
    with (
        Ledger.open(path, account="acct_1", livemode=False, clock=lambda: NOW) as ledger,
        ledger.reading() as view,
    ):
        sound = view.verify().ok
    result = {"killed": killed, "left": left, "again": again.outcome, "end": state_of(path), "sound": sound}
    path.unlink()
    return result


def main(folder: Path, scenario: dict[str, Any], how: str) -> list[dict[str, Any]]:
    """Every point of one scenario, the last being the first that was not reached."""
    template = folder / "template.db"
    for earlier in scenario["earlier"]:
        receive(template, earlier)
    results = [try_point(1, how, folder, template, scenario["event"])]
    while results[-1]["killed"]:
        results.append(try_point(len(results) + 1, how, folder, template, scenario["event"]))
    return results


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), sys.argv[3])))
