"""The Node backends of the zoo, each a process of its own: who they are, and a bench before one of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from creditctl.core.keys import Secret, parse_server_key
from creditctl.emulator_client.client import EmulatorControl
from creditctl.simulation.pace import Pace
from creditctl.simulation.play.state import Bench
from creditctl.simulation.results import SuiteResult
from creditctl.simulation.scenarios.table import SCENARIOS, find_scenarios
from creditctl.simulation.stripe_side.access import emulator_access
from creditctl.simulation.suite.preflight import preflight
from creditctl.simulation.suite.schedule import SuiteOptions, run_suite
from creditctl.simulation.target.backend_client import BackendClient
from creditctl.simulation.target.buyers import Buyers
from creditctl.simulation.target.declaration import BalanceSource, Target
from tests.simulation.zoo.keeper import CATALOG, key_of, register
from tests.support.ports import free_port
from tests.support.waiting import patience, wait_until

NODE = shutil.which("node") or ""
SCRIPT = Path(__file__).with_name("express_shop.cjs")
WEBHOOK = "/api/stripe/webhook"

CORRECT_IN_NODE = ("express", "express-queue-first")
BROKEN_IN_NODE: dict[str, tuple[str, tuple[str, ...]]] = {
    "express-stringifies-the-body": ("body_changed", ("success",)),
    "express-answers-then-forgets": ("acknowledged_before_saved", ("stripe-down-during-webhook",)),
    "express-reads-then-writes": ("lost_update", ("three-purchases-at-once",)),
    "express-checks-then-credits": ("credits_twice", ("duplicate-at-once",)),
    "express-adds-texts": ("credits_wrong_amount", ("same-package-twice",)),
    "express-knows-buyers-by-email": ("wrong_user", ("two-buyers",)),
    "express-trusts-the-body": ("crashes_on_input", ("odd-purchases",)),
    "express-compares-the-beginning": ("signature_prefix", ("signature-v1-short", "signature-v1-empty")),
    "express-knows-no-refunds": ("refund_ignored", ("refund", "partial-refund")),
}
"""The cause that must be named for each, and the scenarios that must name it."""


@contextmanager
def keep_in_node(emulator_url: str, name: str) -> Iterator[tuple[Bench, Secret]]:
    """A Node backend on a port, and a bench before it."""
    url = f"http://127.0.0.1:{free_port()}"
    with httpx.Client(timeout=patience(30), trust_env=False, limits=httpx.Limits(max_connections=200)) as http:
        stripe = emulator_access(EmulatorControl(http, emulator_url, parse_server_key(key_of(name))))
        secret = Secret(register(stripe, url + WEBHOOK))
        environ = {
            "PATH": os.environ["PATH"],
            "PORT": url.rpartition(":")[2],
            "STRIPE_API_BASE": emulator_url,
            "STRIPE_SECRET_KEY": key_of(name),
            "STRIPE_WEBHOOK_SECRET": secret.reveal(),
            "ZOO_NODE": os.environ.get("STRIPE_NODE", ""),
            "ZOO_SLOW_MILLISECONDS": str(int(1000 * patience(0.05))),
        }
        process = subprocess.Popen([NODE, str(SCRIPT), name], env=environ)
        try:
            wait_until(lambda: _answers(http, url), 30)
            target = Target(
                url,
                url + WEBHOOK,
                purchase_path="/api/checkout",
                purchase_body='{"packageId": "{slug}"}',
                session_path="/api/checkout/success?session_id={session}",
                headers=("Authorization: Bearer user:{user}",),
                balance=BalanceSource("/api/me/credits", "/data/credits"),
            )
            pace, client = Pace(time.monotonic, time.sleep), BackendClient(http, target)
            yield Bench(stripe, client, Buyers(target), CATALOG, pace, secret, lambda: int(time.time()), name), secret
        finally:
            process.kill()
            process.wait()


def _answers(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(url + "/health").is_success
    except httpx.TransportError:
        return False


def examine_in_node(emulator_url: str, name: str, scenarios: tuple[str, ...] = (), *, jobs: int = 4) -> SuiteResult:
    """Runs scenarios (all where none is named) against a Node backend."""
    chosen, unknown = find_scenarios(scenarios)
    assert not unknown
    with keep_in_node(emulator_url, name) as (bench, secret):
        report = preflight(bench, (secret,), started_here=True)
        return run_suite(chosen if scenarios else SCENARIOS, report, SuiteOptions(jobs), lambda _result: None)
