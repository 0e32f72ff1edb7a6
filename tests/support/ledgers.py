"""A ledger file, and purchases to put into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

import pytest

from creditctl.core.entitlement.settlement import EntryDraft, Purchase
from creditctl.ledger.schema import Migration
from creditctl.ledger.sqlite.connections import ConnectHook
from creditctl.ledger.store import Ledger
from tests.support.clock import NOW


class PurchaseChanges(TypedDict, total=False):
    """What a purchase may say otherwise than usual."""

    user_id: str
    credits: int
    amount: int
    currency: str
    payment_key: str
    session_id: str | None
    package: str | None
    created: int


class MakePurchase(Protocol):
    """Makes the draft of the n-th purchase, with changes."""

    def __call__(self, n: int = 1, **changes: Unpack[PurchaseChanges]) -> EntryDraft: ...


class LedgerOptions(TypedDict, total=False):
    """How a ledger may be opened otherwise than usual."""

    path: Path
    account: str | None
    livemode: bool | None
    clock: Callable[[], int]
    create: bool
    busy_timeout_seconds: float
    on_connect: ConnectHook | None
    migrations: Sequence[Migration]


class OpenLedger(Protocol):
    """Opens a ledger, closed when the test ends."""

    def __call__(self, **changes: Unpack[LedgerOptions]) -> Ledger: ...


def _purchase(n: int = 1, **changes: Unpack[PurchaseChanges]) -> EntryDraft:
    usual = Purchase(
        user_id=f"user{n}",
        credits=1000,
        amount=1000,
        currency="usd",
        payment_key=f"pi_{n}",
        session_id=f"cs_{n}",
        package="starter",
        created=NOW - 100 + n,
    )
    return replace(usual, **changes).draft(source_event=f"evt_{n}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger is."""
    return tmp_path / "ledger.db"


@pytest.fixture
def open_ledger(path: Path) -> Iterator[OpenLedger]:
    """Opens the ledger; what it is given stands instead of the usual."""
    opened: list[Ledger] = []

    def open_it(**changes: Unpack[LedgerOptions]) -> Ledger:
        usual: LedgerOptions = {"path": path, "account": "acct_1", "livemode": False, "clock": lambda: NOW}
        usual.update(changes)
        opened.append(Ledger.open(**usual))
        return opened[-1]

    yield open_it
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: OpenLedger) -> Ledger:
    """An empty ledger."""
    return open_ledger()


@pytest.fixture
def purchase() -> MakePurchase:
    """Makes the draft of the n-th purchase."""
    return _purchase
