"""Reading a source into the archive: whole or what was updated, killed anywhere, changed and gone rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import (
    OtherRows,
    RowStatus,
    SourceBalance,
    SourceSection,
    SourceUsers,
)
from creditctl.ledger.archive.source_queries import KeptFilter, SourceRows
from creditctl.ledger.archive.store import Archive
from creditctl.sources.reading import sync
from creditctl.sources.reading.opening import open_rows
from creditctl.sources.reading.sync import SourceReport, SourceSync
from tests.support.clock import NOW

TABLE = """
CREATE TABLE log (
    id INTEGER PRIMARY KEY, created INTEGER, user_id TEXT, kind TEXT, credits REAL, amount INTEGER, payment_key TEXT,
    status TEXT DEFAULT 'done', updated TEXT DEFAULT '2026-09-01 10:00:00', email TEXT DEFAULT 'a@example.com'
);
CREATE TABLE users (id TEXT PRIMARY KEY, credits INTEGER, auth TEXT);
"""


@dataclass
class Application:
    """An application's database, its settings, and the archive that it is read into."""

    folder: Path
    archive: Archive
    now: int = NOW
    settings: dict[str, Any] = field(default_factory=lambda: {"table": "log"})
    url: str = "sqlite:///app.db"

    @property
    def rows(self) -> SourceRows:
        return SourceRows(self.archive)

    def execute(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self.folder / "app.db")) as connection:
            connection.execute(statement, values)
            connection.commit()

    def add(self, number: int, **changes: Any) -> None:
        row = {"id": number, "created": 1_780_000_000 + number, "user_id": f"u{number % 3}", "kind": "purchase"}
        row |= {"credits": 1000, "amount": 1000, "payment_key": f"pi_{number}"} | changes
        marks = ", ".join("?" * len(row))
        self.execute(f"INSERT INTO log ({', '.join(row)}) VALUES ({marks})", *row.values())

    def read(self, *, full: bool = False) -> SourceReport:
        self.now += 60
        section = SourceSection(**self.settings)
        found = open_rows(section, self.folder, {"DATABASE_URL": self.url}.get)
        return SourceSync(found, section, self.archive, self.folder, lambda: self.now, full=full).run()

    def kept(self) -> list[str]:
        return [each.row.row_id for each in self.rows.rows(KeptFilter(void=True))]


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    with Archive.open(tmp_path / "a-archive.db", account="acct_1", livemode=False) as archive:
        with closing(sqlite3.connect(tmp_path / "app.db")) as connection:
            connection.executescript(TABLE)
        made = Application(tmp_path, archive)
        for number in (1, 2, 3):
            made.add(number)
        yield made


def test_rows_are_kept_and_nothing_else_of_them(application: Application, tmp_path: Path) -> None:
    report = application.read()

    assert (report.rows, report.whole, report.notes) == (3, True, [])
    assert application.kept() == ["1", "2", "3"]
    assert b"example.com" not in b"".join(path.read_bytes() for path in tmp_path.glob("a-archive.db*"))


def test_a_second_reading_changes_nothing(application: Application) -> None:
    application.read()

    assert application.read().changed == 0
    assert application.rows.changes() == []
    assert application.rows.balance("u1") == (1000, 1)


def test_what_a_booked_row_said_before_is_told(application: Application) -> None:
    application.read()
    application.execute("UPDATE log SET credits = 5000 WHERE id = 1")
    application.execute("DELETE FROM log WHERE id = 2")
    application.execute("UPDATE log SET payment_key = NULL, email = 'other' WHERE id = 3")

    report = application.read()
    changes = {change.before.row_id: change for change in application.rows.changes()}

    assert report.changed == 3
    assert changes["1"].before.credits == 1000
    assert changes["1"].after is not None
    assert changes["1"].after.credits == 5000
    assert changes["2"].after is None
    assert application.kept() == ["1", "3"]


def test_a_change_that_was_taken_back_is_over(application: Application) -> None:
    application.read()
    application.execute("UPDATE log SET credits = 5000 WHERE id = 1")
    application.read()
    application.execute("UPDATE log SET credits = 1000 WHERE id = 1")
    application.read()

    assert application.rows.changes() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET status = 'done' WHERE id = 9",
        "DELETE FROM log WHERE id = 9",
        "UPDATE log SET status = 'void' WHERE id = 9",
        "UPDATE log SET credits = 7 WHERE id = 9",
        "UPDATE log SET user_id = NULL WHERE id = 1",
        "UPDATE log SET updated = '2030-01-01 00:00:00'",
    ],
)
def test_what_is_none_of_a_change(application: Application, statement: str) -> None:
    application.add(9, status="pending", amount=None)
    application.settings["columns"] = {"status": ("status",)}
    application.read()
    application.execute(statement)
    application.read()

    assert application.rows.changes() == []


