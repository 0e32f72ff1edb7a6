"""Ids in the shapes that Stripe's have, from a seed or from the system's entropy.

Source: recorded test-mode traffic: `pi_3UHnJtHIBYZYyePr07DClsD4`, six characters of generation and time, ten of the
account, eight random; a payment's charge, refunds and events share the first sixteen.
"""

import hashlib
import random

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Ids:
    """A source of ids; the same seed gives the same ids in the same order."""

    def __init__(self, seed: str | None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - ids of a local test server, not secrets

    def token(self, length: int) -> str:
        """Letters and digits."""
        return "".join(self._random.choices(_ALPHABET, k=length))

    def digits(self, length: int) -> str:
        """Decimal digits."""
        return "".join(self._random.choices("0123456789", k=length))

    def number(self, low: int, high: int) -> int:
        """A whole number in the closed range."""
        return self._random.randint(low, high)

    def dated(self, prefix: str, account: str, now: int, generation: str = "1") -> str:
        """An id of 24 characters after its prefix: generation, time, account, chance."""
        return f"{prefix}{generation}{_time(now)}{account[-10:]}{self.token(8)}"

    def relative(self, prefix: str, of: str, digit: str) -> str:
        """An id of the same payment family as `of`: sixteen shared characters, then its own."""
        body = of.partition("_")[2]
        return f"{prefix}{body[:16]}{digit}{self.token(7)}"


def _time(now: int) -> str:
    text = ""
    for _ in range(5):
        now, rest = divmod(now, 62)
        text = _ALPHABET[rest] + text
    return text


def account_id(key_body: str) -> str:
    """The account that a key's body opens: `acct_1` and fifteen characters made from it."""
    number = int.from_bytes(hashlib.sha256(b"account:" + key_body.encode()).digest(), "big")
    text = ""
    for _ in range(15):
        number, rest = divmod(number, 62)
        text += _ALPHABET[rest]
    return f"acct_1{text}"
