"""`creditctl serve` whose ledger is moved, deleted, replaced or robbed of its log: 200 means that it stands there."""

from __future__ import annotations

import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from creditctl.ledger.store import Ledger
from tests.support.serve_processes import DEADLINE_SECONDS, Backend, Town, session_of, town
from tests.support.waiting import wait_until

__all__ = ["town"]


@dataclass
class Shop:
    """A backend whose first buyers are credited, more events of paid sessions, and a backup of the ledger."""

    town: Town
    backend: Backend
    waiting: list[bytes]
    backup: Path

    @property
    def path(self) -> Path:
        return self.town.ledger_path

    def deliver(self) -> int | None:
        return self.backend.deliver(self.waiting[0]).status

    def users(self, path: Path | None = None) -> set[str]:
        """Who has credits in the file that stands at the path, the ledger's own if none is named."""
        with closing(sqlite3.connect(f"file:{path or self.path}?mode=ro", uri=True)) as connection:
            return {user for (user,) in connection.execute("SELECT user_id FROM credit_transactions")}

    def verified(self) -> bool:
        ledger = Ledger.open(self.path, account=None, livemode=None, clock=lambda: 0, create=False)
        with ledger, ledger.reading() as view:
            return view.verify().ok

    def until_it_takes_deliveries(self) -> None:
        wait_until(lambda: self.deliver() == 200, DEADLINE_SECONDS, every=0.1)

    def lines(self, level: str) -> list[str]:
        """The lines of the log at a level that are not about one request."""
        lines = [line for line in self.backend.log.splitlines() if line.startswith(f"{level}: ")]
        return [line for line in lines if self.path.name in line and " 503 " not in line]


CREDITED, MORE = 3, 8


@pytest.fixture
def shop(town: Town) -> Shop:
    backend = town.serve()
    bodies = [town.paid_event(session_of(backend.purchase(f"u{number}"))) for number in range(CREDITED + MORE)]
    backup = town.folder / "backup.db"
    assert backend.deliver(bodies[0]).status == 200
    with closing(Ledger.open(town.ledger_path, account=None, livemode=None, clock=lambda: 0, create=False)) as ledger:
        ledger.backup(backup)
    for body in bodies[1:CREDITED]:
        assert backend.deliver(body).status == 200
    return Shop(town, backend, bodies[CREDITED:], backup)


def log_files(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]


FIRST = {f"u{number}" for number in range(CREDITED)}


def refuses(shop: Shop) -> None:
    """Every delivery and the health check are answered 503, again and again, in one line of log."""
    assert [shop.deliver() for _ in range(5)] == [503] * 5
    assert shop.backend.get("/healthz").status_code == 503
    assert shop.backend.get("/api/credits/balance", user_id="u0").status_code == 503
    assert len(shop.lines("ERROR")) == 1, shop.lines("ERROR")


def test_moved_away_and_back(shop: Shop) -> None:
    elsewhere = shop.town.folder / "elsewhere.db"
    shop.path.rename(elsewhere)
    refuses(shop)
    assert not shop.path.exists()  # nothing is made anew in its place
    elsewhere.rename(shop.path)
    shop.until_it_takes_deliveries()
    assert shop.users() == FIRST | {f"u{CREDITED}"}
    assert len(shop.lines("INFO")) == 1
    assert shop.backend.get("/healthz").status_code == 200
    assert shop.backend.stop() == 0
    assert shop.verified()


def test_what_was_moved_away_holds_all_that_was_answered_with_200(shop: Shop) -> None:
    elsewhere = shop.town.folder / "elsewhere.db"
    shop.path.rename(elsewhere)
    shutil.copy(shop.backup, shop.path)
    shop.until_it_takes_deliveries()
    assert shop.users(elsewhere) == FIRST
    assert shop.users() == {"u0", f"u{CREDITED}"}
    (warning,) = shop.lines("WARNING")
    assert "reconcile" in warning


@pytest.mark.parametrize("with_its_log", [True, False])
def test_deleted_and_restored_from_a_backup(shop: Shop, with_its_log: bool) -> None:
    for path in [shop.path, *(log_files(shop.path) if with_its_log else [])]:
        path.unlink()
    refuses(shop)
    assert not shop.path.exists()
    shutil.copy(shop.backup, shop.path)
    shop.until_it_takes_deliveries()
    assert shop.users() == {"u0", f"u{CREDITED}"}
    assert len(shop.lines("WARNING")) == 1
    shop.backend.stop()
    assert shop.verified()


def test_replaced_by_another_accounts_ledger(shop: Shop) -> None:
    other = shop.town.folder / "other.db"
    Ledger.open(other, account="acct_other", livemode=False, clock=lambda: 0).close()
    other.replace(shop.path)
    for path in log_files(shop.path):
        path.unlink()
    assert [shop.deliver() for _ in range(5)] == [503] * 5
    assert shop.users() == set()
    assert len(shop.lines("ERROR")) == 2  # another file, and whose it is
    assert "acct_other" in shop.lines("ERROR")[1]


