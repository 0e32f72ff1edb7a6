"""Checks: what is asked of a configuration, an account and a ledger, and how the answers are given."""
