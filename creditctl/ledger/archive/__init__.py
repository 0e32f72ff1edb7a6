"""The archive file beside a ledger: events as Stripe sent them, and the journals of their deliveries."""