@pytest.mark.parametrize("with_shared_memory", [True, False])
def test_a_log_that_was_deleted_loses_nothing(shop: Shop, with_shared_memory: bool) -> None:
    for path in log_files(shop.path)[: 2 if with_shared_memory else 1]:
        path.unlink()
    assert shop.deliver() == 503
    shop.until_it_takes_deliveries()
    assert shop.users() == FIRST | {f"u{CREDITED}"}
    shop.backend.stop()
    assert shop.users() == FIRST | {f"u{CREDITED}"}
    assert shop.verified()


def test_a_backup_copied_over_the_open_file_is_noticed(shop: Shop) -> None:
    for body in shop.waiting[1:]:
        assert shop.backend.deliver(body).status == 200
    shop.path.write_bytes(b"")
    assert [shop.deliver() for _ in range(5)] == [503] * 5
    assert "written over" in shop.lines("ERROR")[0]
    assert len(shop.lines("ERROR")) == 2  # what happened, and why what is there is not opened


def test_a_ledger_that_fails_its_proof_is_not_opened(shop: Shop) -> None:
    with closing(sqlite3.connect(shop.backup)) as connection:
        connection.execute("DROP TRIGGER credit_transactions_no_update")
        connection.execute("UPDATE credit_transactions SET credits = 9000")
        connection.commit()
    for path in [shop.path, *log_files(shop.path)]:
        path.unlink()
    shop.backup.rename(shop.path)
    assert [shop.deliver() for _ in range(5)] == [503] * 5
    assert "does not verify" in shop.lines("ERROR")[-1]


def remove(shop: Shop) -> None:
    for path in [shop.path, *log_files(shop.path)]:
        path.unlink()


def move(shop: Shop) -> None:
    shop.path.rename(shop.town.folder / "elsewhere.db")


def replace(shop: Shop) -> None:
    fresh = shop.town.folder / "fresh.db"
    shutil.copy(shop.backup, fresh)
    fresh.replace(shop.path)


def remove_log(shop: Shop) -> None:
    log_files(shop.path)[0].unlink()


@dataclass
class Deliverers:
    """Threads that deliver the events of a shop again and again, and keep who was answered 200, before and after."""

    shop: Shop
    stop: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)

    def run(self, number: int) -> None:
        while not self.stop.is_set():
            began_after = self.done.is_set()
            if self.shop.backend.deliver(self.shop.waiting[number]).status == 200:
                (self.after if began_after else self.before).add(f"u{CREDITED + number}")


@pytest.mark.parametrize("mischief", [remove, move, replace, remove_log])
def test_under_deliveries_at_once(shop: Shop, mischief: Callable[[Shop], None]) -> None:
    deliverers = Deliverers(shop)
    threads = [threading.Thread(target=deliverers.run, args=(number,)) for number in range(MORE)]
    for thread in threads:
        thread.start()
    wait_until(lambda: deliverers.before, DEADLINE_SECONDS)
    mischief(shop)
    deliverers.done.set()
    if mischief in (replace, remove_log):
        wait_until(lambda: len(deliverers.after) == MORE, DEADLINE_SECONDS)
    deliverers.stop.set()
    for thread in threads:
        thread.join()
    shop.backend.stop()
    if mischief in (remove, move):
        assert deliverers.after == set()
        assert not shop.path.exists()
    if mischief is move:
        assert deliverers.before <= shop.users(shop.town.folder / "elsewhere.db")
    if mischief in (replace, remove_log):
        assert deliverers.after <= shop.users()
        assert shop.verified()


def test_a_command_that_posts_refuses_too(tmp_path: Path) -> None:
    """The file is moved while a person thinks about the question."""
    path = tmp_path / "creditctl-test.db"
    Ledger.open(path, account="acct_1", livemode=False, clock=lambda: 1).close()
    script = (
        "import sys; from pathlib import Path; from creditctl.ledger.store import Ledger\n"
        "ledger = Ledger.open(Path(sys.argv[1]), account=None, livemode=None, clock=lambda: 1, create=False)\n"
        "print('open', flush=True); input()\n"
        "with ledger.transaction() as tx: tx.attest('a', 'b', 'c')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        path.rename(tmp_path / "elsewhere.db")
        _, errors = process.communicate("\n")
    assert "FileMoved" in errors
    assert not path.exists()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux's prlimit")
def test_out_of_descriptors_is_one_line_and_no_end(town: Town) -> None:
    backend = town.serve()
    assert backend.get("/healthz").status_code == 200
    open_now = len(list(Path(f"/proc/{backend.process.pid}/fd").iterdir()))
    _, hard = resource.prlimit(backend.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(backend.process.pid, resource.RLIMIT_NOFILE, (open_now + 6, hard))
    host, port = backend.url.removeprefix("http://").split(":")
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(socket.create_connection((host, int(port))))
        wait_until(lambda: "New connections wait" in backend.log, DEADLINE_SECONDS)
    wait_until(lambda: backend.get("/healthz").status_code == 200, DEADLINE_SECONDS)
    assert backend.log.count("New connections wait") == 1
    assert "Traceback" not in backend.log
    assert len(backend.log.splitlines()) < 30
