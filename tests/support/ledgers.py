"""A ledger file, and purchases to put into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from creditctl.core.entitlement.settlement import EntryDraft, Purchase
from creditctl.ledger.store import Ledger
from tests.support.clock import NOW


def _purchase(n: int = 1, **changes: Any) -> EntryDraft:
    purchase: dict[str, Any] = {
        "user_id": f"user{n}",
        "credits": 1000,
        "amount": 1000,
        "currency": "usd",
        "payment_key": f"pi_{n}",
        "session_id": f"cs_{n}",
        "package": "starter",
        "created": NOW - 100 + n,
    }
    return Purchase(**purchase | changes).draft(source_event=f"evt_{n}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger is."""
    return tmp_path / "ledger.db"


@pytest.fixture
def open_ledger(path: Path) -> Iterator[Callable[..., Ledger]]:
    """Opens the ledger; what it is given stands instead of the usual."""
    opened: list[Ledger] = []

    def open_it(**changes: Any) -> Ledger:
        usual: dict[str, Any] = {"account": "acct_1", "livemode": False, "clock": lambda: NOW}
        at = changes.pop("path", path)
        opened.append(Ledger.open(at, **usual | changes))
        return opened[-1]

    yield open_it
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Callable[..., Ledger]) -> Ledger:
    """An empty ledger."""
    return open_ledger()


@pytest.fixture
def purchase() -> Callable[..., EntryDraft]:
    """Makes the draft of the n-th purchase."""
    return _purchase
