"""Opening of a source: from the settings of `[source]` to rows that can be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from creditctl.core.errors import ConfigurationError
from creditctl.core.project_file.source import SourceSection
from creditctl.sources.reading.raw_rows import RawRows


def open_rows(section: SourceSection, folder: Path, variable: Callable[[str], str | None]) -> RawRows:
    """The rows that the settings name.

    Shape:  relative files lie in `folder`; `variable` gives the value of an environment variable.
    Errors: ConfigurationError where nothing is named, or its variable is not set; UsageError for what is no URL.
    """
    if section.file is not None:
        from creditctl.sources.reading.file_rows import FileRows

        return FileRows(folder / Path(section.file).expanduser(), section)
    from creditctl.sources.databases.url import parse_url
    from creditctl.sources.reading.database_rows import DatabaseRows

    if section.table is None and section.query is None:
        raise ConfigurationError(
            "[source] names neither a table nor a query nor a file.",
            code="source.place",
            fix='Add table = "…", query = "select …" or file = "…" to [source] in creditctl.toml.',
        )
    url = parse_url(url_of(section, variable))
    return DatabaseRows(url, folder, table=section.table, query=section.query, row_security=section.row_security)


def url_of(section: SourceSection, variable: Callable[[str], str | None]) -> str:
    """The database's URL. Errors: ConfigurationError where its variable is not set."""
    name = str(section.url_variable)
    value = variable(name)
    if not value:
        raise ConfigurationError(
            f"{name} is not set, and [source] reads the application's database from there.",
            code="env.missing",
            fix=f"Export {name}, or write it into the env file: postgresql://user:password@host/database.",
        )
    return value


def zone_of(section: SourceSection) -> tzinfo:
    """The zone of times that name none: UTC unless said. Errors: ConfigurationError for one that is not known."""
    if section.zone is None:
        return UTC
    try:
        return ZoneInfo(section.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"The time zone {section.zone!r} of [source] is not known on this machine.",
            code="source.zone",
            fix='Write it as "Europe/Berlin"; where the system has no zones, run: pip install tzdata',
        ) from None
