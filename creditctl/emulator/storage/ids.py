"""Id generator: ids in the shapes that Stripe's have, from a seed or from the system's entropy.

Source: recorded test-mode traffic: `pi_3UHnJtHIBYZYyePr07DClsD4`, six characters of generation and time, ten of the
account, eight random; a payment's charge, refunds and events share the first sixteen.
"""

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from itertools import count

SHARE = 16
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LETTERS = bytes(ord(_ALPHABET[byte % 62]) for byte in range(256))
_DIGITS = bytes(ord("0") + byte % 10 for byte in range(256))


class Ids:
    """A source of ids: the same seed and the same numbers of draws give the same ids.

    `draw` answers the next number. Where that is the store's counter, ids go on after a restart as if there had been
    none, and what a transaction drew before it was rolled back is drawn again.
    """

    def __init__(self, seed: str | None, draw: Callable[[], int] | None = None) -> None:
        # The key makes the ids of another seed unrelated; without a seed they cannot be foretold.
        key = os.urandom(32) if seed is None else hashlib.blake2b(seed.encode(), digest_size=32).digest()
        self._long = hashlib.blake2b(key=key)
        self._short, self._passing = (Shares(hashlib.blake2b(key=key, person=name)) for name in (b"short", b"passing"))
        self._draw = draw or count(1).__next__
        self._pass = count(1).__next__

    def token(self, length: int) -> str:
        """Letters and digits, at most 64."""
        if length <= SHARE:
            return self._short.letters(self._draw(), length)
        return _letters(_chance(self._long, self._draw()))[:length]

    def passing(self, length: int) -> str:
        """Letters and digits, at most 16, for what leaves no trace in the database, such as the request id of a GET."""
        return self._passing.letters(self._pass(), length)

    def digits(self, length: int) -> str:
        """Decimal digits, at most 16."""
        return self._short.of(self._draw())[:length].translate(_DIGITS).decode()

    def dated(self, prefix: str, account: str, now: int, generation: str = "1") -> str:
        """An id of 24 characters after its prefix: generation, time, account, chance."""
        return f"{prefix}{generation}{_moment(now, account)}{self._short.letters(self._draw(), 8)}"

    def first_relative(self, prefix: str, account: str, now: int, digit: str) -> str:
        """An id that starts a payment family: as `relative` to a dated id of generation 3, which nobody sees."""
        self._draw()
        return f"{prefix}3{_moment(now, account)}{digit}{self._short.letters(self._draw(), 7)}"

    def relative(self, prefix: str, of: str, digit: str) -> str:
        """An id of the same payment family as `of`: sixteen shared characters, then its own."""
        start = of.find("_") + 1
        return f"{prefix}{of[start : start + 16]}{digit}{self._short.letters(self._draw(), 7)}"


class Shares:
    """Chance in shares of sixteen bytes, four to a hash: most ids need less, and a hash costs the most of an id."""

    def __init__(self, keyed: "hashlib.blake2b") -> None:
        self._keyed = keyed
        self._number, self._chance, self._letters = -1, b"", ""

    def of(self, number: int) -> bytes:
        """The share that belongs to a number."""
        if number >> 2 != self._number:
            self._hash(number >> 2)
        place = (number & 3) * SHARE
        return self._chance[place : place + SHARE]

    def letters(self, number: int, length: int) -> str:
        """The share that belongs to a number as letters and digits, at most 16."""
        if number >> 2 != self._number:
            self._hash(number >> 2)
        place = (number & 3) * SHARE
        return self._letters[place : place + length]

    def _hash(self, number: int) -> None:
        self._number, self._chance = number, _chance(self._keyed, number)
        self._letters = _letters(self._chance)


def _chance(keyed: "hashlib.blake2b", number: int) -> bytes:
    """The 64 bytes that belong to a number; to copy a keyed hash is quicker than to key another one."""
    hashed = keyed.copy()
    hashed.update(number.to_bytes(8, "big"))
    return hashed.digest()


def _letters(chance: bytes) -> str:
    return chance.translate(_LETTERS).decode()


@lru_cache(maxsize=16)
def _moment(now: int, account: str) -> str:
    """Time and account, as an id has them in its middle."""
    text = ""
    for _ in range(5):
        now, rest = divmod(now, 62)
        text = _ALPHABET[rest] + text
    return text + account[-10:]


def account_id(key_body: str) -> str:
    """The account that a key's body opens: `acct_1` and fifteen characters made from it."""
    number = int.from_bytes(hashlib.sha256(b"account:" + key_body.encode()).digest(), "big")
    text = ""
    for _ in range(15):
        number, rest = divmod(number, 62)
        text += _ALPHABET[rest]
    return f"acct_1{text}"
