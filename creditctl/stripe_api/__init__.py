"""Stripe API access: client, live guard, retries, audit log, error translation, list pages, signed deliveries."""
