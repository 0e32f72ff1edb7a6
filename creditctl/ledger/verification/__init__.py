"""Verification of a ledger: hash chain, schema, SQLite's own check, clawbacks, and anchors kept elsewhere."""
