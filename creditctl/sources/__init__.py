"""An application's own credit rows: read from tables and files, checked, and imported into the ledger."""
