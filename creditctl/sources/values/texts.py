"""Texts and flags of a cell: what counts as empty, true, false, and as an id in a column."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from creditctl.core.stripe_ids import holds_secret
from creditctl.core.text import storage_fault
from creditctl.sources.values.bad_value import BadRow, shown

FLAGS = {
    **dict.fromkeys(("true", "t", "1", "live", "yes", "y", "on", "livemode", "production"), True),
    **dict.fromkeys(("false", "f", "0", "test", "no", "n", "off", "testmode", "sandbox"), False),
}
"""Words for true and false, and for the two modes of Stripe."""

_UUID_BYTES = 16


def is_empty(value: object) -> bool:
    """Whether a cell holds nothing: NULL, or the empty text that stands for it in a CSV file."""
    return value is None or value == ""


def flag_of(value: object, name: str) -> bool:
    """True or false, also of a BIT column. Errors: BadRow for a word that is neither."""
    if isinstance(value, bytes) and len(value) == 1:
        return value != b"\0"
    known = FLAGS.get(_as_text(value, name).strip().lower())
    if known is None:
        raise BadRow(f"{name} {shown(value)} is neither true nor false")
    return known


def text_of(value: object, name: str) -> str | None:
    """A cell as a text, without space around it; None where it is empty. Errors: BadRow for what is none, a secret."""
    if is_empty(value):
        return None
    text = _as_text(value, name).strip()
    fault = storage_fault(text)
    if fault is not None:
        raise BadRow(f"{name} {fault}")
    if holds_secret(text):
        raise BadRow(f"{name} holds a client secret or a key, which is kept nowhere")
    return text or None


def id_of(value: object, name: str) -> str | None:
    """An id as a text. Shape: a whole number in a column of another type is that number; a binary UUID its text."""
    if isinstance(value, float | Decimal) and value == int(value):
        value = int(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _of_bytes(bytes(value), name)
    return text_of(value, name)


def _of_bytes(value: bytes, name: str) -> str | None:
    if len(value) == _UUID_BYTES:
        return str(UUID(bytes=value))
    try:
        return text_of(value.decode(), name)
    except UnicodeDecodeError:
        raise BadRow(f"{name} is not a text") from None


def _as_text(value: object, name: str) -> str:
    if isinstance(value, bytes | bytearray | memoryview | dict | list):
        raise BadRow(f"{name} is not a text")
    return str(value)
