"""What ledger commands share: the reason that an entry by hand needs, its live guard, and whether a user is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from creditctl.core.errors import GuardRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.cli.session import Session
    from creditctl.ledger.view import LedgerView

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stays in the ledger.", metavar="TEXT")]


def confirm_posting(session: Session, lines: Sequence[str]) -> None:
    """Shows what a person's command will post, then asks: the live guard first, in which the ledger settles the mode.

    Shape:  `lines` name user, credits and amount.
    Errors: GuardRefused where the guard refuses, the person does, or nobody can be asked and `--yes` was not said.
    """
    _ = session.ledger
    session.guard_entries(session.wiring.mode)
    if not session.agreed_to_post(lines):
        raise GuardRefused("Nothing was posted.", code="guard.declined", fix="Run it again when you are ready.")


def is_known(view: LedgerView, user: str) -> bool:
    """Whether any entry names the user."""
    from creditctl.ledger.models import EntryFilter

    return bool(view.entries(EntryFilter(user_id=user), limit=1))
