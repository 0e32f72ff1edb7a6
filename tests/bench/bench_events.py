"""Archiving 50,000 events against a plain loop over the official SDK's pages, same Stripe, same run; and its memory."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.storage.object_types import EVENT
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import pay
from tests.bench.bench_tools import Row, part
from tests.support.keys import TEST_KEY

EVENTS = 50_000
ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3
SDK_EVENTS = 5_000
"""The SDK's loop is measured on fewer and compared by rate: it takes the same time for every page."""


def rows(share: float = 1.0) -> Iterable[Row]:
    """Two rows: events a second, and how much the memory grows over the last nine tenths."""
    with tempfile.TemporaryDirectory(prefix="creditctl-bench-") as name:
        folder = Path(name)
        events = part(EVENTS, share, least=200)
        fill(folder / "emulator.db", events)
        with served(folder / "emulator.db") as url:
            runs, theirs = [], []
            for number in range(part(ROUNDS, share)):  # in turns, so that a noisy machine disturbs both alike
                runs.append(archive_once(url, folder / f"bench-{number}-archive.db", events))
                theirs.append(sdk_rate(url, part(SDK_EVENTS, share, least=100)))
    ours, usual = statistics.median(run.rate for run in runs), statistics.median(theirs)
    speed = (f"{ours:,.0f}/s", f"{usual:,.0f}/s", ours / usual)
    yield Row(f"archive of {events:,} events", "SDK auto_paging_iter", *speed, ">= 10")
    early, late = (statistics.median(values) for values in zip(*((run.early, run.late) for run in runs), strict=True))
    memory = (f"{late:.0f} MB", f"{early:.0f} MB", late / early)
    yield Row("archive: peak memory at the end", "after a tenth", *memory, "1.0 (flat)")


class ArchiveRun(NamedTuple):
    """One archive run in a process of its own. Units: `rate` events a second, `early` and `late` peak memory in MB."""

    rate: float
    early: float
    late: float


def fill(path: Path, count: int) -> None:
    """A Stripe with so many events: those of one real purchase, again and again under new ids."""
    emulator = Emulator(state=path, seed=1)
    try:
        templates = purchase_events(emulator)
        store, now = emulator.services.store, emulator.now()
        scope = store.db.execute("SELECT max(scope) FROM scopes").fetchone()[0]
        store.begin()
        for number in range(count - len(templates)):
            body = dict(templates[number % len(templates)])
            body |= {"id": f"evt_1Bench{number:018d}", "created": now - 86_400 + number}
            store.add(scope, EVENT, body)
        store.commit()
    finally:
        emulator.close()


def purchase_events(emulator: Emulator) -> list[dict[str, Any]]:
    """The events of one purchase and its refund."""
    client = stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator), max_network_retries=0)
    item = {"price_data": {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Starter"}}, "quantity": 1}
    params: Any = {"mode": "payment", "success_url": "https://example.com", "line_items": [item]}
    session = client.v1.checkout.sessions.create(params=params)
    payment = pay(client, session.id, "tok_visa")
    client.v1.refunds.create(params={"payment_intent": str(payment.payment_intent)})
    page = client.raw_request("get", "/v1/events", limit=100)
    events: list[dict[str, Any]] = json.loads(page.body)["data"]
    return events


@contextmanager
def served(state: Path) -> Iterator[str]:
    """The URL of an emulator in a process of its own, so that it shares no interpreter with what is measured."""
    command = [sys.executable, "-m", "creditctl", "emulator", "--port", "0", "--state", str(state)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("no output to read")
        found = re.search(r"http://\S+", process.stdout.readline())
        if found is None:
            raise RuntimeError("the emulator did not say where it is")
        yield found.group(0)
    finally:
        process.terminate()
        process.wait()


def archive_once(url: str, path: Path, count: int) -> ArchiveRun:
    """Archives everything into a new archive, and refuses to measure anything less."""
    command = [sys.executable, "-m", "tests.bench.archive_run", url, TEST_KEY, str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    added, seconds, early, late = (float(number) for number in done.stdout.split())
    if added < count:
        raise RuntimeError(f"{added} events were archived, not {count}")
    return ArchiveRun(added / seconds, early, late)


def sdk_rate(url: str, most: int) -> float:
    """Events a second of the loop that everybody writes first."""
    client = stripe.StripeClient(TEST_KEY, base_addresses={"api": url}, max_network_retries=2)
    start, count = time.perf_counter(), 0
    for event in client.v1.events.list(params={"limit": 100}).auto_paging_iter():
        count += event.object == "event"
        if count == most:
            break
    return count / (time.perf_counter() - start)
