"""Catalogue of a database: its tables and their columns, as far as its user sees them. Reconcile never asks it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from creditctl.sources.databases.database import Snapshot
from creditctl.sources.databases.url import DatabaseUrl

_COLUMNS = {
    "postgresql": "SELECT table_schema, table_name, column_name FROM information_schema.columns "
    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
    "mysql": "SELECT '', table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()",
    "sqlite": "SELECT '', m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p "
    "WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%%'",
}


def columns_by_table(url: DatabaseUrl, snapshot: Snapshot) -> Mapping[str, Sequence[str]]:
    """The columns of each table and view, by its name as `[source]` writes it."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for schema, table, column in snapshot.rows(_COLUMNS[url.backend]):
        found[_name(str(schema), str(table))].append(str(column))
    return found


def _name(schema: str, table: str) -> str:
    return table if schema in ("", "public") else f"{schema}.{table}"
