"""Rows of worth lie in the order of their sessions, and wherever one lies, its payment is found all the same."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from creditctl.ledger.matching.place import PER_SECOND
from creditctl.ledger.matching.probes import ABOUT_ENTRIES, Probes, statements
from creditctl.ledger.matching.worth import Worth
from creditctl.ledger.matching.worth_store import WorthStore
from tests.bench.match_books import Books


def opened(payment: str, second: int) -> Worth:
    return Worth(payment, None, 0, "u1", 1000, 1000, 1000, "usd", None, second, second, 0, 0, 0, None)


def places(store: WorthStore) -> dict[str, int]:
    with store.file.read_session() as connection:
        return dict(connection.execute("SELECT payment, place FROM worth").fetchall())


def test_rows_lie_in_the_second_of_their_session_as_long_as_it_has_room(store: WorthStore) -> None:
    store.replace((opened(f"pi_{n}", 7) for n in range(PER_SECOND + 2)), "d")
    store.update([opened("pi_next", 8), opened("pi_none", 0), opened("pi_absurd", 1 << 62)], "d")
    found = places(store)
    assert found["pi_next"] == 8 * PER_SECOND
    assert sorted(found.values()) == [*range(-4, 0), *range(7 * PER_SECOND, 8 * PER_SECOND + 1)]


def test_a_row_moves_with_its_session(store: WorthStore) -> None:
    store.replace([opened("pi_1", 0), opened("pi_2", 9)], "d")
    store.update([opened("pi_1", 9)], "d")
    assert places(store) == {"pi_2": 9 * PER_SECOND, "pi_1": 9 * PER_SECOND + 1}
    assert store.count() == 2


def test_what_webhooks_wrote_is_found_by_place_alone(tmp_path: Path) -> None:
    """The statement and the rows reckon with the same room: without the second way hardly a purchase is suspect."""
    books = Books(tmp_path, 200, 2)
    books.write()
    by_name = "WHERE w.payment = e.payment_key"
    statement = statements()[ABOUT_ENTRIES]
    assert by_name in statement
    assert len(_numbers(books, statement.replace(by_name, f"{by_name} AND 1 = 0"))) < 40


def test_rows_that_lie_elsewhere_are_found_by_name(tmp_path: Path) -> None:
    """As what an older program adds to the file: it knows of no places."""
    books = Books(tmp_path, 200, 2)
    books.write()
    before = _numbers(books, statements()[ABOUT_ENTRIES])
    connection = sqlite3.connect(books.archive)
    with connection:
        connection.execute("UPDATE worth SET place = place - 8000000000000")
    connection.close()
    after = _numbers(books, statements()[ABOUT_ENTRIES])
    assert before <= after
    assert _payments(books, after) == _payments(books, before)


def _numbers(books: Books, statement: str) -> set[int]:
    probes = Probes(books.archive, books.ledger, False, 900)
    with probes.connected() as connection:
        return {row[0] for row in connection.execute(statement, probes.parameters)}


def _payments(books: Books, numbers: set[int]) -> set[str]:
    with Probes(books.archive, books.ledger, False, 900).connected() as connection:
        rows = connection.execute("SELECT number, payment_key FROM entry").fetchall()
    return {payment for number, payment in rows if number in numbers}
