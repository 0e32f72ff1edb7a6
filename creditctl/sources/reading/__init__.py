"""Reading of a source: rows from a table, a query or a file, mapped, and kept in the archive."""
