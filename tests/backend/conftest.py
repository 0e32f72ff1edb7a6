"""A backend with small fakes behind it, and a browser-like client in front."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from creditctl.backend.app import build_app
from creditctl.backend.dependencies import Dependencies, SessionView
from creditctl.core.catalog import Catalog, parse_catalog
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.keys import Secret
from creditctl.core.modes import Mode
from creditctl.fulfilment.webhook import Receipt, Webhook
from creditctl.ledger.models import Entry
from creditctl.ledger.store import Ledger
from tests.support.backend import FakeCheckout, FakeLedger, FakeWebhook, LiveClient, Log, NewEntry, TestClient
from tests.support.clock import NOW, Clock
from tests.support.stripe_reads import NoReads, away

FRONTEND = "http://127.0.0.1:3000"
SIGNING_SECRET = Secret("whsec_example0000000000")


@pytest.fixture
def catalog() -> Catalog:
    return parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def webhook() -> FakeWebhook:
    lines = (
        "Handling Stripe webhook event: checkout.session.completed",
        "Successfully added 1000 credits to user 1 from Stripe payment pi_1",
    )
    return FakeWebhook(Receipt(200, "posted", "evt_1", "checkout.session.completed", lines, "received"))


@pytest.fixture
def real_ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    """A ledger file of a test account."""
    with Ledger.open(tmp_path / "ledger.db", account="acct_1", livemode=False, clock=clock) as ledger:
        yield ledger


@pytest.fixture
def real_webhook(real_ledger: Ledger, catalog: Catalog, clock: Clock) -> Webhook:
    """The real thing, which is never told anything that makes it ask Stripe."""
    return Webhook(
        ledger=real_ledger,
        stripe=NoReads(away),
        secrets=[SIGNING_SECRET],
        catalog=catalog,
        account="acct_1",
        livemode=False,
        clock=clock,
    )


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def checkout() -> FakeCheckout:
    return FakeCheckout()


@pytest.fixture
def services(
    webhook: FakeWebhook, ledger: FakeLedger, checkout: FakeCheckout, catalog: Catalog, log: Log
) -> Dependencies:
    return Dependencies(
        webhook=webhook,
        ledger=ledger,
        catalog=catalog,
        checkout=checkout,
        frontend_url=FRONTEND,
        mode=Mode.EMULATOR,
        log=log,
        monotonic=lambda: 0.0,
    )


@pytest.fixture
def client(services: Dependencies) -> Iterator[TestClient]:
    with TestClient(build_app(services), follow_redirects=False) as client:
        yield client


@pytest.fixture
def live_client(services: Dependencies) -> LiveClient:
    """A client of the same backend in live mode."""

    def make(*, trust_user_header: bool) -> TestClient:
        live = replace(services, mode=Mode.LIVE, trust_user_header=trust_user_header)
        return TestClient(build_app(live), follow_redirects=False)

    return make


@pytest.fixture
def entry() -> NewEntry:
    """Makes an entry of the ledger; everything can be overridden."""

    def make(number: int = 1, **changes: Any) -> Entry:
        plain = Entry(
            id=number,
            recorded=NOW + 1,
            created=NOW,
            user_id="1",
            kind=EntryKind.PURCHASE,
            credits=1000,
            amount=1000,
            currency="usd",
            payment_key=f"pi_{number}",
            session_id=f"cs_test_{number}",
            object_id=None,
            package="starter",
            idempotency_key=f"purchase:pi_{number}",
            source_event="evt_1",
            corrects=None,
            account="acct_1",
            livemode=False,
            note="an operator's words",
            hash="0" * 64,
        )
        return replace(plain, **changes)

    return make


@pytest.fixture
def paid_session() -> SessionView:
    return SessionView("cs_test_1", "complete", "paid", 1000, {"user_id": "1", "package": "starter"}, "pi_1")
