"""A backend with small fakes behind it, and a browser-like client in front."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from creditctl.backend.app import build_app
from creditctl.backend.dependencies import CheckoutOrder, CreatedSession, Dependencies, SessionView
from creditctl.core.catalog import Catalog, parse_catalog
from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.errors import Unreachable
from creditctl.core.keys import Secret
from creditctl.core.modes import Mode
from creditctl.fulfilment.webhook import Receipt, Webhook
from creditctl.ledger.models import Entry, EntryFilter
from creditctl.ledger.store import Ledger

with warnings.catch_warnings():
    # Starlette would rather have its client built on httpx's successor; either does here.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

FRONTEND = "http://127.0.0.1:3000"
SIGNING_SECRET = Secret("whsec_example0000000000")
PAYMENT_PAGE = "http://127.0.0.1:12111/c/pay/cs_test_a1"


@dataclass
class FakeWebhook:
    """Answers what it is told to, and keeps what it got."""

    receipt: Receipt
    seen: list[tuple[bytes, str | None]] = field(default_factory=list)
    error: Exception | None = None

    def receive(self, body: bytes, signature: str | None) -> Receipt:
        self.seen.append((body, signature))
        if self.error is not None:
            raise self.error
        return self.receipt


@dataclass
class FakeLedger:
    """A list of entries that can be read."""

    rows: list[Entry] = field(default_factory=list)
    error: Exception | None = None

    @contextmanager
    def reading(self) -> Iterator[FakeLedger]:
        yield self

    def _read(self) -> list[Entry]:
        if self.error is not None:
            raise self.error
        return self.rows

    def balance(self, user_id: str) -> int:
        return sum(entry.credits for entry in self._read() if entry.user_id == user_id)

    def entries(self, wanted: EntryFilter, *, after_id: int, limit: int) -> list[Entry]:
        return [entry for entry in self._read() if entry.user_id == wanted.user_id and entry.id > after_id][:limit]

    def entry(self, number: int) -> Entry | None:
        return next((entry for entry in self._read() if entry.id == number), None)

    def purchase_of(self, payment_key: str) -> Entry | None:
        return next((entry for entry in self._read() if entry.payment_key == payment_key), None)


@dataclass
class FakeCheckout:
    """Stripe's side of the two calls that the backend makes."""

    sessions: dict[str, SessionView] = field(default_factory=dict)
    orders: list[CheckoutOrder] = field(default_factory=list)
    error: Exception | None = None

    def create_session(self, order: CheckoutOrder) -> CreatedSession:
        if self.error is not None:
            raise self.error
        self.orders.append(order)
        return CreatedSession("cs_test_a1", PAYMENT_PAGE)

    def read_session(self, session_id: str) -> SessionView | None:
        if self.error is not None:
            raise self.error
        return self.sessions.get(session_id)


class NoStripe:
    """No answer to anything."""

    def line_items(self, session_id: str) -> Sequence[Mapping[str, Any]]:
        raise Unreachable("no Stripe here", code="stripe.unreachable")

    def refunds(self, charge_id: str) -> Sequence[Mapping[str, Any]]:
        raise Unreachable("no Stripe here", code="stripe.unreachable")


@dataclass
class Log:
    """What was logged, line by line."""

    lines: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def __call__(self, text: str) -> None:
        with self.lock:
            self.lines.extend(filter(None, text.split("\n")))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


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
def real_ledger(tmp_path: Path, clock: Callable[[], int]) -> Iterator[Ledger]:
    """A ledger file of a test account."""
    with Ledger.open(tmp_path / "ledger.db", account="acct_1", livemode=False, clock=clock) as ledger:
        yield ledger


@pytest.fixture
def real_webhook(real_ledger: Ledger, catalog: Catalog, clock: Callable[[], int]) -> Webhook:
    """The real thing, which is never told anything that makes it ask Stripe."""
    return Webhook(
        ledger=real_ledger,
        stripe=NoStripe(),
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
def live_client(services: Dependencies) -> Callable[..., TestClient]:
    """A client of the same backend in live mode."""

    def make(*, trust_user_header: bool) -> TestClient:
        live = replace(services, mode=Mode.LIVE, trust_user_header=trust_user_header)
        return TestClient(build_app(live), follow_redirects=False)

    return make


@pytest.fixture
def entry() -> Callable[..., Entry]:
    """Makes an entry of the ledger; everything can be overridden."""

    def make(number: int = 1, **changes: Any) -> Entry:
        plain = Entry(
            id=number,
            recorded=1_790_000_001,
            created=1_790_000_000,
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
