"""The keeper of the zoo: one emulator, an account for each backend, and a bench to run scenarios on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

import httpx

from creditctl.backend.server import BackendServer, bind, url_of
from creditctl.core.catalog import Catalog, parse_catalog
from creditctl.core.keys import Secret, parse_server_key
from creditctl.emulator_client.client import EmulatorControl
from creditctl.payments.event_types import ENDPOINT_EVENTS
from creditctl.simulation.pace import Pace
from creditctl.simulation.play.state import Bench
from creditctl.simulation.policy import parse_policy
from creditctl.simulation.results import SuiteResult
from creditctl.simulation.scenarios.table import SCENARIOS, find_scenarios
from creditctl.simulation.stripe_side.access import StripeAccess, emulator_access
from creditctl.simulation.suite.preflight import preflight
from creditctl.simulation.suite.schedule import SuiteOptions, run_suite
from creditctl.simulation.target.backend_client import BackendClient
from creditctl.simulation.target.buyers import Buyers
from creditctl.simulation.target.declaration import Spending, Target
from tests.simulation.zoo.correct import Backend
from tests.simulation.zoo.serving import build
from tests.simulation.zoo.shelf import Shelf
from tests.support.waiting import patience

CATALOG: Catalog = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text())
WEBHOOK = "/api/credits/webhook"


def key_of(name: str) -> str:
    """A key of the emulator: each backend has an account of its own."""
    return "sk_test_emulator" + "".join(letter for letter in name if letter.isalnum())


def register(stripe: StripeAccess, url: str) -> str:
    """Registers the webhook of a backend; returns the signing secret."""
    events = {f"enabled_events[{place}]": name for place, name in enumerate(ENDPOINT_EVENTS)}
    return str(stripe.post("/v1/webhook_endpoints", {"url": url, **events})["secret"])


@contextmanager
def keep(emulator_url: str, name: str, kind: type[Backend]) -> Iterator[tuple[Bench, Secret]]:
    """A zoo backend on a port, in a thread, and a bench before it."""
    limits = httpx.Limits(max_connections=200)
    with httpx.Client(timeout=patience(30), trust_env=False, limits=limits) as http, bind("127.0.0.1", 0) as listener:
        url = url_of(listener)
        control = EmulatorControl(http, emulator_url, parse_server_key(key_of(name)))
        stripe = emulator_access(control)
        secret = Secret(register(stripe, url + WEBHOOK))
        shelf = Shelf()
        backend = kind(emulator_url, key_of(name), secret.reveal(), shelf)
        try:
            with BackendServer(build(backend), listener=listener):
                yield bench_for(stripe, http, url, kind, secret, name), secret
        finally:
            backend.close()
            shelf.close()


def bench_for(
    stripe: StripeAccess, http: httpx.Client, url: str, kind: type[Backend], secret: Secret, token: str
) -> Bench:
    target = Target(
        url,
        url + WEBHOOK,
        headers=kind.headers,
        spending=Spending("/api/credits/spend"),
        policy=parse_policy(kind.policy),
    )
    return Bench(
        stripe=stripe,
        backend=BackendClient(http, target),
        buyers=Buyers(target),
        catalog=CATALOG,
        pace=Pace(time.monotonic, time.sleep),
        secret=secret,
        clock=lambda: int(time.time()),
        token=token,
    )


def examine(
    emulator_url: str, name: str, kind: type[Backend], scenarios: tuple[str, ...] = (), *, jobs: int = 4, seed: int = 0
) -> SuiteResult:
    """Runs scenarios (all where none is named) against a zoo backend."""
    chosen, unknown = find_scenarios(scenarios)
    assert not unknown
    with keep(emulator_url, name, kind) as (bench, secret):
        report = preflight(bench, (secret,), started_here=True)
        return run_suite(chosen if scenarios else SCENARIOS, report, SuiteOptions(jobs, seed), lambda result: None)
