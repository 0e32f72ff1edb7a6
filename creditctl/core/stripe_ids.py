"""Stripe ids: tells by its prefix what a text names, and refuses a text that cannot be a payment's key.

Source: Stripe API reference, the `id` of each object; its examples show the prefixes. `du_` are disputes since 2024.
"""

from __future__ import annotations

import re
from enum import StrEnum

from creditctl.core.errors import UsageError
from creditctl.core.keys import SECRET_PATTERN
from creditctl.core.limits import MAX_ID_CHARACTERS


class IdKind(StrEnum):
    """What a text names on Stripe. Shape: OTHER is an object that is no payment, UNKNOWN no id of Stripe's at all."""

    PAYMENT_INTENT = "payment_intent"
    SESSION = "session"
    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    EVENT = "event"
    OTHER = "other"
    SECRET = "secret"  # noqa: S105 - a kind of text, not a secret
    LINK = "link"
    UNKNOWN = "unknown"


PAYMENT_KEY = re.compile(r"(?:pi|ch|py)_[A-Za-z0-9]{1,240}|cs_(?:test_|live_)?[A-Za-z0-9]{1,240}")
"""The usual form of what names a payment: quick to match, and it can hold no secret. Others are asked about."""

_KINDS = {
    "pi": IdKind.PAYMENT_INTENT,
    "cs": IdKind.SESSION,
    "ch": IdKind.CHARGE,
    "py": IdKind.CHARGE,
    "re": IdKind.REFUND,
    "pyr": IdKind.REFUND,
    "dp": IdKind.DISPUTE,
    "du": IdKind.DISPUTE,
    "evt": IdKind.EVENT,
}
_NAMES = {
    "re": "a refund",
    "pyr": "a refund",
    "dp": "a dispute",
    "du": "a dispute",
    "evt": "an event",
    "acct": "an account",
    "card": "a card",
    "cn": "a credit note",
    "cus": "a customer",
    "fee": "an application fee",
    "ii": "an invoice item",
    "in": "an invoice",
    "li": "a line item",
    "plink": "a payment link",
    "pm": "a payment method",
    "po": "a payout",
    "price": "a price",
    "prod": "a product",
    "req": "a request",
    "seti": "a setup intent",
    "si": "a subscription item",
    "src": "a source",
    "sub": "a subscription",
    "tok": "a token",
    "tr": "a transfer",
    "txn": "a balance transaction",
    "we": "a webhook endpoint",
}
_ID = re.compile(r"([a-z]+)_\w+", re.ASCII)
_LINK = re.compile(r"://|\A(?:[a-z0-9-]+\.)*stripe\.com\b", re.IGNORECASE)
_PAYMENTS = (IdKind.PAYMENT_INTENT, IdKind.SESSION, IdKind.CHARGE)
_TOO_LONG = f"is longer than {MAX_ID_CHARACTERS} characters, which no id is"
_WANTED = "a payment intent pi_…, a Checkout session cs_… or a charge ch_…"


def holds_secret(text: str) -> bool:
    """Whether a text holds a client secret or a key, which must not be written down, shown or sent anywhere."""
    return "_" in text and SECRET_PATTERN.search(text) is not None


def id_kind(text: str) -> IdKind:
    """What a text names on Stripe, by its prefix; whether there is such an object only Stripe can say."""
    if "_secret_" in text or holds_secret(text):
        return IdKind.SECRET
    if _LINK.search(text):
        return IdKind.LINK
    match = _ID.fullmatch(text)
    if match is None:
        return IdKind.UNKNOWN
    return _KINDS.get(match[1], IdKind.OTHER if match[1] in _NAMES else IdKind.UNKNOWN)


def payment_key_fault(text: str, *, own_keys: bool = False) -> str | None:
    """What speaks against a text as a payment's key, to be read after the name of its field; None for a good one.

    Shape: `own_keys` lets an application's own key pass, such as an order number. Never shows a secret or a link.
    """
    kind, prefix = id_kind(text), text.partition("_")[0]
    if kind in _PAYMENTS:
        return id_length_fault(text)
    if kind is IdKind.SECRET:
        return "holds a client secret or a key, which is kept nowhere: a payment's id ends before _secret_"
    if kind is IdKind.LINK:
        return f"is a link: the payment is the id in it, {_WANTED}"
    if "_" in text and prefix in _NAMES:
        return f"is {_NAMES[prefix]} ({prefix}_…), which is no payment: {_WANTED} is"
    if "_" in text and prefix in _KINDS:
        return f"begins with {prefix}_, but has characters that no id of Stripe's has"
    return id_length_fault(text) if own_keys else f"is no id of a payment on Stripe: {_WANTED} is"


def id_length_fault(text: str) -> str | None:
    """What speaks against the length of an id, Stripe's or an application's; None for a good one."""
    return _TOO_LONG if len(text) > MAX_ID_CHARACTERS else None


def require_payment_key(text: str, name: str) -> str:
    """A text that can name a payment, as it was given. Errors: UsageError saying what it is instead."""
    fault = payment_key_fault(text)
    if fault is not None:
        raise UsageError(
            f"{name} {fault}.",
            code="id.no_payment",
            fix="Copy the payment's id from the Dashboard, or let `creditctl trace` find it by a refund or event.",
        )
    return text


def require_id(text: str, name: str) -> str:
    """A text that may be looked up, as it was given. Errors: UsageError for a secret, a link or a novel, none shown."""
    fault = payment_key_fault(text) if id_kind(text) in (IdKind.SECRET, IdKind.LINK) else id_length_fault(text)
    if fault is not None:
        raise UsageError(f"{name} {fault}.", code="id.no_id", fix="Give the id alone, such as pi_… or cs_….")
    return text
