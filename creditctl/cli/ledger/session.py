"""What ledger commands share: the reason that an entry by hand needs, its live guard, and whether a user is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.ledger.view import LedgerView

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stays in the ledger.", metavar="TEXT")]


def guard_posting(session: Session) -> None:
    """The live guard before a person's entries; opening the ledger settles the mode, by its key or by itself.

    Errors: GuardRefused.
    """
    _ = session.ledger
    session.guard_entries(session.wiring.mode)


def is_known(view: LedgerView, user: str) -> bool:
    """Whether any entry names the user."""
    from creditctl.ledger.models import EntryFilter

    return bool(view.entries(EntryFilter(user_id=user), limit=1))
