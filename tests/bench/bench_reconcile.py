"""Reading Stripe's lists: CPU against the official SDK's pages, the rate reached, a second run, a whole night."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import stripe

from creditctl.core.catalog import parse_catalog
from creditctl.ledger.archive.pull_models import PullSlice
from creditctl.reconciliation.bulk_reader import BulkReader
from creditctl.stripe_api.rate import RateBudget
from creditctl.stripe_api.retry import RetryPolicy
from creditctl.stripe_api.transport import RetryingTransport
from tests.bench.bench_tools import Row, part
from tests.support.scripted_stripe import ScriptedStripe, SentRequest, StripeAnswer
from tests.support.seeded_account import seeded

PAYMENTS = 20_000
SDK_PAYMENTS = 2_000
"""The SDK is measured on fewer and compared by rate: it takes the same time for every page."""
RATE = 20
SECONDS = 12
LATENCY_SECONDS = 0.2
SEEDED = 5_000
KEPT, TOUCHED = 20_000, 200
SINCE = 1_700_000_000
USUAL = {"refunded": 0.04, "partial": 0.02, "disputed": 0.01, "declined": 0.05, "expired": 0.05}
INTENTS = PullSlice("payment_intents", 0, None)
LONG_LISTS = (PullSlice("checkout/sessions", 0, None), INTENTS, PullSlice("balance_transactions", 0, None))
"""Three lists of a pull are as long as there are payments."""
OBJECTS = {"checkout/sessions": "checkout.session", "balance_transactions": "balance_transaction"}


def rows(share: float = 1.0) -> Iterable[Row]:
    """Rows: objects a CPU second, requests a second with latency, the requests of a second run, and whole nights."""
    with tempfile.TemporaryDirectory(prefix="creditctl-bench-") as folder:
        catalog = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))
        account = seeded(Path(folder), catalog, part(SEEDED, share, least=40), USUAL)
        body = account.client.raw_request("get", "/v1/payment_intents", limit=1, expand=["data.latest_charge"]).body
        ours, theirs = cpu_rates(str(body), share)
        speed = (f"{ours:,.0f}", f"{theirs:,.0f}", ours / theirs)
        yield Row("payment intents read a CPU second", "SDK auto_paging_iter", *speed, ">= 20")
        reached = rate_reached(str(body), part(SECONDS, share, least=1))
        yield Row("requests/s, 200 ms each", "the rate set", f"{reached:.1f}", f"{RATE}", reached / RATE, ">= 0.95")
        first, second = (counted(account.http.requests, account.pulled) for _ in range(2))
        name = f"requests of a second run, {part(SEEDED, share, least=40):,} payments"
        yield Row(name, "the first run", f"{second:,}", f"{first:,}", second / first, "<= 0.1")
        account.emulator.close()
    yield from whole_nights(part(KEPT, share, least=200), part(TOUCHED, share, least=20))


def whole_nights(kept: int, touched: int) -> Iterable[Row]:
    """Two rows: processor time and memory of a night, beside one with a tenth of the payments kept."""
    (seconds, megabytes), (less, fewer) = night(kept, touched), night(kept // 10, touched)
    name, against = f"a whole night, {kept:,} payments kept, {touched:,} new", f"{kept // 10:,} kept"
    yield Row(f"{name}, s", against, f"{seconds:.2f}", f"{less:.2f}", seconds / less, "<= 1.3")
    yield Row(f"{name}, MB", against, f"{megabytes:.0f}", f"{fewer:.0f}", megabytes / fewer, "<= 1.3")


def night(kept: int, touched: int) -> tuple[float, float]:
    """Processor seconds and peak megabytes of a later night, the lesser of two."""
    command = [sys.executable, "-m", "tests.bench.night_run", str(kept), str(touched)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    nights = [(float(seconds), float(megabytes)) for seconds, megabytes, _ in map(str.split, lines[-2:])]
    return min(seconds for seconds, _ in nights), min(megabytes for _, megabytes in nights)


class LongList:
    """A list of so many objects in memory, answered page by page as Stripe does, a second between them."""

    def __init__(self, page: str, count: int, latency_seconds: float = 0.0) -> None:
        template = json.loads(page)["data"][0]
        self._latency = latency_seconds
        objects = ({**template, "id": f"pi_{n:09}", "created": SINCE + n} for n in range(count))
        self._texts = [json.dumps(each, indent=2) for each in objects]

    def __call__(self, request: SentRequest) -> StripeAnswer:
        """One page, newest first."""
        time.sleep(self._latency)
        query = {name: values[0] for name, values in request.query.items()}
        floor = max(0, int(query.get("created[gte]", "0")) - SINCE)
        top = min(len(self._texts), max(0, int(query.get("created[lt]", str(SINCE + len(self._texts)))) - SINCE))
        if "starting_after" in query:
            top = int(query["starting_after"].removeprefix("pi_"))
        low = max(floor, top - int(query["limit"]))
        data, more = ",".join(reversed(self._texts[low:top])), json.dumps(low > floor)
        name = OBJECTS.get(request.path.removeprefix("/v1/"), "payment_intent")
        data = data.replace('"object": "payment_intent"', f'"object": "{name}"')
        return StripeAnswer(f'{{"object": "list", "url": "/v1/lists", "has_more": {more}, "data": [{data}]}}')


def connected(http: ScriptedStripe, budget: RateBudget | None = None) -> stripe.StripeClient:
    """The client as commands have it."""
    transport = RetryingTransport(
        http, sleep=time.sleep, chance=random.random, policy=RetryPolicy(), audit=None, writes_locked=True
    )
    transport.budget = budget
    return stripe.StripeClient("sk_test_bench000000000000", http_client=transport, max_network_retries=0)


def cpu_rates(page: str, share: float) -> tuple[float, float]:
    """Objects that are read and decoded a CPU second: ours as they are kept, the SDK's as its objects."""
    count, fewer = part(PAYMENTS, share, least=300), part(SDK_PAYMENTS, share, least=200)
    reader = BulkReader(connected(ScriptedStripe(LongList(page, count))))
    ours = cpu_seconds(lambda: sum(len(chunk.objects) for chunk in reader.chunks([INTENTS])))
    client = connected(ScriptedStripe(LongList(page, fewer)))
    pages = client.v1.payment_intents.list(params={"limit": 100, "expand": ["data.latest_charge"]})
    theirs = cpu_seconds(lambda: sum(1 for _ in pages.auto_paging_iter()))
    return count / ours, fewer / theirs


def rate_reached(page: str, seconds: int) -> float:
    """Requests a second of a long reading with latency, within a rate."""
    http = ScriptedStripe(LongList(page, 100 * RATE * seconds // len(LONG_LISTS), LATENCY_SECONDS))
    reader = BulkReader(connected(http, RateBudget(RATE, time.monotonic, time.sleep)))
    started = time.perf_counter()
    for _ in reader.chunks(LONG_LISTS):
        pass
    return len(http.requests) / (time.perf_counter() - started)


def cpu_seconds(action: Callable[[], object]) -> float:
    """The processor time that one call takes, in all threads."""
    started = time.process_time()
    action()
    return time.process_time() - started


def counted(requests: list[Any], action: Callable[[], object]) -> int:
    """How many requests for lists and objects a run sends."""
    before = len(requests)
    action()
    return sum("/v1/account" not in request.path for request in requests[before:])
