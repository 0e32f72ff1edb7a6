"""Durations in seconds that several rules of Stripe count in."""

MINUTE_SECONDS = 60
DAY_SECONDS = 86_400
