"""Payment names: the Stripe ids in what an application wrote as the key of a payment. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from creditctl.core.stripe_ids import IdKind, id_kind

_ID = re.compile(r"(?<![A-Za-z0-9])(?:cs_(?:test_|live_)?|(?:pi|ch|py|re|pyr|dp|du|in|evt)_)[A-Za-z0-9]{2,}")
_RETURNS = (IdKind.REFUND, IdKind.DISPUTE)
_PAYMENTS = (IdKind.PAYMENT_INTENT, IdKind.SESSION, IdKind.CHARGE)

_EMPTY = ("", "[]", "{}", "null")
"""Texts of a column of JSON that hold nothing."""

_UUID_BYTES = 16


class PaymentNames(NamedTuple):
    """What a row is about. Shape: `payment` is the first name of a payment, else what else stands there."""

    payment: str | None
    returned: str | None


def key_texts(value: object) -> Iterator[str]:
    """The texts of a cell that may name a payment: of a list, an array of PostgreSQL's or JSON's, those of each part.

    Shape: nothing of an empty one; bytes as the text that they are, else as the UUID or the hexadecimal number.
    """
    if isinstance(value, list | tuple):
        for each in value:
            yield from key_texts(each)
    elif isinstance(value, bytes | bytearray | memoryview):
        yield _text_of_bytes(bytes(value))
    elif value is not None and (text := str(value).strip()) not in _EMPTY:
        yield text


def _text_of_bytes(value: bytes) -> str:
    try:
        return value.decode("ascii").rstrip("\0")
    except UnicodeDecodeError:
        return str(UUID(bytes=value)) if len(value) == _UUID_BYTES else value.hex()


def payment_names(texts: Iterable[str]) -> PaymentNames:
    """The payment that a row names, and its refund or dispute.

    Shape: an id may stand inside a longer key (`stripe:pi_…`, `dp_…:reinstated`); of a client secret only the id is
           taken. A text without any id of Stripe's is the application's own key.
    """
    own: list[str] = []
    found: list[str] = []
    for text in texts:
        if not text:
            continue
        ids = _ID.findall(text)
        found += ids
        own += [] if ids else [text]
    if not found:
        return PaymentNames(own[0] if own else None, None)
    payment = next((each for each in found if id_kind(each) in _PAYMENTS), None)
    returned = next((each for each in found if id_kind(each) in _RETURNS), None)
    return PaymentNames(payment or returned or found[0], returned)
