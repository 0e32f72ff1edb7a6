"""Controls over the emulator as a whole: clock, snapshot, restore."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from creditctl.emulator.app import Emulator
from tests.emulator.world import Inside, control
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """An empty emulator that may read and write files below one folder."""
    files = tmp_path / "files"
    files.mkdir()
    made = Emulator(clock=lambda: NOW, files=files)
    yield made
    made.close()


@pytest.fixture
def files(tmp_path: Path, emulator: Emulator) -> Path:
    """The folder for files."""
    assert emulator.services.options.files == tmp_path / "files"
    return tmp_path / "files"


def test_the_clock_only_goes_forward(emulator: Emulator) -> None:
    now = emulator.now()
    assert control(emulator, "POST", "/clock", set=now + 100)["now"] == now + 100
    assert "error" in control(emulator, "POST", "/clock", advance=-1)
    assert "error" in control(emulator, "POST", "/clock", set=now)
    assert control(emulator, "GET", "/clock")["offset_seconds"] == 100


def test_snapshot_and_restore(emulator: Emulator, ask: Inside, files: Path) -> None:
    ask("POST", "/v1/products", "name=Before")
    path = str(files / "snapshot.db")
    control(emulator, "POST", "/snapshot", path=path)
    ask("POST", "/v1/products", "name=After")
    control(emulator, "POST", "/restore", path=path)
    assert [product["name"] for product in ask("GET", "/v1/products")[1]["data"]] == ["Before"]
    control(emulator, "POST", "/reset")
    assert ask("GET", "/v1/products")[1]["data"] == []
    assert "error" in control(emulator, "POST", "/restore", path=str(files / "none.db"))


def test_a_snapshot_of_an_earlier_version_gets_the_tables_that_it_lacks(
    emulator: Emulator, ask: Inside, files: Path
) -> None:
    ask("POST", "/v1/products", "name=Before")
    path = files / "old.db"
    control(emulator, "POST", "/snapshot", path=str(path))
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE holds")
        db.execute("DROP TABLE held")
    db.close()

    assert "error" not in control(emulator, "POST", "/restore", path=str(path))
    assert control(emulator, "POST", "/holds", user="user_1")["held"] == []


def test_restoring_what_is_no_snapshot(ask: Inside, files: Path) -> None:
    ask("POST", "/v1/products", "name=Kept")
    text, other, folder = files / "text", files / "other.db", files / "folder"
    folder.mkdir()
    text.write_text("hello, this is not a database at all")
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE things (id INTEGER)")
    db.close()
    for path in (text, other, folder):
        status, body = ask.control("/restore", path=str(path))
        assert status in (400, 404), body
        assert str(path) in body["error"]["message"]
    assert [product["name"] for product in ask("GET", "/v1/products")[1]["data"]] == ["Kept"]


def test_a_snapshot_to_nowhere(ask: Inside, files: Path) -> None:
    status, body = ask.control("/snapshot", path=str(files / "none" / "snapshot.db"))
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("control_name", ["snapshot", "restore"])
@pytest.mark.parametrize("name", ["../outside.db", "/etc/hostname", "link/inside.db", ".", "a\0b", ""])
def test_files_outside_the_folder_are_neither_written_nor_read(
    ask: Inside, files: Path, tmp_path: Path, control_name: str, name: str
) -> None:
    (files / "link").symlink_to(tmp_path)

    status, body = ask.control(f"/{control_name}", path=name)

    assert (status, body["error"]["type"]) in ((403, "invalid_request_error"), (400, "invalid_request_error"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files"]


def test_nothing_that_is_there_is_written_over(ask: Inside, files: Path) -> None:
    ask.price("A", "unit_amount=1000")
    kept, dangling = files / "kept.txt", files / "dangling"
    kept.write_text("kept")
    dangling.symlink_to(files / "nowhere")

    answers = [
        ask.control("/snapshot", path="kept.txt"),
        ask.control("/seed", payments=3, manifest="kept.txt"),
        ask.control("/snapshot", path=str(kept)),
    ]

    assert [status for status, _ in answers] == [409, 409, 409]
    assert kept.read_text() == "kept"
    assert ask("GET", "/v1/checkout/sessions")[1]["data"] == []
    ask.control("/snapshot", path="dangling")
    assert not kept.is_symlink()


def test_without_a_folder_no_file_is_touched(tmp_path: Path) -> None:
    emulator = Emulator()
    ask = Inside(emulator, TEST_KEY)
    for name in ("snapshot", "restore"):
        status, body = ask.control(f"/{name}", path=str(tmp_path / "x.db"))
        assert status == 403
        assert "--files" in body["error"]["message"]
    assert list(tmp_path.iterdir()) == []
    emulator.close()


def test_what_is_written_is_for_its_owner_alone(ask: Inside, files: Path) -> None:
    ask.price("A", "unit_amount=1000")
    before = os.umask(0)
    try:
        ask.control("/snapshot", path="state.db")
        ask.control("/seed", payments=3, manifest="true.jsonl")
    finally:
        os.umask(before)

    assert {path.name: path.stat().st_mode & 0o777 for path in files.iterdir()} == {
        "state.db": 0o600,
        "true.jsonl": 0o600,
    }
