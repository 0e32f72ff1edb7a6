"""The store's unit of work: what a transaction makes is found in it, changes at no further cost, and goes with it."""

import ast
import sqlite3
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl import emulator
from creditctl.emulator.app import Emulator
from creditctl.emulator.storage import store as store_module
from creditctl.emulator.storage.object_types import CUSTOMER, PRODUCT, Body, ObjectType
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
    """A store that writes each object when it is made, and each statement when it is given."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path)
        self._lazy = False

    def add(self, scope: int, kind: ObjectType, body: Body, extra: Body | None = None) -> bytes:
        """Insert a new object."""
        encoded = super().add(scope, kind, body, extra)
        self.select(scope, kind)
        return encoded

    def run(self, statement: str, values: Sequence[Any], name: Hashable = None) -> None:
        """Carry out a statement."""
        super().run(statement, values, name)
        assert self.tables


def book(store: Store, body: Body) -> None:
    """Move a balance, which depends on what it was, under a name."""
    store.run(MOVE, (1, body["id"], body["n"]), body["id"])


MOVE = (
    "INSERT INTO balances (scope, currency, source_type, state, amount) VALUES (?, ?, 'card', '', ?) "
    "ON CONFLICT DO UPDATE SET amount = amount * 3 + excluded.amount"
)
SUMS = "SELECT currency, amount FROM balances ORDER BY currency"


def kind_of(body: Body) -> ObjectType:
    """The kind of an object: those that are listed are not the only ones that wait."""
    return PRODUCT if body["id"].startswith("prod") else CUSTOMER


STEPS: dict[str, Callable[[Store, Body], object]] = {
    "add": lambda store, body: store.get(1, body["id"]) or store.add(1, kind_of(body), body, {"n": body["n"]}),
    "save": lambda store, body: store.get(1, body["id"]) and store.save(1, kind_of(body), body),
    "hide": lambda store, body: store.save_extra(1, body["id"], {"m": body["n"]}),
    "delete": lambda store, body: store.delete(1, body["id"]),
    "get": lambda store, body: store.get(1, body["id"]),
    "list": lambda store, body: store.select(1, CUSTOMER, column("label", body["email"])),
    "look": lambda store, body: store.select(1, kind_of(body)),
    "page": lambda store, body: [
        store.page(1, kind_of(body), [], 1, row, back=False)[0] for row in [store.get(1, body["id"])] if row
    ],
    "order": lambda store, _: store.db.execute("SELECT id FROM objects ORDER BY seq").fetchall(),
    "book": book,
    "sums": lambda store, _: store.tables.execute(SUMS).fetchall(),
    "draw": lambda store, _: store.draw(),
    "begin": lambda store, _: None if store.in_transaction else store.begin(),
    "commit": lambda store, _: store.commit() if store.in_transaction else None,
    "rollback": lambda store, _: store.rollback(),
}
"""What a request may do to a store, each with an object."""
BODIES = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["cus_1", "cus_2", "cus_3", "prod_1", "prod_2"]),
        "email": st.sampled_from(["a", "b"]),
        "created": st.integers(0, 2),
        "n": st.integers(0, 9),
    }
)
NOBODY = {"id": "cus_0"}


def shown(found: object) -> object:
    """What a step answered, without the places of rows, which a row has only when it is written."""
    if isinstance(found, list):
        return [shown(each) for each in found]
    return (found.id, found.created, found.deleted, found.body, found.extra) if isinstance(found, Row) else found


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), BODIES), max_size=30), st.integers(1, 6))
def test_whatever_a_request_does_is_as_if_it_were_written_at_once(
    steps: list[tuple[str, dict[str, Any]]], most: int
) -> None:
    late, once = Store(None), AtOnce(None)
    late.most_pending = most
    for name, body in [("begin", NOBODY), *steps, ("rollback", NOBODY), ("order", NOBODY), ("sums", NOBODY)]:
        assert shown(STEPS[name](late, body)) == shown(STEPS[name](once, body)), name
        assert late.in_transaction == once.in_transaction
    late.close()
    once.close()


def test_what_an_ended_request_made_stays_when_another_one_that_wrote_it_is_taken_back(store: Store) -> None:
    store.add(1, CUSTOMER, ANN)
    store.run(MOVE, (1, "usd", 7))
    store.begin()
    store.save(1, CUSTOMER, ANN | {"email": "eva@example.com"})
    store.run(MOVE, (1, "usd", 1))
    assert len(store.select(1, CUSTOMER, column("label", "eva@example.com"))) == 1
    assert store.tables.execute(SUMS).fetchall() == [("usd", 22)]
    store.rollback()

    found = store.get(1, "cus_1")
    assert found is not None
    assert found.decoded()["email"] == "ann@example.com"
    assert store.tables.execute(SUMS).fetchall() == [("usd", 7)]


def test_a_row_that_sqlite_refuses_alone_does_not_stop_those_that_come_after_it(store: Store) -> None:
    store.add(1, CUSTOMER, ANN)
    with pytest.raises(sqlite3.IntegrityError):
        store.add(1, CUSTOMER, ANN | {"email": "eva@example.com"})
    store.add(1, CUSTOMER, ANN | {"id": "cus_2"})

    assert [row.id for row in store.select(1, CUSTOMER)] == ["cus_2", "cus_1"]


def test_a_chosen_id_that_was_taken_long_ago_is_refused_with_all_of_its_request(store: Store) -> None:
    lamp = {"id": "lamp", "object": "product", "created": 7}
    store.add(1, PRODUCT, lamp)
    store.delete(1, "lamp")
    store.begin()
    store.add(1, CUSTOMER, ANN)
    store.add(1, PRODUCT, lamp)
    with pytest.raises(sqlite3.IntegrityError):
        store.commit()

    assert store.get(1, "cus_1") is None
    store.add(1, CUSTOMER, ANN)
    assert [row.id for row in store.select(1, CUSTOMER)] == ["cus_1"]


def test_what_a_file_was_given_is_there_for_others_when_its_transaction_ends(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    store.begin()
    store.add(1, CUSTOMER, ANN)
    store.run(MOVE, (1, "usd", 7))
    store.commit()
    store.add(1, CUSTOMER, ANN | {"id": "cus_2"})
    store.run(MOVE, (1, "eur", 7))

    with closing(sqlite3.connect(tmp_path / "state.db")) as other:
        assert other.execute("SELECT count(*) FROM objects").fetchone() == (2,)
        assert other.execute(SUMS).fetchall() == [("eur", 7), ("usd", 7)]
    store.close()


def test_bodies_of_an_earlier_version_are_written_as_they_go_over_the_wire(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    text = store.add(1, CUSTOMER, ANN)
    compact = msgspec.json.format(text, indent=-1)
    store.db.execute("UPDATE objects SET body = ?", (compact,))
    store.db.execute("DELETE FROM settings WHERE name = 'indented'")
    store.close()

    again = Store(tmp_path / "state.db")
    found = again.get(1, "cus_1")
    assert found is not None
    assert (found.body, compact == text) == (text, False)
    again.db.execute("DELETE FROM settings WHERE name = 'indented'")
    again.close()
    Overtaken(tmp_path / "state.db").close()


class Overtaken(Store):
    """A store that another process is quicker than, between a look and the transaction."""

    def begin(self) -> None:
        """Open a transaction after the other process has written its bodies anew."""
        with closing(sqlite3.connect(self.path or "")) as other, other:
            other.execute("INSERT OR IGNORE INTO settings (name, value) VALUES ('indented', '1')")
        super().begin()


def test_no_statement_about_objects_goes_past_those_that_wait() -> None:
    for path in set(Path(emulator.__path__[0]).rglob("*.py")) - {Path(store_module.__file__)}:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                called = ast.unparse(node.func)
                assert not (
                    called.endswith((".tables.execute", ".read")) and " objects" in ast.unparse(node.args[0])
                ), path
