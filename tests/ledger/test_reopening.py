"""A lost ledger file refuses until what stands there is proven; then it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from creditctl.ledger.reopening import ReopeningLedger
from creditctl.ledger.sqlite.standing_file import FileMoved
from creditctl.ledger.store import Ledger
from tests.support.ledgers import MakePurchase


@dataclass
class Server:
    """A ledger as a server has it, its log, and a clock that the test moves."""

    ledger: ReopeningLedger
    purchase: MakePurchase
    lines: list[str]
    now: list[float] = field(default_factory=lambda: [0.0])

    def post(self, number: int) -> None:
        self.now[0] += 10
        with self.ledger.transaction() as tx:
            tx.post(self.purchase(number))

    def count(self) -> int:
        with self.ledger.reading() as view:
            return view.count()


@pytest.fixture
def server(ledger: Ledger, purchase: MakePurchase) -> Iterator[Server]:
    lines: list[str] = []
    now = [0.0]
    reopening = ReopeningLedger(ledger, lines.append, lambda: now[0])
    yield Server(reopening, purchase, lines, now)
    reopening.close()


def test_while_it_stands_it_is_the_ledger(server: Server) -> None:
    server.post(1)
    server.post(2)
    assert (server.count(), server.lines) == (2, [])


def test_gone_is_said_once_and_back_is_said_once(server: Server, path: Path) -> None:
    server.post(1)
    path.rename(path.with_name("elsewhere"))
    for _ in range(4):
        with pytest.raises(FileMoved):
            server.post(2)
    path.with_name("elsewhere").rename(path)
    server.post(2)
    assert server.count() == 2
    assert [line.split(":")[0] for line in server.lines] == ["ERROR", "INFO"]


def test_a_backup_with_fewer_entries_is_taken_and_said(server: Server, path: Path) -> None:
    server.post(1)
    with server.ledger.reading() as view:
        view.connection.execute("PRAGMA wal_checkpoint")
    shutil.copy(path, path.with_name("backup"))
    server.post(2)
    path.with_name("backup").replace(path)
    with pytest.raises(FileMoved):
        server.post(3)
    server.post(3)
    assert server.count() == 2
    assert "reconcile" in server.lines[-1]


def test_what_does_not_verify_is_tried_again_but_not_at_every_delivery(server: Server, path: Path) -> None:
    server.post(1)
    path.unlink()
    path.write_text("something else")
    for _ in range(3):
        with pytest.raises(FileMoved):
            server.post(2)
    before = len(server.lines)
    with pytest.raises(FileMoved):
        server.count()
    assert len(server.lines) == before == 2
