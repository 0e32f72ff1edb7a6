"""The set-up plan: pure functions from what is on Stripe and what is wanted to steps."""
