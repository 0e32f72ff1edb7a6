"""A payment is marked just as long as its user has another within minutes, in whatever order both become known."""

from __future__ import annotations

import random

from creditctl.core.entitlement.sale import CLOSE_SECONDS
from creditctl.ledger.matching.worth import Worth
from creditctl.ledger.matching.worth_store import WorthStore


def bought(payment: str, user: str | None, at: int | None) -> Worth:
    return Worth(payment, None, 0, user, 1000, 1000, 1000, "usd", None, 1, 1, 0, 0, 0, at)


def marked(store: WorthStore) -> set[str]:
    with store.file.read_session() as connection:
        return {row[0] for row in connection.execute("SELECT payment FROM worth WHERE twice = 1")}


def close(rows: dict[str, Worth]) -> set[str]:
    """What is close, compared each with each."""
    placed = [row for row in rows.values() if row.user_id is not None and row.bought is not None]
    return {
        one.payment
        for one in placed
        for other in placed
        if one is not other
        and one.user_id == other.user_id
        and abs((one.bought or 0) - (other.bought or 0)) < CLOSE_SECONDS
    }


def test_the_limit_itself_is_not_close(store: WorthStore) -> None:
    store.replace([bought("pi_1", "u", 0), bought("pi_2", "u", CLOSE_SECONDS), bought("pi_3", "v", 0)], "d")
    assert marked(store) == set()
    store.update([bought("pi_2", "u", CLOSE_SECONDS - 1)], "d")
    assert marked(store) == {"pi_1", "pi_2"}
    store.update([bought("pi_2", "u", None)], "d")
    assert marked(store) == set()


def test_marks_are_what_comparing_each_with_each_says(store: WorthStore) -> None:
    luck = random.Random(7)
    kept: dict[str, Worth] = {}

    def some(names: list[str]) -> list[Worth]:
        users, times = (None, "u1", "u2"), (None, *range(0, 4000, 250))
        return [bought(name, luck.choice(users), luck.choice(times)) for name in names]

    names = [f"pi_{n}" for n in range(12)]
    for step in range(150):
        chosen = luck.sample(names, 5)
        rows, gone = some(chosen[:3]), chosen[3:]
        if step % 50 == 0:
            kept = {row.payment: row for row in rows}
            store.replace(rows, "d")
        else:
            kept = {name: row for name, row in kept.items() if name not in gone} | {row.payment: row for row in rows}
            store.update(rows, "d", gone=gone)
        assert marked(store) == close(kept), step


def test_rows_of_an_earlier_layout_are_judged_anew(store: WorthStore) -> None:
    for column in ("twice", "place"):
        store.replace([bought("pi_1", "u", 0)], "d")
        with store.file.write_session() as connection:
            if column == "twice":
                connection.execute("DROP INDEX worth_twice")
                connection.execute("ALTER TABLE worth DROP COLUMN twice")
            else:
                connection.execute(f"ALTER TABLE worth RENAME COLUMN {column} TO other")
        store.prepare()
        assert (store.digest(), list(store.payments())) == (None, []), column
        store.prepare()
