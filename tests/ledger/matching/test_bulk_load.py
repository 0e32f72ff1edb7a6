"""A table that was filled at once has its indexes, its triggers and its counts, and loses none of them to an error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from creditctl.ledger.archive.store import Archive
from creditctl.ledger.matching.recount import miscounted
from creditctl.ledger.matching.suspect_store import SuspectStore
from creditctl.ledger.matching.worth import Worth
from creditctl.ledger.matching.worth_store import WorthStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WorthStore]:
    with Archive.open(tmp_path / "m.db", account="acct_1", livemode=False) as archive:
        made = WorthStore(archive)
        made.prepare()
        SuspectStore(archive).prepare()
        yield made


def layout(store: WorthStore) -> set[tuple[str, ...]]:
    with store.file.read_session() as connection:
        return set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall())


def worths(*names: str) -> Iterator[Worth]:
    yield from (Worth(name, None, 0, "u1", 1, 1, 1, "usd", None, 1, 1, 0, 0, 0, 1) for name in names)


def test_all_that_was_taken_off_is_made_again(store: WorthStore) -> None:
    before = layout(store)
    assert {"worth_credited", "worth_counted_insert", "match_worth_update"} <= {name for _, name, *_ in before}
    store.replace(worths("pi_1", "pi_2"), "d")
    assert layout(store) == before
    assert miscounted(store.file) == ()
    store.update(worths("pi_3"), "d", gone=["pi_1"])
    assert (store.count(), store.credited(), miscounted(store.file)) == (2, 2, ())


def test_an_error_takes_nothing_off(store: WorthStore) -> None:
    store.replace(worths("pi_1"), "d")
    before = layout(store)

    def broken() -> Iterator[Worth]:
        yield from worths("pi_2")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.replace(broken(), "e")
    assert layout(store) == before
    assert (store.digest(), list(store.payments()), miscounted(store.file)) == ("d", ["pi_1"], ())
