"""The ledger: an append-only, hash-chained SQLite file of credits."""
