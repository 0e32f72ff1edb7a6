"""Controls over the emulator as a whole: clock, snapshot, restore."""

import sqlite3
from pathlib import Path

from creditctl.emulator.app import Emulator
from tests.emulator.world import Inside, control


def test_the_clock_only_goes_forward(emulator: Emulator) -> None:
    now = emulator.now()
    assert control(emulator, "POST", "/clock", set=now + 100)["now"] == now + 100
    assert "error" in control(emulator, "POST", "/clock", advance=-1)
    assert "error" in control(emulator, "POST", "/clock", set=now)
    assert control(emulator, "GET", "/clock")["offset_seconds"] == 100


def test_snapshot_and_restore(emulator: Emulator, ask: Inside, tmp_path: Path) -> None:
    ask("POST", "/v1/products", "name=Before")
    path = str(tmp_path / "snapshot.db")
    control(emulator, "POST", "/snapshot", path=path)
    ask("POST", "/v1/products", "name=After")
    control(emulator, "POST", "/restore", path=path)
    assert [product["name"] for product in ask("GET", "/v1/products")[1]["data"]] == ["Before"]
    control(emulator, "POST", "/reset")
    assert ask("GET", "/v1/products")[1]["data"] == []
    assert "error" in control(emulator, "POST", "/restore", path=str(tmp_path / "none.db"))


def test_restoring_what_is_no_snapshot(ask: Inside, tmp_path: Path) -> None:
    ask("POST", "/v1/products", "name=Kept")
    text, other = tmp_path / "text", tmp_path / "other.db"
    text.write_text("hello, this is not a database at all")
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE things (id INTEGER)")
    db.close()
    for path in (text, other, tmp_path):
        status, body = ask.control("/restore", path=str(path))
        assert status in (400, 404), body
        assert str(path) in body["error"]["message"]
    assert [product["name"] for product in ask("GET", "/v1/products")[1]["data"]] == ["Kept"]


def test_a_snapshot_to_nowhere(ask: Inside, tmp_path: Path) -> None:
    status, body = ask.control("/snapshot", path=str(tmp_path / "none" / "snapshot.db"))
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")