def test_an_amount_that_is_filled_in_later_is_no_change(application: Application) -> None:
    application.add(9, amount=None)
    application.read()
    application.execute("UPDATE log SET amount = 1000 WHERE id = 9")
    application.read()

    assert application.rows.changes() == []


def test_a_row_that_fits_no_more_is_gone(application: Application) -> None:
    application.settings["where"] = "status != 'deleted'"
    application.read()
    application.execute("UPDATE log SET status = 'deleted' WHERE id = 2")
    application.read()

    assert [change.before.row_id for change in application.rows.changes()] == ["2"]


def test_only_what_was_updated_is_read_and_that_is_said(application: Application) -> None:
    application.settings["updated"] = "updated"
    application.read()
    application.execute("DELETE FROM log WHERE id = 1")
    application.execute("UPDATE log SET updated = '2026-09-01 08:00:00' WHERE id = 2")
    application.add(4, updated="2026-09-02 10:00:00")

    report = application.read()

    assert (report.whole, report.rows) == (False, 2)
    assert "--full" in report.notes[0]
    assert application.kept() == ["1", "2", "3", "4"]
    assert application.read(full=True).whole
    assert application.kept() == ["2", "3", "4"]


def test_everything_is_read_again_after_a_week(application: Application) -> None:
    application.settings["updated"] = "updated"
    application.read()
    application.execute("DELETE FROM log WHERE id = 1")
    assert not application.read().whole
    application.now += sync.WHOLE_AFTER_SECONDS

    assert application.read().whole
    assert application.kept() == ["2", "3"]


def test_other_settings_read_everything_anew_and_accuse_nobody(application: Application) -> None:
    application.settings["updated"] = "updated"
    application.read()
    application.settings["kind"] = {"purchase": "adjustment"}

    report = application.read()

    assert (report.whole, report.rows) == (True, 3)
    assert "changed since the last reading" in report.notes[0]
    assert application.rows.changes() == []


def test_rows_that_no_kind_fits_stop_the_run_by_name(application: Application) -> None:
    application.add(4, kind="gift")
    for number in range(5, 12):
        application.add(number, kind="bonus")
    with pytest.raises(ConfigurationError, match=r"8 rows .*'bonus'.* \(row 5, .* and 2 more\); .*'gift'.*row 4"):
        application.read()

    application.settings["other"] = OtherRows.IGNORE
    assert (application.read().outside, application.kept()) == (8, ["1", "2", "3"])


def test_rows_with_one_id_are_refused(application: Application) -> None:
    application.settings = {"query": "SELECT * FROM log UNION ALL SELECT * FROM log"}
    with pytest.raises(ConfigurationError, match="Two rows of the source have the id '1'"):
        application.read()


def test_a_killed_reading_is_simply_begun_again(application: Application) -> None:
    application.read()
    for number in range(4, 5000 + sync.PAGE_ROWS, 1000):
        application.add(number)
    application.execute("DELETE FROM log WHERE id = 2")
    section = SourceSection(**application.settings)
    found = open_rows(section, application.folder, {"DATABASE_URL": "sqlite:///app.db"}.get)

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SourceSync(found, section, application.archive, application.folder, lambda: 1, progress=killed).run()

    assert "2" in application.kept()
    application.read()
    assert "2" not in application.kept()
    assert [change.before.row_id for change in application.rows.changes()] == ["2"]


def test_users_come_from_a_query_and_balances_from_another_table(application: Application) -> None:
    application.execute("INSERT INTO users VALUES ('u1', 1000, 'auth0|1'), ('u2', 5, 'auth0|2'), ('u0', 1000, NULL)")
    application.settings["users"] = SourceUsers(query="SELECT id, auth FROM users")
    application.settings["balance"] = SourceBalance("users", "id", "credits")
    application.read()

    assert application.rows.balance("auth0|1") == (1000, 1)
    assert [(each.user_id, each.cached, each.counted) for each in application.rows.wrong_balances()] == [
        ("auth0|2", 5, 1000)
    ]


