"""The store's unit of work: what a transaction makes is found in it, changes at no further cost, and goes with it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from creditctl.emulator.app import Emulator
from creditctl.emulator.storage.object_types import CUSTOMER
from creditctl.emulator.storage.store import Store, column
from tests.emulator.world import Inside

ANN = {"id": "cus_1", "object": "customer", "created": 7, "email": "ann@example.com"}


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store(None)
    yield store
    store.close()


def test_what_a_transaction_made_is_found_before_and_after_it_is_written(store: Store) -> None:
    store.begin()
    store.add(1, CUSTOMER, ANN, {"card": "4242"})
    store.save(1, CUSTOMER, ANN | {"email": "eva@example.com"})
    store.save_extra(1, "cus_1", {"card": "0002"})
    unwritten = store.get(1, "cus_1")
    by_email = store.select(1, CUSTOMER, column("label", "eva@example.com"))
    store.save_extra(1, "cus_1", {"card": "0341"})
    store.commit()
    written = store.get(1, "cus_1")

    assert unwritten is not None
    assert unwritten.hidden() == {"card": "0002"}
    assert unwritten.decoded()["email"] == "eva@example.com"
    assert [row.id for row in by_email] == ["cus_1"]
    assert written is not None
    assert written.hidden() == {"card": "0341"}
    assert written.created == 7
    assert store.select(1, CUSTOMER, column("label", "ann@example.com")) == []


def test_what_is_taken_back_is_gone_wherever_it_was(store: Store) -> None:
    for look in (False, True):
        store.begin()
        store.add(1, CUSTOMER, ANN)
        assert not look or len(store.select(1, CUSTOMER)) == 1
        store.rollback()

        assert store.get(1, "cus_1") is None
        assert store.select(1, CUSTOMER) == []


def test_an_id_that_is_there_already_is_refused_and_leaves_no_transaction_open(store: Store) -> None:
    store.add(1, CUSTOMER, ANN)
    store.begin()
    store.add(1, CUSTOMER, ANN | {"id": "cus_2"})
    store.add(1, CUSTOMER, ANN)
    with pytest.raises(sqlite3.IntegrityError):
        store.commit()

    assert not store.in_transaction
    assert [row.id for row in store.select(1, CUSTOMER)] == ["cus_1"]
    store.begin()
    store.add(1, CUSTOMER, ANN | {"id": "cus_3"})
    store.add(1, CUSTOMER, ANN | {"id": "cus_3"})
    with pytest.raises(sqlite3.IntegrityError):
        store.commit()
    assert store.get(1, "cus_3") is None


def test_a_snapshot_of_memory_knows_how_many_ids_were_drawn(tmp_path: Path) -> None:
    first, second = (Emulator(files=tmp_path, seed=7, clock=lambda: 1_800_000_000.0) for _ in range(2))
    Inside(first)("POST", "/v1/products", "name=A")
    Inside(first).control("/snapshot", path="snapshot.db")
    Inside(second).control("/restore", path="snapshot.db")

    made = [Inside(each)("POST", "/v1/products", "name=B")[1]["id"] for each in (first, second)]

    assert made[0] == made[1]
    first.close()
    second.close()
