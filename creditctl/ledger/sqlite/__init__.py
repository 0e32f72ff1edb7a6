"""SQLite below ledger and archive: connections, locks, transactions, statements, and its errors in our words."""
