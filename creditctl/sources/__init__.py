"""Import sources: an application's own credit rows from tables and files, checked and imported into the ledger."""
