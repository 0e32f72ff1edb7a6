"""The next command: the first thing that stands in the way; the checklist where nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest

from creditctl.checks.status.items import StatusItem, StatusState
from creditctl.checks.status.next_step import next_step

ALL = ("settings", "project", "mode", "deployment", "catalog", "account", "prices", "endpoint", "ledger", "reconcile")


def command(*others: str, **states: StatusState) -> str:
    named = dict.fromkeys((*ALL, *others), StatusState.KNOWN) | states
    return next_step([StatusItem(name, name, state, "test") for name, state in named.items()]).command


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({}, "creditctl checklist"),
        ({"project": StatusState.ABSENT}, "creditctl checklist"),
        ({"settings": StatusState.ABSENT, "mode": StatusState.UNKNOWN}, "creditctl init"),
        ({"project": StatusState.UNKNOWN, "settings": StatusState.ABSENT}, "creditctl status"),
        ({"mode": StatusState.UNKNOWN, "account": StatusState.UNKNOWN}, "creditctl env check"),
        ({"account": StatusState.UNKNOWN, "prices": StatusState.UNKNOWN}, "creditctl env check --online"),
        ({"catalog": StatusState.UNKNOWN}, "creditctl packages"),
        ({"prices": StatusState.UNSETTLED, "ledger": StatusState.ABSENT}, "creditctl setup --dry-run"),
        ({"endpoint": StatusState.ABSENT}, "creditctl setup --dry-run"),
        ({"ledger": StatusState.ABSENT, "reconcile": StatusState.UNKNOWN}, "creditctl ledger init"),
        ({"ledger": StatusState.UNSETTLED}, "creditctl ledger findings"),
        ({"reconcile": StatusState.UNSETTLED}, "creditctl reconcile"),
    ],
)
def test_the_first_thing_in_the_way(states: dict[str, StatusState], expected: str) -> None:
    assert command(**states) == expected


def test_an_application_with_entries_of_its_own_needs_neither_ledger_nor_prices_of_ours() -> None:
    missing = dict.fromkeys(("ledger", "prices", "endpoint", "reconcile"), StatusState.ABSENT)

    assert command("source", **missing) == "creditctl reconcile"
    assert command(**missing, source=StatusState.ABSENT) == "creditctl status"


def test_the_env_file_in_use_goes_along() -> None:
    item = StatusItem("settings", "Settings", StatusState.ABSENT, "")

    assert next_step([item], Path("a b.env")).command == "creditctl init --env-file 'a b.env'"
