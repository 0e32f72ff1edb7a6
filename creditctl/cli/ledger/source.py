"""Source of a command: the application's own rows, read into the archive, as the keeper of the entries."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.core.project_file.project import ProjectFile
    from creditctl.core.project_file.source import SourceSection
    from creditctl.core.settings import Settings
    from creditctl.ledger.archive.store import Archive
    from creditctl.payments.keeper import Keeper
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
    rows = open_rows(section, folder, lambda name: session.wiring.secret_variable(name, settings))
    with progress(session, "rows of the application") as told:
        report = SourceSync(rows, section, archive, folder, session.wiring.clock, full=full, progress=told).run()
    return ReadSource(_keeper(section, archive, report.started, settings.project), report)


def entries_keeper(session: Session, *, read: bool = True) -> Keeper:
    """Who keeps the entries: our ledger, or the application, whose rows are read first unless only kept ones count."""
    from creditctl.payments.keeper import OUR_LEDGER

    section = source_section(session.settings)
    if section is None:
        return OUR_LEDGER
    _ = session.ledger_if_there
    archive = archive_beside_ledger(session)
    if read:
        source = read_source(session, archive, session.settings)
        assert source is not None
        return source.keeper
    return kept_source(section, archive, session.settings.project)


def source_of_ledger(session: Session) -> SourceKeeper | None:
    """The application's rows for a command about a ledger, read anew; None where entries stand in our ledger.

    Errors: ConfigurationError where they were never read: which account they belong to, only Stripe says.
    """
    from creditctl.ledger.archive.location import archive_exists, archive_path
    from creditctl.ledger.archive.store import Archive

    settings = session.settings_of_any_mode()
    section = source_section(settings)
    if section is None:
        return None
    named = session.options.ledger
    path = archive_path(settings.ledger_path if named is None else session.wiring.folder / named)
    if not archive_exists(path):
        raise _unread()
    archive = session.stack.enter_context(Archive.open(path, account=None, livemode=None, create=False))
    _ = kept_source(section, archive, settings.project)
    source = read_source(session, archive, settings)
    return None if source is None else source.keeper


def kept_source(section: SourceSection, archive: Archive, project: ProjectFile) -> SourceKeeper:
    """The application's rows as they were last read. Errors: ConfigurationError where they never were."""
    from creditctl.ledger.archive.source_store import last_reading

    last = last_reading(archive)
    if last is None:
        raise _unread()
    return _keeper(section, archive, last.started, project)


def _unread() -> ConfigurationError:
    return ConfigurationError(
        "The application's rows were never read.",
        code="source.unread",
        fix="Run `creditctl reconcile` first; it needs nothing to be initialised.",
    )


def _keeper(section: SourceSection, archive: Archive, read_at: int, project: ProjectFile) -> SourceKeeper:
    from creditctl.core.project_file.source import AmountUnit
    from creditctl.ledger.archive.source_queries import SourceRows
    from creditctl.payments.source.fitting import FittingTerms
    from creditctl.payments.source.source_keeper import SourceKeeper
    from creditctl.sources.mapping.users import sameness

    return SourceKeeper(
        SourceRows(archive),
        archive.meta("livemode") == "1",
        10 ** (section.credit_decimals or 0),
        FittingTerms(sameness(section.users), section.amounts is AmountUnit.MAJOR, project.user, project.policy),
        read_at,
        _written_at(section, project.folder, read_at),
    )


def _written_at(section: SourceSection, folder: Path | None, read_at: int) -> int | None:
    """When the file of the rows was written; None for a database, 0 for a file that was replaced since it was read."""
    if section.file is None:
        return None
    path = (folder or Path()) / Path(section.file).expanduser()
    with suppress(OSError):
        moment = int(path.stat().st_mtime)
        return moment if moment <= read_at else 0
    return 0


def archive_beside_ledger(session: Session) -> Archive:
    """The archive beside the ledger of this command, opened once: made where there is none; for a dry run a copy of it.

    Shape: where Stripe may not be asked it has to be there.
    """
    return session.archive_beside_ledger


def refuse_posting(settings: Settings, what: str) -> None:
    """Refuses what would post into our ledger where an application keeps the entries. Errors: ConfigurationError."""
    if settings.project.source is not None:
        raise ConfigurationError(
            f"{what} posts into a ledger of ours, and [source] says that the application keeps its own.",
            code="source.no_posting",
            fix="Book it in the application; nothing is ever written there by creditctl.",
        )
