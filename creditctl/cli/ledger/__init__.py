"""`creditctl ledger …`: the command line of the credit ledger."""
