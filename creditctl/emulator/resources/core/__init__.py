"""Stripe's core resources: payments, refunds, disputes, customers, balance, events."""
