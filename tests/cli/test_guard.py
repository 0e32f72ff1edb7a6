"""Entries of a person get into a live ledger only when mode and account were named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from creditctl.cli.guard import confirm_entries
from creditctl.core.errors import GuardRefused
from creditctl.core.modes import Mode
from creditctl.ledger.store import Ledger
from tests.support.ledgers import ledger, open_ledger, path

__all__ = ["ledger", "open_ledger", "path"]


@pytest.fixture
def live(open_ledger: Callable[..., Ledger]) -> Ledger:
    return open_ledger(livemode=True)


def answers(text: str) -> tuple[Callable[[str], str], list[str]]:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return text

    return ask, asked


def test_a_person_may_type_the_account(live: Ledger) -> None:
    ask, asked = answers("acct_1\n")

    confirm_entries(live, mode=Mode.LIVE, expected=Mode.LIVE, confirm=None, ask=ask)

    assert "acct_1" in asked[0]


@pytest.mark.parametrize("typed", ["", "y", "acct_11", "ACCT_1"])
def test_what_is_not_the_account_is_refused(live: Ledger, typed: str) -> None:
    ask, _ = answers(typed)

    with pytest.raises(GuardRefused, match=f"but {typed or 'nothing'} was confirmed"):
        confirm_entries(live, mode=Mode.LIVE, expected=Mode.LIVE, confirm=None, ask=ask)


def test_nobody_is_asked_before_the_mode_was_named(live: Ledger) -> None:
    ask, asked = answers("acct_1")

    for expected in (None, Mode.TEST, Mode.EMULATOR):
        with pytest.raises(GuardRefused, match="live ledger"):
            confirm_entries(live, mode=None, expected=expected, confirm="acct_1", ask=ask)
    assert asked == []


def test_a_live_key_on_the_emulator_names_the_emulator(live: Ledger) -> None:
    confirm_entries(live, mode=Mode.EMULATOR, expected=Mode.EMULATOR, confirm="acct_1")
    with pytest.raises(GuardRefused) as caught:
        confirm_entries(live, mode=Mode.EMULATOR, expected=None, confirm="acct_1")
    assert "--mode emulator" in caught.value.fix


def test_a_ledger_of_test_mode_needs_nothing_but_takes_no_wrong_word(ledger: Ledger) -> None:
    confirm_entries(ledger, mode=None, expected=None, confirm=None)
    confirm_entries(ledger, mode=Mode.TEST, expected=None, confirm="acct_1")
    with pytest.raises(GuardRefused, match="acct_2"):
        confirm_entries(ledger, mode=Mode.TEST, expected=None, confirm="acct_2")
