"""Anchors, backups and the cron: what is there is judged, what cannot be seen is unknown, and why is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from creditctl.checks.checklist import CHECKLIST
from creditctl.ledger.noted_runs import ANCHOR_RUN, BACKUP_RUN, note_run
from creditctl.ledger.store import Ledger
from tests.checks.conftest import Production
from tests.support.ledger_calls import write

DAY = 86_400
ANCHORS = "anchors.jsonl"


def books(production: Production) -> Ledger:
    return Ledger.open(production.folder / "creditctl.db", account=None, livemode=None, clock=production.clock)


def rewritten(path: Path, **changes: object) -> None:
    """The last anchor says something else."""
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], json.dumps({**json.loads(lines[-1]), **changes})]) + "\n")


def later(production: Production, days: int) -> None:
    production.now += days * DAY


def backed_up(production: Production, *, ok: bool) -> None:
    with books(production) as ledger:
        write(ledger).add_run(BACKUP_RUN, production.now, production.now, ok, {"file": "copy.db"})


def mended(production: Production) -> None:
    for ok in (False, True):
        backed_up(production, ok=ok)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def reconciled(production: Production, **report: object) -> None:
    with books(production) as ledger:
        write(ledger).add_run("reconcile", production.now, production.now, False, report)


ANCHOR: list[tuple[str, Callable[[Production, Path], object], str, str]] = [
    ("in order", lambda _p, _f: None, "pass", "1 anchors in"),
    ("a week ago", lambda p, _f: later(p, 7), "pass", "fit the ledger"),
    ("older", lambda p, _f: later(p, 8), "warn", "fit the ledger"),
    ("elsewhere", lambda _p, f: f.unlink(), "unknown", "cannot be seen from here"),
    ("emptied", lambda _p, f: f.write_text("\n"), "fail", "holds no anchor yet"),
    ("another head", lambda _p, f: rewritten(f, head="0" * 64), "fail", "is not as it was anchored"),
    ("more entries", lambda _p, f: rewritten(f, count=99), "fail", "is not as it was anchored"),
    ("another ledger's", lambda _p, f: rewritten(f, account="acct_another"), "unknown", "acct_another"),
    ("torn", lambda _p, f: f.write_text(f.read_text() + '{"acc'), "pass", "1 anchors in"),
    ("nothing but torn", lambda _p, f: f.write_text('{"acc'), "unknown", "anchor"),
    ("no file of anchors", lambda _p, f: f.write_text("hello\n"), "unknown", "anchor"),
    ("a folder", lambda _p, f: a_folder(f), "unknown", "anchors"),
]
BACKUP: list[tuple[str, Callable[[Production], object], str, str]] = [
    ("in order", lambda _p: None, "pass", "its chain was proven"),
    ("a week ago", lambda p: later(p, 7), "pass", "its chain was proven"),
    ("older", lambda p: later(p, 8), "warn", "more than a week ago"),
    ("broken", lambda p: backed_up(p, ok=False), "fail", "its chain was broken"),
    ("broken, then one that is not", lambda p: mended(p), "pass", "was proven"),
]
CRON: list[tuple[str, Callable[[Production], object], str, str]] = [
    ("in order", lambda _p: None, "pass", "The last two"),
    ("yesterday", lambda p: later(p, 2), "warn", "more than a day ago"),
    ("never again", lambda p: later(p, 8), "fail", "no cron runs it"),
    ("could not read all", lambda p: reconciled(p, complete=False), "fail", "could not read everything"),
    ("broke off", lambda p: reconciled(p, error="stripe.unreachable"), "fail", "could not read everything"),
]


def answer(production: Production, item: str) -> tuple[str, str]:
    return production.ask([check for check in CHECKLIST if check.name == item])[item]


@pytest.mark.parametrize(("change", "status", "words"), [row[1:] for row in ANCHOR], ids=[row[0] for row in ANCHOR])
def test_anchors(production: Production, change: Callable[[Production, Path], object], status: str, words: str) -> None:
    production.keep_books()
    change(production, production.folder / ANCHORS)
    found = answer(production, "anchor")

    assert found[0] == status, found
    assert words in found[1]


@pytest.mark.parametrize(("change", "status", "words"), [row[1:] for row in BACKUP], ids=[row[0] for row in BACKUP])
def test_backups(production: Production, change: Callable[[Production], object], status: str, words: str) -> None:
    production.keep_books()
    change(production)
    found = answer(production, "backup")

    assert found[0] == status, found
    assert words in found[1]


@pytest.mark.parametrize(("change", "status", "words"), [row[1:] for row in CRON], ids=[row[0] for row in CRON])
def test_the_cron(production: Production, change: Callable[[Production], object], status: str, words: str) -> None:
    production.keep_books()
    change(production)
    found = answer(production, "reconcile_cron")

    assert found[0] == status, found
    assert words in found[1]


def test_a_ledger_without_backup_needs_a_person_or_a_command(production: Production) -> None:
    owner = production.account["id"]
    with Ledger.open(
        production.folder / "creditctl.db", account=owner, livemode=True, clock=production.clock
    ) as ledger:
        note_run(ledger, ANCHOR_RUN, production.now, {"file": str(production.folder / ANCHORS)})

    assert answer(production, "backup")[0] == "person"
    assert answer(production, "anchor")[0] == "unknown"
