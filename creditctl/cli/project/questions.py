"""Questions of `creditctl init`: each with a default, none where nobody would answer; a key is typed unseen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from getpass import getpass
from typing import TYPE_CHECKING, TypeVar

from creditctl.core.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.core.live_guard import Ask
    from creditctl.provisioning.scaffold.credits import CreditsGuess
    from creditctl.provisioning.scaffold.proposal import PriceProposal


Answer = TypeVar("Answer")


def until_usable(session: Session, answer: Callable[[], Answer]) -> Answer:
    """The first answer of a person that can be used; what is wrong with another one is said, and it is asked again.

    Shape:  `answer` asks, and reads what was typed.
    Errors: where nobody can be asked, those of reading.
    """
    while True:
        try:
            return answer()
        except (ConfigurationError, UsageError) as error:
            if session.ask is None:
                raise
            session.say(f"{error.message} {error.fix}")


def asked(session: Session, question: str, default: str = "") -> str:
    """What a person answers, the default for nothing or where nobody can be asked."""
    if session.ask is None:
        return default
    shown = f" [{default}]" if default else ""
    return _typed(session.ask, f"{question}{shown}: ") or default


def _typed(ask: Ask, question: str) -> str:
    """What a person types. Errors: KeyboardInterrupt for Ctrl-D, which is no answer."""
    line = ask(question)
    if not line:
        raise KeyboardInterrupt
    return line.strip()


def asked_secret(session: Session, question: str) -> str | None:
    """What a person types without seeing it; None for nothing, or where nobody can be asked."""
    if session.ask is None:
        return None
    if session.wiring.stdin is not sys.stdin:
        return _typed(session.ask, f"{question}: ") or None
    try:
        return getpass(f"{question}: ", session.wiring.stderr).strip() or None
    except EOFError:
        raise KeyboardInterrupt from None


def asked_credits(session: Session, price: PriceProposal, label: str) -> CreditsGuess | None:
    """How many credits a price sold: the guess, shown with its reason, unless a person says otherwise."""
    from creditctl.provisioning.scaffold.credits import CreditsGuess

    guess = price.guess
    because = "" if guess is None else f" ({guess.reason})"
    question = f"How many credits does {label} sell?{because}"

    def answer() -> CreditsGuess | None:
        typed = asked(session, question, "" if guess is None else guess.words)
        if not typed or (guess is not None and typed == guess.words):
            return guess
        if typed.isascii() and typed.isdigit() and int(typed):
            return CreditsGuess("you said so", int(typed))
        raise ConfigurationError(
            f"{typed!r} is no number of credits.",
            code="init.credits",
            fix="Type a whole number, or nothing where you do not know it.",
        )

    return until_usable(session, answer)
