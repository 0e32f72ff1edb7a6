"""Payments: one payment from both sides, Stripe and the ledger; read, judged and recorded in one place."""
