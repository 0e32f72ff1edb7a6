"""Rows of an application for a guess: where they are, as the settings would say it, and a proposal as text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.core.project_file.source import SourceSection
    from creditctl.core.settings import Settings
    from creditctl.sources.guess.source_guess import SourceGuess
    from creditctl.sources.reading.raw_rows import RawRows

_DATABASE_URL = "DATABASE_URL"


def guessed_rows(
    session: Session,
    settings: Settings,
    source: str | None = None,
    url_env: str | None = None,
    table: str | None = None,
) -> tuple[SourceGuess, RawRows]:
    """The proposal for an application's rows, and the rows.

    Shape:  of a file, a table, or the table of a database that looks most like a ledger; without any of them the
            database of DATABASE_URL. Where another table has the payments of its rows, a query joins both.
    Errors: UsageError where no table looks like one, or nothing can be guessed; those of reading.
    """
    from creditctl.sources.guess.guess import guess_source
    from creditctl.sources.guess.joined import guess_joined
    from creditctl.sources.reading.opening import open_rows

    section, url = _place(session, settings, source, url_env, table)

    def opened(at: SourceSection) -> RawRows:
        return open_rows(at, session.wiring.folder, lambda _name: url)

    rows = opened(section)
    guess = guess_source(rows, section)
    return guess_joined(rows, guess, lambda query: opened(replace(section, table=None, query=query)))


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
