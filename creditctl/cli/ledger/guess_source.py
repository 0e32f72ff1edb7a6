"""`creditctl ledger import --guess`: proposes a mapping for an application's rows, and writes it where asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.cli.output import Answer
from creditctl.core.errors import ConfigurationError, ExitCode, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from creditctl.cli.ledger.import_source import SourceOptions
    from creditctl.cli.session import Session
    from creditctl.core.project_file.source import SourceSection
    from creditctl.core.settings import Settings
    from creditctl.sources.guess.source_guess import SourceGuess
    from creditctl.sources.reading.raw_rows import RawRows

_DATABASE_URL = "DATABASE_URL"


def guess_answer(session: Session, wanted: SourceOptions, *, write: bool) -> Answer:
    """The proposal, shown; with `write` it goes into creditctl.toml, if a person agrees.

    Shape: exit 1 where it is not whole.
    """
    from creditctl.cli.render import source_guess as render

    settings = session.settings_of_any_mode()
    guess = guess_of(session, settings, wanted.source, wanted.url_env, wanted.table)
    text = proposal_text(guess)
    written = _write(session, settings, guess) if write else None
    report = {**guess.as_dict(), "toml": text, "written": None if written is None else str(written)}
    return Answer(
        report,
        lambda console: render.guessed(console, guess, text, written),
        exit_code=ExitCode.OK if guess.whole else ExitCode.FINDINGS,
    )


def guess_of(
    session: Session,
    settings: Settings,
    source: str | None = None,
    url_env: str | None = None,
    table: str | None = None,
) -> SourceGuess:
    """The proposal for a file, a table, or the table of a database that looks most like a ledger.

    Shape:  without any of them the database of DATABASE_URL.
    Errors: UsageError where nothing can be guessed; those of reading.
    """
    from creditctl.sources.guess.guess import guess_source

    section, rows = guessed_rows(session, settings, source, url_env, table)
    return guess_source(rows, section)


def guessed_rows(
    session: Session,
    settings: Settings,
    source: str | None = None,
    url_env: str | None = None,
    table: str | None = None,
) -> tuple[SourceSection, RawRows]:
    """Where the rows are, as the settings would say it, and the rows. Errors: as `guess_of`."""
    from creditctl.sources.reading.opening import open_rows

    section, url = _place(session, settings, source, url_env, table)
    return section, open_rows(section, session.wiring.folder, lambda _name: url)


def _place(
    session: Session, settings: Settings, source: str | None, url_env: str | None, table: str | None
) -> tuple[SourceSection, str | None]:
    """Where the rows are, as the settings would say it, and the database's URL."""
    from creditctl.core.project_file.source import SourceSection
    from creditctl.sources.databases.url import is_url

    if source is not None and not is_url(source):
        return SourceSection(file=source), None
    name = url_env or _DATABASE_URL
    url = source or session.wiring.environ.get(name) or settings.text(name)
    if url is None:
        raise ConfigurationError(
            f"{name} is not set, and no file was named.",
            code="env.missing",
            fix="Name a file, a database URL, or the variable that holds one with --url-env.",
        )
    return SourceSection(url_env=name, table=table or _likeliest(session, url)), url


def _likeliest(session: Session, url: str) -> str:
    """The table that looks most like a ledger; said, never silent. Errors: UsageError where none does."""
    from creditctl.sources.databases.url import parse_url
    from creditctl.sources.guess.tables import ledger_tables

    found = ledger_tables(parse_url(url), session.wiring.folder)
    if not found:
        raise UsageError(
            "No table of the database looks like a ledger of credits, or its catalogue may not be asked.",
            code="source.guess",
            fix="Name the table with --table.",
        )
    best, *others = found
    more = f" Others: {', '.join(each.name for each in others[:5])} (--table)." if others else ""
    session.say(f"Looking at {best.name}: {best.reason}.{more}")
    return best.name


def proposal_text(guess: SourceGuess) -> str:
    """The proposal as it would stand in creditctl.toml."""
    from creditctl.core.project_file.writing import section_text
    from creditctl.sources.guess.writing import written_sections

    return "\n\n".join(map(section_text, written_sections(guess)))


def _write(session: Session, settings: Settings, guess: SourceGuess) -> Path | None:
    """Writes the proposal into the project file, if a person agrees. Errors: UsageError, ConfigurationError."""
    from creditctl.atomic_file import replace_file
    from creditctl.core.project_file.project import PROJECT_FILE, parse_project_file
    from creditctl.core.project_file.writing import added_text
    from creditctl.sources.guess.writing import written_sections

    path = settings.project.path or session.wiring.folder / PROJECT_FILE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        for section in written_sections(guess):
            text = added_text(text, section)
    except ValueError as error:
        raise ConfigurationError(
            f"{path} was not changed: {error}.",
            code="source.guess_written",
            fix="Take [source] out of it first, or copy the lines that the guess shows.",
        ) from None
    parse_project_file(text, path=path)
    if session.dry_run or not session.agreed(f"Write this into {path}?"):
        session.say("Nothing was written.")
        return None
    replace_file(path, text.encode(), 0o644)
    return path
