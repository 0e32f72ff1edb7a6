"""Fast canonical JSON and hash of an entry, for many entries: the same bytes as `chain.canonical`, which defines it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import msgspec

from creditctl.ledger.hashchain.chain import COLUMNS

_HASHED = COLUMNS[:-1]
_SORTED = tuple(sorted(_HASHED))
_PUT_IN_ORDER = itemgetter(*(_HASHED.index(name) for name in _SORTED))
_Row: Any = msgspec.defstruct("_Row", [(name, Any) for name in _SORTED], gc=False)
_ENCODE = msgspec.json.Encoder().encode


def canonical_bytes(values: Sequence[object]) -> bytes:
    """The canonical JSON of an entry in UTF-8. Shape: `values` in the order of COLUMNS, without the hash."""
    return _ENCODE(_Row(*_PUT_IN_ORDER(values)))


def fast_entry_hash(previous: str, values: Sequence[object]) -> str:
    """The hash of an entry after the entry whose hash is `previous`: what `chain.entry_hash` gives."""
    return hashlib.sha256(b"%b\n%b" % (previous.encode(), canonical_bytes(values))).hexdigest()
