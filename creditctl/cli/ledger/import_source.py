"""Source of `creditctl ledger import`: a file, a database URL, or a variable that holds the URL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from creditctl.core.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from creditctl.cli.session import Session
    from creditctl.core.project_file.source import AmountUnit
    from creditctl.core.settings import Settings
    from creditctl.sources.source import ColumnMap, Source


_USUAL_TABLE = "credit_transactions"


@dataclass(frozen=True)
class SourceOptions:
    """Where the rows come from and how they are to be read. Shape: `kinds` is whether words for a kind are mapped."""

    source: str | None
    url_env: str | None
    table: str | None
    format: str | None
    delimiter: str | None
    name: str | None
    columns: ColumnMap
    kinds: bool = False
    where: str | None = None
    amounts: AmountUnit | None = None

    @property
    def maps(self) -> bool:
        """Whether the options say themselves how the rows are read, so that `[source]` does not."""
        constants = self.columns.constants.keys() - {"currency"}
        return bool(self.columns.renamed or constants or self.kinds or self.table or self.format or self.delimiter)


def source_of(session: Session, settings: Settings, wanted: SourceOptions) -> Source:
    """The source that is meant; it is closed with the session. Errors: UsageError, ConfigurationError, Unreachable."""
    from creditctl.sources.databases.url import is_url

    if wanted.source is None and wanted.url_env is None and settings.project.source is not None:
        return _described(session, settings, wanted)
    if (wanted.source is None) == (wanted.url_env is None):
        raise UsageError(
            "An import reads one source: a file, a database URL, or --url-env NAME.",
            code="import.source",
            fix="For example `creditctl ledger import transactions.csv --dry-run`.",
        )
    if wanted.source is None:
        return _by_url(session, settings, _url_of_variable(session, settings, str(wanted.url_env)), wanted)
    if is_url(wanted.source):
        return _by_url(session, settings, _url_on_command_line(wanted.source), wanted)
    return _file(session, wanted.source, wanted)


def _by_url(session: Session, settings: Settings, url: str, wanted: SourceOptions) -> Source:
    """The rows of a database, as `[source]` describes them where it does and no option says otherwise."""
    section = settings.project.source
    if section is not None and section.file is None and not wanted.maps:
        return _described(session, settings, wanted, url)
    return _database(session, url, wanted)


def _described(session: Session, settings: Settings, wanted: SourceOptions, url: str | None = None) -> Source:
    """The rows that `[source]` of creditctl.toml describes. Shape: `url` is another database's with the same tables."""
    from creditctl.cli.ledger.source import source_section
    from creditctl.sources.mapped_source import MappedSource
    from creditctl.sources.mapping.users import UserNames
    from creditctl.sources.reading.opening import open_rows
    from creditctl.sources.source import source_name

    section = source_section(settings)
    assert section is not None
    if wanted.maps:
        raise UsageError(
            "[source] of creditctl.toml says which rows are meant and how they are read.",
            code="import.source",
            fix="Leave what maps rows (--map, --set, --map-kind, --table, --format) out, or name a file or a URL.",
        )
    section = replace(section, where=wanted.where or section.where, amounts=wanted.amounts or section.amounts)
    folder = settings.project.folder or session.wiring.folder
    rows = open_rows(section, folder, lambda name: url or session.wiring.secret_variable(name, settings))
    label = source_name(wanted.name or section.table or section.file or "source", given=wanted.name is not None)
    currency = wanted.columns.constants.get("currency")
    return MappedSource(rows, section, label, session.ledger.livemode, UserNames(section.users), currency)


def _file(session: Session, name: str, wanted: SourceOptions) -> Source:
    from creditctl.sources.files import open_file

    if wanted.format not in (None, "csv", "jsonl") or (wanted.delimiter is not None and len(wanted.delimiter) != 1):
        raise UsageError("--format is csv or jsonl, --delimiter one character.", code="import.format")
    path = session.wiring.folder / name
    return open_file(
        path, wanted.columns, format=wanted.format, name=wanted.name, delimiter=wanted.delimiter, where=wanted.where
    )


def _database(session: Session, url: str, wanted: SourceOptions) -> Source:
    from creditctl.sources.database import DatabaseSource

    table, folder = wanted.table or _USUAL_TABLE, session.wiring.folder
    source = DatabaseSource(url, table, wanted.columns, where=wanted.where, name=wanted.name, folder=folder)
    _require_other_file(source.sqlite_file, session.ledger.path)
    return source


def _url_on_command_line(url: str) -> str:
    """A URL that anybody may see. Errors: UsageError with a password in it: others on this machine can read it."""
    from creditctl.sources.databases.url import parse_url

    if parse_url(url).holds_password:
        raise UsageError(
            "The database URL holds a password, and a command line can be read by others on this machine.",
            code="import.password",
            fix="Put the URL into a variable, or into .env, and name that: --url-env DATABASE_URL.",
        )
    return url


def _url_of_variable(session: Session, settings: Settings, name: str) -> str:
    url = session.wiring.secret_variable(name, settings)
    if not url:
        raise ConfigurationError(
            f"{name} is not set.",
            code="env.missing",
            fix=f"Export {name}, or write it into {settings.env_file}: postgresql://user:password@host/database.",
        )
    return url


def _require_other_file(path: Path | None, ledger_path: Path) -> None:
    if path is not None and path.exists() and path.samefile(ledger_path):
        raise UsageError(
            f"{path} is the ledger itself.", code="import.itself", fix="Name the application's own database."
        )
