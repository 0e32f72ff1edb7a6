"""Source of a command: the application's own rows, read into the archive, as the keeper of the entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.core.project_file.source import SourceSection
    from creditctl.core.settings import Settings
    from creditctl.ledger.archive.store import Archive
    from creditctl.payments.source.source_keeper import SourceKeeper
    from creditctl.sources.reading.sync import SourceReport


@dataclass(frozen=True, slots=True)
class ReadSource:
    """A source after it was read: who keeps the entries, and what came of the reading."""

    keeper: SourceKeeper
    report: SourceReport


def source_section(settings: Settings) -> SourceSection | None:
    """`[source]` with what its recipe fills in; None where entries stand in our ledger."""
    section = settings.project.source
    if section is None:
        return None
    from creditctl.sources.recipes.applying import with_recipe

    return with_recipe(section)


def read_source(session: Session, archive: Archive, settings: Settings, *, full: bool = False) -> ReadSource | None:
    """Reads the application's rows into the archive; None where entries stand in our ledger.

    Errors: those of SourceSync.
    """
    section = source_section(settings)
    if section is None:
        return None
    from creditctl.cli.progress import progress
    from creditctl.sources.reading.opening import open_rows
    from creditctl.sources.reading.sync import SourceSync

    folder = settings.project.folder or session.wiring.folder
    rows = open_rows(section, folder, lambda name: session.wiring.environ.get(name) or settings.text(name))
    with progress(session, "rows of the application") as told:
        report = SourceSync(rows, section, archive, folder, session.wiring.clock, full=full, progress=told).run()
    return ReadSource(_keeper(section, archive, report.started), report)


def _keeper(section: SourceSection, archive: Archive, read_at: int) -> SourceKeeper:
    from creditctl.core.project_file.source import AmountUnit
    from creditctl.ledger.archive.source_queries import SourceRows
    from creditctl.payments.source.fitting import FittingTerms
    from creditctl.payments.source.source_keeper import SourceKeeper
    from creditctl.sources.mapping.users import sameness

    return SourceKeeper(
        SourceRows(archive),
        archive.meta("livemode") == "1",
        10 ** (section.credit_decimals or 0),
        FittingTerms(sameness(section.users), section.amounts is AmountUnit.MAJOR),
        read_at,
    )


def archive_beside_ledger(session: Session) -> Archive:
    """The archive beside the ledger of this command, made where there is none."""
    from creditctl.ledger.archive.location import archive_path
    from creditctl.ledger.archive.store import Archive

    stripe = session.stripe
    path = archive_path(session.ledger_path)
    return session.stack.enter_context(Archive.open(path, account=stripe.account_id, livemode=stripe.livemode))


def refuse_posting(settings: Settings, what: str) -> None:
    """Refuses what would post into our ledger where an application keeps the entries. Errors: ConfigurationError."""
    if settings.project.source is not None:
        raise ConfigurationError(
            f"{what} posts into a ledger of ours, and [source] says that the application keeps its own.",
            code="source.no_posting",
            fix="Book it in the application; nothing is ever written there by creditctl.",
        )
