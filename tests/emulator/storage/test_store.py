"""The store's unit of work: what a transaction makes is found in it, changes at no further cost, and goes with it."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.emulator.app import Emulator
from creditctl.emulator.storage.object_types import CUSTOMER, Body, ObjectType
from creditctl.emulator.storage.store import Row, Store, column
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


class AtOnce(Store):
    """A store that writes each object when it is made."""

    def add(self, scope: int, kind: ObjectType, body: Body, extra: Body | None = None) -> bytes:
        """Insert a new object."""
        encoded = super().add(scope, kind, body, extra)
        self.select(scope, kind)
        return encoded


STEPS: dict[str, Callable[[Store, Body], object]] = {
    "add": lambda store, body: store.get(1, body["id"]) or store.add(1, CUSTOMER, body, {"n": body["n"]}),
    "save": lambda store, body: store.get(1, body["id"]) and store.save(1, CUSTOMER, body),
    "hide": lambda store, body: store.save_extra(1, body["id"], {"m": body["n"]}),
    "delete": lambda store, body: store.delete(1, body["id"]),
    "list": lambda store, body: store.select(1, CUSTOMER, column("label", body["email"])),
    "look": lambda store, _: store.select(1, CUSTOMER),
    "begin": lambda store, _: None if store.in_transaction else store.begin(),
    "commit": lambda store, _: store.commit() if store.in_transaction else None,
    "rollback": lambda store, _: store.rollback(),
}
"""What a request may do to a store, each with an object."""
BODIES = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["cus_1", "cus_2", "cus_3"]),
        "email": st.sampled_from(["a", "b"]),
        "created": st.integers(0, 2),
        "n": st.integers(0, 9),
    }
)


def shown(found: object) -> object:
    """What a step answered, without the places of rows, which a row has only when it is written."""
    if isinstance(found, list):
        return [shown(each) for each in found]
    return (found.id, found.created, found.deleted, found.body, found.extra) if isinstance(found, Row) else found


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), BODIES), max_size=25))
def test_whatever_a_request_does_is_as_if_it_were_written_at_once(steps: list[tuple[str, dict[str, Any]]]) -> None:
    late, once = Store(None), AtOnce(None)
    for name, body in [("begin", {}), *steps, ("rollback", {}), ("look", {})]:
        assert shown(STEPS[name](late, body)) == shown(STEPS[name](once, body))
        assert late.in_transaction == once.in_transaction
    late.close()
    once.close()