def test_a_user_who_was_deleted_keeps_the_name_of_earlier_readings(application: Application) -> None:
    """Else what an honest buyer bought would be another user's from then on, new rows of theirs and a full run too."""
    application.execute("INSERT INTO users VALUES ('u1', 0, 'auth0|1'), ('u2', 0, 'auth0|2'), ('u0', 0, 'auth0|0')")
    application.settings["users"] = SourceUsers(query="SELECT id, auth FROM users")
    application.read()
    application.execute("UPDATE users SET auth = 'auth0|new' WHERE id = 'u2'")
    application.execute("DELETE FROM users WHERE id = 'u1'")
    application.add(4)

    reports = [application.read(full=full) for full in (False, True)]

    assert [each.changed for each in reports] == [0, 0]
    assert [application.rows.balance(user)[0] for user in ("auth0|1", "u1", "auth0|new")] == [2000, 0, 1000]

    note = "[source.users] no longer has 1 user of rows that were read before: each keeps the name that it had"
    assert [each.notes for each in reports] == [[note], [note]]

    application.execute("INSERT INTO users VALUES ('u1', 0, 'auth0|again')")
    application.read()
    assert application.rows.balance("auth0|again")[0] == 2000


def named_by_file(application: Application, *lines: str) -> SourceReport:
    (application.folder / "names.csv").write_text("\n".join(("id,auth", *lines)))
    application.settings["users"] = SourceUsers(file="names.csv")
    return application.read()


def moved(application: Application, *rows: int, created: int = 0) -> None:
    """The application's settings name another database, in which these rows are later by so many seconds."""
    (application.folder / "app.db").rename(application.folder / "old.db")
    with closing(sqlite3.connect(application.folder / "app.db")) as connection:
        connection.executescript(TABLE)
    for number in rows:
        application.add(number, created=1_780_000_000 + number + created)
    (application.folder / "app.db").rename(application.folder / "new.db")
    application.url = "sqlite:///new.db"


@pytest.mark.parametrize(("later", "user"), [(0, "auth0|1"), (86_400, "u1")])
def test_another_database_inherits_names_only_with_the_rows_that_had_them(
    application: Application, later: int, user: str
) -> None:
    """Its user u1 may be somebody else, whom nobody has ever called auth0|1."""
    named_by_file(application, "u0,auth0|0", "u1,auth0|1", "u2,auth0|2")
    moved(application, 1, 2, 3, 4, created=later)

    for _ in range(2):
        named_by_file(application, "u0,auth0|0", "u2,auth0|2")
        assert {each.row.user_id for each in application.rows.rows(KeptFilter())} == {"auth0|0", user, "auth0|2"}


def test_a_wrong_line_that_was_taken_out_is_answered_by_the_user_as_they_are(application: Application) -> None:
    """Nothing tells it from a user who was deleted: the line is corrected, and not left out."""
    named_by_file(application, "u1,auth0|2", "u2,auth0|2", "u0,auth0|0")
    named_by_file(application, "u2,auth0|2", "u0,auth0|0")
    assert application.rows.balance("auth0|2")[0] == 2000

    named_by_file(application, "u1,u1", "u2,auth0|2", "u0,auth0|0")
    named_by_file(application, "u2,auth0|2", "u0,auth0|0")
    assert application.rows.balance("u1")[0] == 1000


def test_names_by_a_prefix_are_no_names_that_a_file_gave(application: Application) -> None:
    application.settings["users"] = SourceUsers(prefix="eu:")
    application.read()

    named_by_file(application, "u2,auth0|2", "u0,auth0|0")

    assert application.rows.balance("u1")[0] == 1000


def test_the_few_with_the_opposite_sign_mean_it(application: Application) -> None:
    for number, credits in enumerate((-5, -5, -5, 5), 10):
        application.add(number, kind="usage", user_id="w", credits=credits, payment_key=None)
    application.read()
    assert application.rows.balance("w") == (-10, 4)

    application.execute("UPDATE log SET credits = 5 WHERE user_id = 'w'")
    application.read()
    assert application.rows.balance("w") == (-20, 4)


def test_void_rows_count_nothing(application: Application) -> None:
    application.settings["columns"] = {"status": ("status",)}
    application.settings["status"] = {"failed": RowStatus.VOID}
    application.execute("UPDATE log SET status = 'failed' WHERE id = 1")
    application.read()

    assert application.rows.balance("u1") == (0, 0)
    assert [each.row.status for each in application.rows.named(["pi_1"])] == ["void"]


def test_a_file_is_read_by_its_lines(application: Application) -> None:
    line = {"created": 1, "user_id": "u", "kind": "purchase", "credits": 5, "payment_key": "pi_1"}
    (application.folder / "rows.jsonl").write_text(json.dumps(line) + "\n")
    application.settings = {"file": "rows.jsonl"}

    report = application.read()

    assert application.kept() == ["line 1"]
    assert "no id" in report.notes[0]
