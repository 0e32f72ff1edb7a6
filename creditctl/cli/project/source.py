"""Source of `creditctl init`: what `ledger import --guess` proposes for the application's database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.core.errors import CreditctlError

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.core.settings import Settings

_VARIABLE = "DATABASE_URL"
_GUESS = "`creditctl ledger import --guess`"


def guessed_source(session: Session, settings: Settings) -> tuple[str, list[str]]:
    """The text of `[source]` for a new project file, and what is to be said of it; no text where nobody can be sure."""
    from creditctl.cli.ledger.guess_source import guess_of, proposal_text

    if not (session.wiring.environ.get(_VARIABLE) or settings.text(_VARIABLE)):
        return "", []
    try:
        guess = guess_of(session, settings)
    except CreditctlError as error:
        return "", [f"No table of {_VARIABLE} was taken for the application's ledger: {error.message} Try {_GUESS}."]
    table = guess.section.table
    if not guess.whole:
        return "", [f"The table {table} may be the application's ledger; {_GUESS} shows what nothing says of it."]
    reasons = [f"Source: {each.key} is {each.value}, because {each.reason}." for each in guess.lines]
    return f"\n{proposal_text(guess)}\n", [f"Source: the table {table}, from {guess.looked_at:,} rows.", *reasons]
