"""Stripe's Billing as far as one-time payments reach it: the invoice of a paid session, tax ids of customers."""
