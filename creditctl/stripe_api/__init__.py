"""Stripe API access: client, retries, audit log, error translation, list pages, raw answers, signed deliveries."""
