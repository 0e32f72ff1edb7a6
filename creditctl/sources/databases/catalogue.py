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

_PARTS = """
    SELECT cn.nspname, c.relname, pn.nspname, p.relname FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
"""
"""Source: PostgreSQL documentation, "Table Partitioning": a parent shows the rows of what inherits from it."""


def columns_by_table(url: DatabaseUrl, snapshot: Snapshot) -> Mapping[str, Sequence[str]]:
    """The columns of each table and view, by its name as `[source]` writes it; partitions are left out of PostgreSQL's.

    Shape: a child that has columns of its own stays: its parent does not show those.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for schema, table, column in snapshot.rows(_COLUMNS[url.backend]):
        found[_name(str(schema), str(table))].append(str(column))
    if url.backend == "postgresql":
        pairs = [(_name(str(s), str(t)), _name(str(ps), str(pt))) for s, t, ps, pt in snapshot.rows(_PARTS)]
        seen = ((part, whole) for part, whole in pairs if part in found and whole in found)
        parts = {part for part, whole in seen if set(found[part]) <= set(found[whole])}
        return {name: columns for name, columns in found.items() if name not in parts}
    return found


def _name(schema: str, table: str) -> str:
    return table if schema in ("", "public") else f"{schema}.{table}"
