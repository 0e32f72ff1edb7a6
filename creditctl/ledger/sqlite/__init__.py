"""SQLite below the ledger: connections, locks, and its errors in our words."""
