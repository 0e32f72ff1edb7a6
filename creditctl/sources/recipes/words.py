"""Usual words of applications for kinds and statuses, as recipes and guesses know them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from creditctl.core.project_file.source import RowStatus

USUAL_KINDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("purchase", "purchased", "topup", "top_up", "top-up", "deposit", "buy", "bought", "payment", "stripe_purchase",
         "credit_purchase", "auto_topup", "auto_purchase", "auto_recharge", "recharge", "checkout"),
        "purchase",
    ),
    **dict.fromkeys(
        ("usage", "use", "used", "spend", "spent", "debit", "charge", "consume", "consumption", "consumed", "deduct",
         "deduction", "withdraw", "generation", "inference", "api_call", "job"),
        "usage",
    ),
    **dict.fromkeys(("refund", "refunded", "clawback", "payment_refund", "stripe_refund", "topup_refund",
            "purchase_refund"), "refund"),
    **dict.fromkeys(("chargeback", "dispute", "disputed"), "dispute"),
    **dict.fromkeys(
        ("dispute_won", "won", "dispute_reversal", "dispute_reversed", "chargeback_reversal", "chargeback_reversed",
         "reinstate", "reinstated"),
        "dispute_reversal",
    ),
    **dict.fromkeys(("refund_reversal", "refund_failed"), "refund_reversal"),
    **dict.fromkeys(
        ("adjustment", "adjust", "bonus", "grant", "granted", "gift", "promo", "promotion", "admin", "manual", "signup",
         "signup_bonus", "welcome", "referral", "correction", "expire", "expired", "expiry", "transfer", "reward",
         "trial", "usage_refund"),
        "adjustment",
    ),
}  # fmt: skip
"""Their words, in lower case, for our kinds."""

_DISPUTE = frozenset(("dispute", "disputed", "chargeback"))
_REFUND = frozenset(("refund", "refunded", "clawback"))
_BACK = frozenset(("won", "reversal", "reversed", "reinstate", "reinstated", "returned", "release", "released", "undo"))
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def kind_by_parts(word: str, *, negative: bool) -> str | None:
    """Our kind for a word of several parts, such as `Credit::ChargebackReversed`; it tells only what takes back.

    Shape: `negative` says that most of its rows take credits.
    """
    parts = {part.lower() for part in _PARTS.findall(word)}
    about = "dispute" if parts & _DISPUTE else "refund" if parts & _REFUND else None
    if about is None:
        return None
    if negative:
        return about
    return f"{about}_reversal" if parts & (_BACK | {"failed"}) else None


USUAL_STATUSES: Mapping[str, RowStatus] = {
    **dict.fromkeys(
        ("done", "t", "completed", "complete", "succeeded", "success", "successful", "paid", "confirmed", "captured",
         "posted", "settled", "ok", "active", "true", "1", "approved", "finished"),
        RowStatus.DONE,
    ),
    **dict.fromkeys(
        ("pending", "processing", "created", "open", "initiated", "new", "waiting", "unpaid", "requires_payment",
         "in_progress", "false", "f", "0", "draft", "started"),
        RowStatus.PENDING,
    ),
    **dict.fromkeys(
        ("void", "voided", "failed", "failure", "canceled", "cancelled", "expired", "deleted", "rejected", "error",
         "abandoned", "refunded", "reversed"),
        RowStatus.VOID,
    ),
}  # fmt: skip
"""Their words, in lower case, for what a status means."""
