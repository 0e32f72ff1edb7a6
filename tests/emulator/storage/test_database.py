"""Databases of the emulator: a snapshot of a file goes into memory and back, and a full memory stays quick."""

from pathlib import Path

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.storage.database import in_memory
from creditctl.emulator.storage.object_types import CUSTOMER
from creditctl.emulator.storage.store import Store
from tests.emulator.world import Inside

MORE_THAN_MEMORY = 2**30


@pytest.mark.parametrize("source", ["memory", "file", "large memory"])
@pytest.mark.parametrize("target", ["memory", "file", "large memory"])
def test_a_snapshot_is_restored_wherever_the_state_lies(tmp_path: Path, source: str, target: str) -> None:
    def opened(name: str, where: str) -> Emulator:
        made = Emulator(state=tmp_path / name if where == "file" else None, files=tmp_path)
        made.services.store.make_room(MORE_THAN_MEMORY if "large" in where else 0)
        return made

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


def test_what_is_too_much_for_memory_goes_on_in_a_temporary_file() -> None:
    store, body = Store(None), {"object": "customer", "created": 7, "email": "ann@example.com"}
    for number in range(501):
        # Memory is full before the last ones: what was made by then, and what waits, is found afterwards.
        store.most_in_memory = 0 if number == 400 else store.most_in_memory
        store.begin()
        store.add(1, CUSTOMER, body | {"id": f"cus_{number}"})
        store.commit()

    assert store.db.execute("PRAGMA database_list").fetchone()[2] == ""
    assert len(store.select(1, CUSTOMER)) == 501
    store.begin()
    store.delete(1, "cus_0")
    store.rollback()
    assert len(store.select(1, CUSTOMER)) == 501
    store.close()


def test_a_reset_may_be_the_moment_at_which_memory_is_full() -> None:
    store = Store(None)
    for _ in range(498):
        store.begin()
        store.commit()
    store.most_in_memory = 0

    store.clear()
    store.clear()

    assert store.db.execute("SELECT count(*) FROM objects").fetchone() == (0,)
    store.close()
