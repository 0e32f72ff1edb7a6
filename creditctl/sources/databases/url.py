"""Database URL: parses what frameworks write, and says what of it may be shown.

Percent-encoded passwords, driver suffixes (`postgresql+asyncpg`, `mysql2`), `?schema=` and `file:` of Prisma,
`?sslmode=`; parameters that only a framework knows are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, quote_plus, unquote, urlsplit

from creditctl.core.errors import UsageError

_BACKENDS = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "pgsql": "postgresql",
    "psql": "postgresql",
    "postgis": "postgresql",
    "mysql": "mysql",
    "mysql2": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "sqlite3": "sqlite",
    "file": "sqlite",
}
_SCHEME = re.compile(r"(?:jdbc:)?([A-Za-z][A-Za-z0-9]*)(?:\+[A-Za-z0-9_]+)?:(.*)", re.DOTALL)
_HIGHEST_PORT = 65_535
_SHORTEST_HIDDEN = 4
"""A query's value below this length is a switch, such as `1`, and would be cut out of other words."""

_PASSWORDS = ("password", "passwd", "pwd")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where a database is, and how to enter it. Shape: `backend` is postgresql, mysql or sqlite."""

    backend: str
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str = ""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def schema(self) -> str | None:
        """The schema in which its tables are, where the URL says it."""
        return self.options.get("schema") or None

    @property
    def shown(self) -> str:
        """What is shown of it: scheme, host and database; everything else may hold a secret."""
        host = f"[{self.host}]" if ":" in (self.host or "") else self.host or ""
        return f"{self.backend}://{host}{'' if self.port is None else f':{self.port}'}/{self.database}"

    def without_secrets(self, text: str) -> str:
        """A message of a driver in one line, without the password and the values of the URL's query."""
        said = " ".join(text.split())
        for hidden in self._hidden():
            said = said.replace(hidden, "***")
        return said

    @property
    def holds_password(self) -> bool:
        """Whether a password stands in it."""
        return self.password is not None or any(name.lower() in _PASSWORDS for name in self.options)

    def _hidden(self) -> list[str]:
        values = [value for value in self.options.values() if len(value) >= _SHORTEST_HIDDEN]
        values += [self.password] if self.password else []
        written = {form for value in values for form in (value, quote(value, safe=""), quote_plus(value))}
        return sorted(written, key=lambda text: (-len(text), text))


def is_url(text: str) -> bool:
    """Whether a text means a database rather than a file: by `://`, or as Prisma writes one, by `file:`."""
    match = _SCHEME.fullmatch(text.strip())
    return "://" in text or (match is not None and match[1].lower() in _BACKENDS)


def parse_url(text: str) -> DatabaseUrl:
    """A database URL as an application has it. Errors: UsageError, without any of it."""
    match = _SCHEME.fullmatch(text.strip().strip("\"'"))
    backend = None if match is None else _BACKENDS.get(match[1].lower())
    if match is None or backend is None:
        raise no_url()
    if backend == "sqlite":
        return _sqlite(match[2])
    try:
        return _server(backend, urlsplit(f"//{match[2].removeprefix('//')}"))
    except ValueError:  # of a port that is no number: urlsplit quotes a piece of the URL
        raise no_url("A password or user in a URL writes @ as %40, / as %2F, # as %23 and : as %3A. ") from None


def no_url(hint: str = "") -> UsageError:
    """The refusal of a text that is no URL of a database, without the text."""
    return UsageError(
        "That is no URL of a database that can be read.",
        code="source.url",
        fix=f"{hint}For example postgresql://user@host/app, mysql://user@host/app, sqlite:///app.db.",
    )


def _server(backend: str, parts: SplitResult) -> DatabaseUrl:
    options = dict(parse_qsl(parts.query))
    host = options.get("host") or (None if parts.hostname is None else unquote(parts.hostname))
    if not 0 <= (parts.port or 0) <= _HIGHEST_PORT or "@" in (parts.hostname or ""):
        raise ValueError
    if "@" in unquote(parts.username or "") and "@" in (parts.username or ""):
        raise ValueError
    return DatabaseUrl(
        backend,
        host,
        parts.port or _number(options.get("port")),
        _plain(parts.username) or options.get("user"),
        _plain(parts.password) if parts.password is not None else _password(options),
        unquote(parts.path.lstrip("/")) or options.get("dbname") or options.get("database") or "",
        options,
    )


def _plain(text: str | None) -> str | None:
    return None if text is None else unquote(text)


def _password(options: Mapping[str, str]) -> str | None:
    return next((value for name, value in options.items() if name.lower() in _PASSWORDS), None)


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _sqlite(rest: str) -> DatabaseUrl:
    """A file: `sqlite:///relative.db`, `sqlite:////absolute.db`, `file:./dev.db` of Prisma, `sqlite3:app.db`."""
    path, _, query = rest.partition("?")
    if path.startswith("//"):
        host, slash, path = path[2:].partition("/")
        path = path if slash and not host else f"{host}{slash}{path}"
    return DatabaseUrl("sqlite", database=unquote(path), options=dict(parse_qsl(query)))
