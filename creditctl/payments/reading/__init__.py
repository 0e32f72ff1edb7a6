"""Payments as Stripe has them: read object by object or list by list, each list proven by the others."""
