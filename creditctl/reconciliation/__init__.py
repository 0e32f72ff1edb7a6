"""Reconciliation: what Stripe holds against what the ledger says; pull, match, classify, repair, report."""
