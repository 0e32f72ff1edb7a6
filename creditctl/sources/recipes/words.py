"""Usual words of applications for kinds and statuses, as recipes and guesses know them."""

from __future__ import annotations

from collections.abc import Mapping

from creditctl.core.project_file.source import RowStatus

USUAL_KINDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("purchase", "purchased", "topup", "top_up", "top-up", "deposit", "buy", "bought", "payment", "stripe_purchase",
         "credit_purchase", "auto_topup", "recharge", "checkout"),
        "purchase",
    ),
    **dict.fromkeys(
        ("usage", "use", "used", "spend", "spent", "debit", "charge", "consume", "consumption", "consumed", "deduct",
         "deduction", "withdraw", "generation", "api_call", "job"),
        "usage",
    ),
    **dict.fromkeys(("refund", "refunded", "clawback", "payment_refund", "stripe_refund"), "refund"),
    **dict.fromkeys(("chargeback", "dispute", "disputed"), "dispute"),
    **dict.fromkeys(
        ("dispute_won", "dispute_reversal", "chargeback_reversal", "reinstate", "reinstated"),
        "dispute_reversal",
    ),
    **dict.fromkeys(("refund_reversal", "refund_failed"), "refund_reversal"),
    **dict.fromkeys(
        ("adjustment", "adjust", "bonus", "grant", "gift", "promo", "promotion", "admin", "manual", "signup",
         "signup_bonus", "welcome", "referral", "correction", "expire", "expired", "expiry", "transfer", "reward",
         "trial", "usage_refund"),
        "adjustment",
    ),
}  # fmt: skip
"""Their words, in lower case, for our kinds."""

USUAL_STATUSES: Mapping[str, RowStatus] = {
    **dict.fromkeys(
        ("done", "completed", "complete", "succeeded", "success", "successful", "paid", "confirmed", "captured",
         "posted", "settled", "ok", "active", "true", "1", "approved", "finished"),
        RowStatus.DONE,
    ),
    **dict.fromkeys(
        ("pending", "processing", "created", "open", "initiated", "new", "waiting", "unpaid", "requires_payment",
         "in_progress", "false", "0", "draft", "started"),
        RowStatus.PENDING,
    ),
    **dict.fromkeys(
        ("void", "voided", "failed", "failure", "canceled", "cancelled", "expired", "deleted", "rejected", "error",
         "abandoned", "refunded", "reversed"),
        RowStatus.VOID,
    ),
}  # fmt: skip
"""Their words, in lower case, for what a status means."""
