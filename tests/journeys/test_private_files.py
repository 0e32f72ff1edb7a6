"""Files that hold money or secrets are their owner's alone, whatever the umask; what killed runs left is swept."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from creditctl.emulator.app import Emulator
from creditctl.ledger.archive.store import Archive
from creditctl.ledger.exporting import DRAFTS
from creditctl.ledger.store import Ledger
from creditctl.stripe_api.audit import AuditLog
from tests.support.cli import Cli
from tests.support.clock import Clock
from tests.support.ledger_calls import adjusted
from tests.support.waiting import exit_of, wait_until

OWNER_ONLY = 0o600
ACCOUNT = "acct_1"


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The modes of the files in a folder."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()}


def a_ledger(path: Path) -> Ledger:
    opened = Ledger.open(path, account=ACCOUNT, livemode=False, clock=lambda: 1)
    adjusted(opened, user_id="ann", credits=5, reason="r", key="k")
    return opened


@pytest.mark.usefixtures("open_umask")
def test_all_that_is_written_is_the_owners_alone(tmp_path: Path) -> None:
    cli = Cli(tmp_path, Clock(), {"CREDITCTL_LEDGER": "a.db"})
    archive = Archive.open(tmp_path / "a-archive.db", account=ACCOUNT, livemode=False)
    emulator = Emulator(state=tmp_path / "stripe.db")
    with a_ledger(tmp_path / "a.db"), archive:
        audit = AuditLog(tmp_path / "audit.jsonl", lambda: 1, "p")
        audit.begin({"what": "POST /v1/x"})
        assert cli("ledger", "export", "--output", "out.csv").exit_code == 0
        assert cli("ledger", "backup", "copy.db").exit_code == 0
        found = modes(tmp_path)
        audit.close()
    emulator.close()

    assert set(found.values()) == {OWNER_ONLY}, found
    endings = {"", "-wal", "-shm"}
    assert {f"{name}{ending}" for name in ("a.db", "a-archive.db", "stripe.db") for ending in endings} <= set(found)


def test_what_others_may_read_is_closed_to_them_when_it_is_opened(tmp_path: Path) -> None:
    a_ledger(tmp_path / "a.db").close()
    Archive.open(tmp_path / "b-archive.db", account=ACCOUNT, livemode=False).close()
    Emulator(state=tmp_path / "stripe.db").close()
    (tmp_path / "audit.jsonl").write_bytes(b"")
    for path in tmp_path.iterdir():
        path.chmod(0o664)
    emulator = Emulator(state=tmp_path / "stripe.db")
    with a_ledger(tmp_path / "a.db"), Archive.open(tmp_path / "b-archive.db", account=ACCOUNT, livemode=False):
        audit = AuditLog(tmp_path / "audit.jsonl", lambda: 1, "p")
        audit.open()
        audit.close()
        found = modes(tmp_path)
    emulator.close()

    assert set(found.values()) == {OWNER_ONLY}, found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_what_belongs_to_somebody_else_stays_as_it_is_and_is_said(tmp_path: Path) -> None:
    a_ledger(tmp_path / "a.db").close()
    (tmp_path / "a.db").chmod(0o644)
    os.chown(tmp_path / "a.db", 1234, 1234)
    verified = Cli(tmp_path, Clock(), {"CREDITCTL_LEDGER": "a.db"})("ledger", "verify", "--json")

    assert stat.S_IMODE((tmp_path / "a.db").stat().st_mode) == 0o644
    assert verified.exit_code == 0
    assert [finding["code"] for finding in verified.document["findings"]] == ["ledger.readable"]


STOPPED_IN_A_COPY = """
import os, sys, time
from pathlib import Path
from creditctl.ledger.exporting import new_file
with new_file(Path(sys.argv[1])) as stream:
    stream.write("half of it")
    stream.flush()
    print("writing", flush=True)
    time.sleep(600)
"""


def test_the_draft_of_a_killed_copy_is_swept_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    cli = Cli(tmp_path, Clock(), {"CREDITCTL_LEDGER": "a.db"})
    a_ledger(tmp_path / "a.db").close()
    killed, alive = (
        subprocess.Popen([sys.executable, "-c", STOPPED_IN_A_COPY, str(tmp_path / name)], stdout=subprocess.PIPE)
        for name in ("killed.csv", "alive.csv")
    )
    with killed, alive:
        for process in (killed, alive):
            assert process.stdout is not None
            assert process.stdout.readline() == b"writing\n"
        drafts = {path.name for path in tmp_path.iterdir() if path.name.startswith(DRAFTS)}
        killed.send_signal(signal.SIGKILL)
        exit_of(killed, 20)
        theirs = [tmp_path / f"{DRAFTS}.mine.tmp", tmp_path / "killed.csv.a1b2c3d4.tmp", tmp_path / ".csv.unfinished"]
        for path in theirs:
            path.write_text("somebody's own")
        (tmp_path / f"{DRAFTS}.abcdefgh.tmp").symlink_to(theirs[0])

        assert cli("ledger", "export", "--output", "out.csv").exit_code == 0
        left = {path.name for path in tmp_path.iterdir()}
        alive.kill()
        exit_of(alive, 20)

    assert len(drafts) == 2
    assert len(drafts & left) == 1  # that of the run which still lives
    assert {path.name for path in theirs} <= left
    assert f"{DRAFTS}.abcdefgh.tmp" in left

    assert cli("ledger", "backup", "copy.db").exit_code == 0
    assert not drafts & {path.name for path in tmp_path.iterdir()}


STOPPED_IN_A_FOLDER = """
import sys, time
from pathlib import Path
from creditctl.ledger.sqlite.scratch_folder import scratch_folder
with scratch_folder("demo", within=Path(sys.argv[1])) as folder:
    (folder / "secret").write_text("whsec")
    print(folder.name, flush=True)
    time.sleep(600)
"""


def test_the_folder_of_a_killed_run_is_swept_by_the_next_and_no_other(tmp_path: Path) -> None:
    from creditctl.ledger.sqlite.scratch_folder import scratch_folder

    command = [sys.executable, "-c", STOPPED_IN_A_FOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        name = killed.stdout.readline().strip()
        theirs = tmp_path / "creditctl-demo-mymymymy"
        theirs.mkdir()
        with scratch_folder("demo", within=tmp_path) as mine:
            assert stat.S_IMODE(mine.stat().st_mode) == 0o700
            with scratch_folder("demo", within=tmp_path):
                assert mine.exists()
        assert (tmp_path / name / "secret").exists()  # its run lives
        killed.kill()
        exit_of(killed, 20)
    with scratch_folder("demo", within=tmp_path):
        assert not (tmp_path / name).exists()
    wait_until(lambda: [path.name for path in tmp_path.iterdir()] == [theirs.name], 5)
