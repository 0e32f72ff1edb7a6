"""Questions of `creditctl init`: each with a default, none where nobody would answer; a key is typed unseen."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.provisioning.scaffold.credits import CreditsGuess
    from creditctl.provisioning.scaffold.proposal import PriceProposal


def asked(session: Session, question: str, default: str = "") -> str:
    """What a person answers, the default for nothing or where nobody can be asked."""
    if session.ask is None:
        return default
    shown = f" [{default}]" if default else ""
    return session.ask(f"{question}{shown}: ").strip() or default


def asked_secret(session: Session, question: str) -> str | None:
    """What a person types without seeing it; None for nothing, or where nobody can be asked."""
    if session.ask is None:
        return None
    if session.wiring.stdin is sys.stdin:
        return getpass(f"{question}: ", session.wiring.stderr).strip() or None
    return session.ask(f"{question}: ").strip() or None


def asked_credits(session: Session, price: PriceProposal, label: str) -> CreditsGuess | None:
    """How many credits a price sold: the guess, shown with its reason, unless a person says otherwise.

    Errors: ConfigurationError for an answer that is no number.
    """
    from creditctl.provisioning.scaffold.credits import CreditsGuess

    guess = price.guess
    because = "" if guess is None else f" ({guess.reason})"
    answer = asked(session, f"How many credits does {label} sell?{because}", "" if guess is None else guess.words)
    if not answer or (guess is not None and answer == guess.words):
        return guess
    if answer.isascii() and answer.isdigit() and int(answer):
        return CreditsGuess("you said so", int(answer))
    raise ConfigurationError(
        f"{answer!r} is no number of credits.", code="init.credits", fix="Run it again and type a whole number."
    )
