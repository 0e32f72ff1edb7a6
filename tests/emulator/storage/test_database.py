"""Databases of the emulator: a snapshot of a file goes into memory and back, and a full memory stays quick."""

from pathlib import Path

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.storage.database import in_memory
from tests.emulator.world import Inside


@pytest.mark.parametrize("source", ["memory", "file"])
@pytest.mark.parametrize("target", ["memory", "file"])
def test_a_snapshot_is_restored_wherever_the_state_lies(tmp_path: Path, source: str, target: str) -> None:
    def opened(name: str, where: str) -> Emulator:
        return Emulator(state=None if where == "memory" else tmp_path / name, files=tmp_path)

    first, second = opened("a.db", source), opened("b.db", target)
    Inside(first)("POST", "/v1/products", "name=A")
    Inside(first).control("/snapshot", path="snapshot.db")
    Inside(second)("POST", "/v1/products", "name=B")

    status, _ = Inside(second).control("/restore", path="snapshot.db")
    Inside(second)("POST", "/v1/products", "name=C")

    assert status == 200
    assert [product["name"] for product in Inside(second)("GET", "/v1/products")[1]["data"]] == ["C", "A"]
    first.close()
    second.close()


def test_two_databases_in_memory_are_two() -> None:
    first, second = in_memory(), in_memory()
    first.execute("CREATE TABLE a (b)")

    assert second.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    # Not `:memory:`, where each commit costs more the more there is.
    assert first.execute("PRAGMA database_list").fetchone()[2].endswith("creditctl-emulator")
    first.close()
    second.close()
