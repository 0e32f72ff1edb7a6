"""Idempotency keys: the first answer is stored and given again.

Source: Stripe API reference, "Idempotent requests": POST only, per account, stored at least 24 hours, stored once
execution began.
"""

import hashlib

import msgspec

from creditctl.emulator.protocol.durations import DAY_SECONDS
from creditctl.emulator.protocol.errors import StripeError
from creditctl.emulator.protocol.forms import Tree
from creditctl.emulator.storage.store import Store

KEPT_SECONDS = DAY_SECONDS
SWEPT_EVERY_SECONDS = 600
LONGEST_KEY = 255
_COLUMNS = "scope, key, fingerprint, status, body, request, created"
_ONE = f"SELECT {_COLUMNS} FROM idempotency WHERE scope = ? AND key = ?"  # noqa: S608 - a constant
_KEEP = f"INSERT OR REPLACE INTO idempotency ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant


class StoredResponse(msgspec.Struct, frozen=True):
    """A stored answer."""

    status: int
    body: bytes
    request_id: str


def refuse_empty(key: str) -> None:
    """Refuse a key that is sent and says nothing: an application that lost its key must not buy twice unnoticed.

    Source: Stripe's own refusal, as quoted in cartalyst/stripe, issue 65.
    """
    if not key.strip():
        raise _refusal(
            "Idempotent key length is 0, which is outside accepted lengths. Idempotent Keys must be 1-255 characters "
            "long. If you're looking for a decent generator, try using a UUID defined by IETF RFC 4122."
        )


def fingerprint(path: str, tree: Tree) -> bytes:
    """What must be equal for a key to be reused: path and parameters, in any order."""
    text = path.encode() + b"\0" + msgspec.json.encode(tree, order="sorted")
    return hashlib.blake2b(text, digest_size=16).digest()


def lookup(store: Store, scope: int, key: str, fingerprint: bytes, now: int) -> StoredResponse | None:
    """The stored answer for a key; refuses a key that was used with other parameters."""
    if len(key) > LONGEST_KEY:
        raise _refusal(f"Idempotency keys can be at most {LONGEST_KEY} characters long.")
    name = (scope, key)
    row = store.named(name) or (store.read(_ONE, name) if store.may_know(name) else None)
    if row is None:
        return None
    *_, first_fingerprint, status, body, request_id, created = row
    if created <= now - KEPT_SECONDS:
        return None
    if first_fingerprint != fingerprint:
        raise _refusal(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request."
        )
    return StoredResponse(status, body, request_id)


def refuse_in_flight(in_flight: set[tuple[int, str]], scope: int, key: str) -> None:
    """Refuse a key while the answer to its first request is on its way."""
    if (scope, key) in in_flight:
        message = (
            "There is currently another in-progress request using this Idempotent Key (that probably means you "
            f"submitted twice, and the other request is still going through): {key}. Please try again later."
        )
        fields = {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": message}
        raise StripeError(409, fields, executed=False)


def keep(store: Store, scope: int, key: str, fingerprint: bytes, stored: StoredResponse, now: int) -> None:
    """Store the answer, in the transaction that made it."""
    # Swept by whoever writes: no job is needed, and an unused emulator has nothing to sweep.
    if now >= store.next_sweep:
        store.run("DELETE FROM idempotency WHERE created <= ?", (now - KEPT_SECONDS,))
        store.next_sweep = now + SWEPT_EVERY_SECONDS
    row = (scope, key, fingerprint, stored.status, stored.body, stored.request_id, now)
    store.run(_KEEP, row, (scope, key))


def _refusal(message: str) -> StripeError:
    return StripeError(400, {"type": "idempotency_error", "message": message}, executed=False)
