"""Live guard: what has to be said before anything is written with a live key or into a live ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from creditctl.core.errors import GuardRefused
from creditctl.core.modes import Mode

Ask = Callable[[str], str]
"""Asks a person a question and returns the line that was typed."""


class GuardWords(NamedTuple):
    """The sentences of one kind of guarded thing, with `{account}` and `{mode}` to fill in."""

    refused: str
    say_mode: str
    unconfirmed: str
    add_confirm: str
    question: str
    other_account: str


STRIPE_WORDS = GuardWords(
    refused="This would write to a live Stripe account.",
    say_mode="Say that you mean it with --mode {mode} (and --confirm acct_…).",
    unconfirmed="Writing to the live account {account} has to be confirmed.",
    add_confirm="Add --confirm {account}; --yes alone is not enough for a live key.",
    question="This changes the live account {account}. Type its id to go on: ",
    other_account="The key belongs to account {account}, but {typed} was confirmed.",
)
LEDGER_WORDS = GuardWords(
    refused="This would post to a live ledger.",
    say_mode="Say that you mean it with --mode {mode} (and --confirm {account}).",
    unconfirmed="Posting to the live ledger of {account} has to be confirmed.",
    add_confirm="Add --confirm {account}; --yes alone is not enough for a live ledger.",
    question="This posts to the live ledger of {account}. Type the account's id to go on: ",
    other_account="The ledger belongs to account {account}, but {typed} was confirmed.",
)

DELIVERY_WORDS = GuardWords(
    refused="This would deliver events to a live backend.",
    say_mode="Say that you mean it with --mode {mode} (and --confirm acct_…).",
    unconfirmed="Deliveries to the live backend of {account} have to be confirmed.",
    add_confirm="Add --confirm {account}; --yes alone is not enough for a live key.",
    question="This delivers events to the live backend of {account}. Type the account's id to go on: ",
    other_account="The key belongs to account {account}, but {typed} was confirmed.",
)


@dataclass(frozen=True, slots=True)
class GuardedWrite:
    """Something that is about to be written.

    Shape: `wanted` is the mode that --mode has to say; `account` is asked for only when it is needed, for Stripe may
           have to be asked; `live` is False in test mode and on the emulator.
    """

    words: GuardWords
    live: bool
    account: Callable[[], str]
    wanted: Mode = Mode.LIVE


def confirm_live(write: GuardedWrite, *, expected: Mode | None, confirm: str | None, ask: Ask | None) -> None:
    """Lets a live write pass once the operator named both the mode and the account.

    Shape:  `expected` is --mode, `confirm` is --confirm; `ask` prompts on a terminal, None where nobody can answer.
    Errors: GuardRefused naming the option that is missing or does not fit; nothing to do where it is not live.
    """
    if not write.live:
        return
    if expected is not write.wanted:
        raise GuardRefused(write.words.refused, code="guard.live_mode", fix=_filled(write, write.words.say_mode))
    require_account(write, confirm if confirm is not None else _asked(write, ask))


def require_account(write: GuardedWrite, typed: str) -> None:
    """Refuses any account but the one that is written to. Errors: GuardRefused."""
    if typed != write.account():
        raise GuardRefused(
            _filled(write, write.words.other_account).replace("{typed}", typed or "nothing"),
            code="guard.confirm",
            fix="Check which account you mean; nothing was written.",
        )


def _asked(write: GuardedWrite, ask: Ask | None) -> str:
    if ask is None:
        raise GuardRefused(
            _filled(write, write.words.unconfirmed),
            code="guard.confirm",
            fix=_filled(write, write.words.add_confirm),
        )
    return ask(_filled(write, write.words.question)).strip()


def _filled(write: GuardedWrite, sentence: str) -> str:
    filled = sentence.replace("{mode}", str(write.wanted))
    return filled.replace("{account}", write.account()) if "{account}" in filled else filled
