"""Hash chain over the entries: its definition, simple enough to be recomputed with any SHA-256 and any JSON library.

hash of an entry = SHA-256, in hexadecimal, of the UTF-8 bytes of
    <hash of the entry before it> + "\\n" + <canonical JSON of the entry>
where the canonical JSON is an object of all columns but `hash`, as SQLite stores them (`livemode` is 0 or 1, an empty
column null), keys in alphabetical order, no spaces, characters beyond ASCII as themselves. Before the first entry
stands GENESIS, 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

GENESIS = "0" * 64
"""What stands in for the hash before the first entry."""

COLUMNS = (
    "id",
    "recorded",
    "created",
    "user_id",
    "kind",
    "credits",
    "amount",
    "currency",
    "payment_key",
    "session_id",
    "object_id",
    "package",
    "idempotency_key",
    "source_event",
    "corrects",
    "account",
    "livemode",
    "note",
    "hash",
)
"""The columns of `credit_transactions`, in order."""

_HASHED = COLUMNS[:-1]
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def canonical(values: Sequence[object]) -> str:
    """The canonical JSON of an entry. Shape: `values` in the order of COLUMNS, without the hash."""
    return _ENCODER.encode(dict(zip(_HASHED, values, strict=True)))


def entry_hash(previous: str, values: Sequence[object]) -> str:
    """The hash of an entry after the entry whose hash is `previous`."""
    return hashlib.sha256(f"{previous}\n{canonical(values)}".encode()).hexdigest()
