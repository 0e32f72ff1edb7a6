"""`creditctl ledger anchor`, `ledger verify --anchor`: what was noted elsewhere is not rewritten or cut unseen."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from creditctl.ledger.hashchain.chain import COLUMNS, GENESIS, entry_hash
from creditctl.ledger.store import Ledger
from creditctl.ledger.verification.anchors import Anchor, append_anchor
from tests.support.cli import Cli
from tests.support.ledger_calls import adjusted

ANCHORS = "anchors.jsonl"


def lines(cli: Cli) -> list[dict[str, object]]:
    return [json.loads(line) for line in (cli.folder / ANCHORS).read_text().splitlines() if line.endswith("}")]


def post(cli: Cli, key: str) -> None:
    with closing(
        Ledger.open(cli.folder / "book.db", account=None, livemode=None, clock=lambda: 1, create=False)
    ) as ledger:
        adjusted(ledger, user_id="ann", credits=5, reason="r", key=key)


def rewritten(path: Path, change: str) -> None:
    """A ledger whose entries were changed and whose chain was made anew, which only something noted elsewhere tells."""
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(change)
        previous = GENESIS
        for row in connection.execute(f"SELECT {', '.join(COLUMNS)} FROM credit_transactions ORDER BY id").fetchall():
            previous = entry_hash(previous, row[:-1])
            connection.execute("UPDATE credit_transactions SET hash = ? WHERE id = ?", (previous, row[0]))
        for _, text in triggers:
            connection.execute(text)
        connection.commit()


def test_an_anchor_is_one_private_line_and_the_next_one_more(book: Cli) -> None:
    before = os.umask(0)
    first = book("ledger", "anchor", ANCHORS, "--json")
    os.umask(before)
    post(book, "k1")
    second = book("ledger", "anchor", ANCHORS)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert [(line["count"], line["account"], line["livemode"]) for line in lines(book)] == [
        (3, first.report["account"], False),
        (4, first.report["account"], False),
    ]
    assert lines(book)[0]["head"] == first.report["head"]
    assert lines(book)[0]["time"] == book.clock.now
    assert stat.S_IMODE((book.folder / ANCHORS).stat().st_mode) == 0o600
    proven = book("ledger", "verify", "--anchor", ANCHORS)
    assert proven.exit_code == 0
    assert "holds all 2 anchors" in proven.stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE credit_transactions SET credits = credits + 1 WHERE id = 2", "history was rewritten"),
        ("UPDATE credit_transactions SET note = 'x' WHERE id = 1", "history was rewritten"),
        ("DELETE FROM credit_transactions WHERE id = 3", "the end was cut"),
        ("DELETE FROM credit_transactions", "the end was cut"),
    ],
)
def test_what_only_an_anchor_can_tell(book: Cli, change: str, words: str) -> None:
    book("ledger", "anchor", ANCHORS)
    rewritten(book.folder / "book.db", change)
    told = book("ledger", "verify", "--anchor", ANCHORS, "--json")

    assert book("ledger", "verify").exit_code == 0
    assert told.exit_code == 6
    assert [finding["code"] for finding in told.document["findings"]] == ["ledger.anchor"]
    assert words in told.document["findings"][0]["message"]

    again = book("ledger", "anchor", ANCHORS)
    assert again.exit_code == 6
    assert "Nothing was added" in again.stdout
    assert len(lines(book)) == 1


def test_each_of_several_anchors_is_compared(book: Cli) -> None:
    book("ledger", "anchor", ANCHORS)
    rewritten(book.folder / "book.db", "UPDATE credit_transactions SET credits = credits + 1 WHERE id = 3")
    second = Anchor(book("ledger", "verify", "--json").report["account"], False, 3, "", 5)
    head = book("ledger", "verify", "--json").report["head"]
    append_anchor(book.folder / ANCHORS, Anchor(second.account, False, 3, head, 5))

    told = book("ledger", "verify", "--anchor", ANCHORS, "--json")
    assert [finding["code"] for finding in told.document["findings"]] == ["ledger.anchor"]


def test_a_torn_last_line_proves_nothing_and_takes_nothing_from_the_others(book: Cli) -> None:
    book("ledger", "anchor", ANCHORS)
    whole = (book.folder / ANCHORS).read_bytes()
    (book.folder / ANCHORS).write_bytes(whole + whole[:40])
    torn = book("ledger", "verify", "--anchor", ANCHORS, "--json")
    assert torn.exit_code == 0
    assert [(f["code"], f["severity"]) for f in torn.document["findings"]] == [("ledger.anchor_torn", "low")]

    assert book("ledger", "anchor", ANCHORS).exit_code == 0
    assert [line["count"] for line in lines(book)] == [3, 3]
    rewritten(book.folder / "book.db", "DELETE FROM credit_transactions WHERE id = 3")
    assert book("ledger", "verify", "--anchor", ANCHORS).exit_code == 6


def test_a_line_without_its_end_that_is_whole_counts(book: Cli) -> None:
    book("ledger", "anchor", ANCHORS)
    (book.folder / ANCHORS).write_bytes((book.folder / ANCHORS).read_bytes().rstrip())
    assert book("ledger", "anchor", ANCHORS).exit_code == 0
    assert len(lines(book)) == 2


def test_an_anchor_of_an_empty_ledger_holds_for_ever(book: Cli) -> None:
    append_anchor(book.folder / ANCHORS, Anchor(account_of(book), False, 0, GENESIS, 1))
    assert book("ledger", "verify", "--anchor", ANCHORS).exit_code == 0


def account_of(cli: Cli) -> str:
    return str(cli("ledger", "verify", "--json").report["account"])


@pytest.mark.parametrize(("account", "livemode"), [("acct_other", False), (None, True)])
def test_an_anchor_of_another_ledger_is_refused(book: Cli, account: str | None, livemode: bool) -> None:
    append_anchor(book.folder / ANCHORS, Anchor(account or account_of(book), livemode, 0, GENESIS, 1))
    for command in (("verify", "--anchor", ANCHORS), ("anchor", ANCHORS)):
        refused = book("ledger", *command, "--json")
        assert refused.exit_code == 3
        assert refused.document["error"]["code"] == "anchor.other_ledger"
    assert len(lines(book)) == 1


@pytest.mark.parametrize(
    "content", [b"something else\n", b'{"count": 3}\n', b"[1]\n", b'{"account":1}\n', b"\xff\xfe\n", b"3\n"]
)
def test_a_file_of_something_else_is_refused_and_left_alone(book: Cli, content: bytes) -> None:
    (book.folder / ANCHORS).write_bytes(content)
    for command in (("verify", "--anchor", ANCHORS), ("anchor", ANCHORS)):
        refused = book("ledger", *command, "--json")
        assert refused.exit_code == 3
        assert refused.document["error"]["code"] == "anchor.unreadable"
    assert (book.folder / ANCHORS).read_bytes() == content


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file_of_anchors_proves_nothing(book: Cli, content: str) -> None:
    """Whoever rewrites history could as well have emptied it."""
    (book.folder / ANCHORS).write_text(content)
    refused = book("ledger", "verify", "--anchor", ANCHORS, "--json")
    assert (refused.exit_code, refused.document["error"]["code"]) == (3, "anchor.unreadable")
    assert book("ledger", "anchor", ANCHORS).exit_code == 0


@pytest.mark.parametrize("field", ["count", "time"])
@pytest.mark.parametrize("value", [-1, 10**30])
def test_an_anchor_out_of_every_range_is_none(book: Cli, field: str, value: int) -> None:
    book("ledger", "anchor", ANCHORS)
    line = json.loads((book.folder / ANCHORS).read_text())
    (book.folder / ANCHORS).write_text(json.dumps({**line, field: value}))
    refused = book("ledger", "verify", "--anchor", ANCHORS, "--json")
    assert (refused.exit_code, refused.document["error"]["code"]) == (3, "anchor.unreadable")


@pytest.mark.parametrize("name", ["book.db", "nowhere.jsonl"])
def test_what_is_no_file_of_anchors_proves_nothing(book: Cli, name: str) -> None:
    refused = book("ledger", "verify", "--anchor", name, "--json")
    assert (refused.exit_code, refused.document["error"]["code"]) == (3, "anchor.unreadable")


def test_the_ledger_is_no_place_for_anchors(book: Cli) -> None:
    (book.folder / "link").symlink_to("book.db")
    for name in ("book.db", "link"):
        assert book("ledger", "anchor", name).exit_code == 3
    assert book("ledger", "verify").exit_code == 0


def test_a_ledger_with_faults_is_not_anchored(book: Cli) -> None:
    with closing(sqlite3.connect(book.folder / "book.db")) as connection:
        connection.execute("DROP TRIGGER facts_no_delete")
    assert book("ledger", "anchor", ANCHORS).exit_code == 6
    assert not (book.folder / ANCHORS).exists()


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.parent.joinpath("x").touch()])
def test_where_no_file_can_be_is_a_refusal(book: Cli, make: Callable[[Path], None]) -> None:
    make(book.folder / ANCHORS)
    name = ANCHORS if (book.folder / ANCHORS).exists() else "nowhere/anchors.jsonl"
    assert book("ledger", "anchor", name).exit_code == 3
