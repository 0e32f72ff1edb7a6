"""Source of `creditctl init`: what `ledger import --guess` proposes for the application's database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from creditctl.core.errors import CreditctlError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditctl.cli.session import Session
    from creditctl.core.project_file.source import SourceSection
    from creditctl.core.settings import Settings
    from creditctl.provisioning.scaffold.booked import Bookings
    from creditctl.provisioning.scaffold.sales import RecentSession
    from creditctl.sources.guess.source_guess import SourceGuess
    from creditctl.sources.reading.raw_rows import RawRows

_VARIABLE = "DATABASE_URL"
_GUESS = "`creditctl ledger import --guess`"
_QUERY = (
    "where several tables have the rows, write [source] with a query, and `creditctl init --dry-run` goes on from it"
)


@dataclass(frozen=True, slots=True)
class SourceLook:
    """What the application's database showed.

    Shape: without `guess` nothing was found, and `trouble` says why; a source that is `kept` was written by a person.
    """

    guess: SourceGuess | None = None
    rows: RawRows | None = None
    trouble: str | None = None
    kept: bool = False

    @property
    def bookings(self) -> Bookings:
        """What was booked for each payment, in the application's credits; what is no whole number says nothing."""
        from creditctl.provisioning.scaffold.booked import BookedPayment

        if self.guess is None:
            return {}
        scale = 10 ** (self.guess.section.credit_decimals or 0)
        booked = self.guess.evidence.booked.items()
        return {key: BookedPayment(row.owner, row.credits // scale) for key, row in booked if row.credits % scale == 0}

    @property
    def unsure(self) -> bool:
        """Whether a database was looked at, and nobody can say yet which rows are the application's ledger, or how."""
        return not self.kept and (self.trouble is not None or (self.guess is not None and not self.guess.whole))

    def told(self) -> tuple[str, list[str]]:
        """The text of `[source]` for a new project file, and what is to be said of it; no text where nobody is sure."""
        from creditctl.cli.project.guessed_rows import proposal_text
        from creditctl.sources.guess.by_recipe import by_recipe

        guess = None if self.guess is None else by_recipe(self.guess)
        if guess is None:
            return "", [] if self.trouble is None else [self.trouble]
        if self.kept:
            return "", ["Source: as [source] says it; what it booked says what was sold."]
        table = self.guess.section.table if self.guess else None
        shown = "a query" if table is None else f"the table {table}"
        if not guess.whole:
            return "", [
                f"{shown[0].upper()}{shown[1:]} may be the application's ledger; {_GUESS} shows what nothing says."
            ]
        first = f"Source: {shown}, from {guess.looked_at:,} rows."
        reasons = [f"Source: {each.key} is {each.value}, because {each.reason}." for each in guess.lines]
        return f"\n{proposal_text(guess)}\n", [first, *reasons]


def look_at_source(session: Session, settings: Settings) -> SourceLook:
    """Looks for the application's own rows, where its database is known."""
    from creditctl.cli.project.guessed_rows import guessed_rows

    if settings.project.source is not None:
        return _look_by(session, settings, settings.project.source)
    if not (session.wiring.environ.get(_VARIABLE) or settings.text(_VARIABLE)):
        return SourceLook()
    try:
        return SourceLook(*guessed_rows(session, settings))
    except CreditctlError as error:
        text = (
            f"No table of {_VARIABLE} was taken for the application's ledger: {error.message} Try {_GUESS}; {_QUERY}."
        )
        return SourceLook(trouble=text)


def _look_by(session: Session, settings: Settings, section: SourceSection) -> SourceLook:
    """What the rows say by settings that a person wrote already; these stay as they are."""
    from creditctl.sources.guess.guess import witnessed
    from creditctl.sources.reading.opening import open_rows
    from creditctl.sources.recipes.applying import with_recipe

    folder = settings.project.folder or session.wiring.folder
    try:
        whole = with_recipe(section)
        rows = open_rows(whole, folder, lambda name: session.wiring.secret_variable(name, settings))
        return SourceLook(witnessed(rows, whole, folder), rows, kept=True)
    except CreditctlError as error:
        return SourceLook(trouble=f"[source] could not be read: {error.message}")


def as_stripe_says(look: SourceLook, sessions: Sequence[RecentSession], livemode: bool) -> SourceLook:
    """The look as the sessions that it booked bear it out: zone of its times, unit of its amounts, and its mode."""
    from creditctl.sources.guess.witness import WitnessedRow, as_witnessed

    if look.guess is None or look.kept:
        return look
    known = look.guess.evidence.booked
    found = ((known[name], each) for each in sessions for name in each.names if name in known)
    booked = [WitnessedRow(row, each.created, each.amount) for row, each in found]
    return replace(look, guess=as_witnessed(look.guess, booked, livemode))


def with_buyers(look: SourceLook, sessions: Sequence[RecentSession]) -> tuple[SourceLook, str | None]:
    """The look with how its users are written on Stripe, and where sessions carry them; None where nothing says it."""
    from creditctl.provisioning.scaffold.buyers import pairs_at, places_of
    from creditctl.sources.guess.guess import with_users
    from creditctl.sources.guess.other_tables import are_same

    if look.guess is None or look.rows is None or not look.guess.whole:
        return look, None
    by_place = {place: pairs_at(sessions, place, look.bookings) for place in places_of(sessions)}
    same = next((place for place, pairs in by_place.items() if are_same(pairs)), None)
    if same is not None:
        return look, same
    for place, pairs in by_place.items():
        guess = with_users(look.rows, look.guess, pairs)
        if guess is not None:
            return (look if look.kept else replace(look, guess=guess)), place
    return look, None
