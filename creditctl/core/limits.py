"""Limits of the domain that more than one room keeps to: the largest number, the longest user id, the grace period."""

from __future__ import annotations

MAX_MAGNITUDE = 10**15
"""The largest amount, count or time that is taken: far beyond any of them, and what a ledger can still add up."""

MAX_USER_ID_CHARACTERS = 200
"""As many as `client_reference_id` holds. Source: Stripe API reference, "Create a Checkout Session"."""

MAX_ID_CHARACTERS = 255
"""The longest id. Source: Stripe documentation, "API upgrades": ids that it makes never exceed 255 characters."""

GRACE_SECONDS = 900
"""The grace period: how long a webhook may be on its way before its absence means something."""
