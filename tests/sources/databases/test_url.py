"""Database URLs as frameworks write them."""

from __future__ import annotations

import pytest

from creditctl.core.errors import UsageError
from creditctl.sources.databases.url import DatabaseUrl, parse_url


@pytest.mark.parametrize(
    ("text", "backend", "host", "port", "user", "password", "database"),
    [
        ("postgresql+psycopg2://app:p%40ss%2Fw@db:5432/shop", "postgresql", "db", 5432, "app", "p@ss/w", "shop"),
        ("postgres://u:p@h/d", "postgresql", "h", None, "u", "p", "d"),
        ("postgresql+asyncpg://u@h/d?ssl=require", "postgresql", "h", None, "u", None, "d"),
        ("jdbc:postgresql://h/d?user=a&password=b", "postgresql", "h", None, "a", "b", "d"),
        ("postgresql:///app?host=/var/run/postgresql", "postgresql", "/var/run/postgresql", None, None, None, "app"),
        ('"postgres://u:p@h/d"', "postgresql", "h", None, "u", "p", "d"),
        ("mysql+pymysql://root:@127.0.0.1:3307/app", "mysql", "127.0.0.1", 3307, "root", "", "app"),
        ("mysql2://u:p@h/d", "mysql", "h", None, "u", "p", "d"),
        ("mariadb+mariadbconnector://u:p@h/d", "mysql", "h", None, "u", "p", "d"),
        ("file:./dev.db", "sqlite", None, None, None, None, "./dev.db"),
        ("file:./dev.db?connection_limit=1", "sqlite", None, None, None, None, "./dev.db"),
        ("sqlite:///./app.db", "sqlite", None, None, None, None, "./app.db"),
        ("sqlite:////var/app.db", "sqlite", None, None, None, None, "/var/app.db"),
        ("sqlite+aiosqlite:///a%20b.db", "sqlite", None, None, None, None, "a b.db"),
        ("sqlite3:db/x.sqlite3", "sqlite", None, None, None, None, "db/x.sqlite3"),
        ("sqlite://db.sqlite3", "sqlite", None, None, None, None, "db.sqlite3"),
    ],
)
def test_a_url_is_read_as_its_framework_means_it(
    text: str, backend: str, host: str | None, port: int | None, user: str | None, password: str | None, database: str
) -> None:
    found = parse_url(text)

    assert (found.backend, found.host, found.port, found.user, found.password, found.database) == (
        backend, host, port, user, password, database,
    )  # fmt: skip


def test_prisma_says_the_schema_in_the_query() -> None:
    assert parse_url("postgresql://u@h/d?schema=billing&connection_limit=5").schema == "billing"
    assert parse_url("postgresql://u@h/d").schema is None


@pytest.mark.parametrize(
    "text",
    [
        "oracle://x",
        "nonsense",
        "://",
        "",
        "postgresql://u:SECRET@h:54x2/a",
        "postgresql://h:99999/a",
        "postgresql://h:SECRET/a",
    ],
)
def test_what_is_no_url_is_refused_without_any_of_it(text: str) -> None:
    secret = "hunter" + "2s3cret"
    with pytest.raises(UsageError) as caught:
        parse_url(text.replace("SECRET", secret))
    assert secret not in caught.value.message + caught.value.fix


def test_nothing_is_shown_but_scheme_host_and_database() -> None:
    secret = "p@" + "ss w"
    url = parse_url("postgresql://app:p%40ss%20w@[::1]:5432/shop?sslpassword=hidden1")

    assert url.shown == "postgresql://[::1]:5432/shop"
    assert secret not in repr(url)
    assert url.without_secrets(f"no: {secret} p%40ss%20w p%40ss+w hidden1") == "no: *** *** *** ***"
    assert url.holds_password
    assert not DatabaseUrl("sqlite").holds_password
