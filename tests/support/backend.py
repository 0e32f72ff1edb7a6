"""Backend worlds for tests: small fakes of what the credit API depends on, and the client in front of it."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from creditctl.backend.dependencies import CheckoutOrder, CreatedSession, SessionView
from creditctl.fulfilment.webhook import Receipt
from creditctl.ledger.models import Entry, EntryFilter

with warnings.catch_warnings():
    # Starlette would rather have its client built on httpx's successor; either does here.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["FakeCheckout", "FakeLedger", "FakeWebhook", "LiveClient", "Log", "NewEntry", "TestClient"]

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


@dataclass
class Log:
    """What was logged, line by line."""

    lines: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, text: str) -> None:
        with self.lock:
            self.lines.extend(filter(None, text.split("\n")))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class LiveClient(Protocol):
    """Makes a client of the same backend in live mode."""

    def __call__(self, *, trust_user_header: bool) -> TestClient: ...


class NewEntry(Protocol):
    """Makes an entry of the ledger; every field can be given."""

    def __call__(self, number: int = 1, **changes: Any) -> Entry: ...
