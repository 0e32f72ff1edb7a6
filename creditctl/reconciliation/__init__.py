"""Reconciliation: what Stripe holds against what the ledger says; pull, match, judge, repair, report."""
