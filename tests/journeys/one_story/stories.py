"""What can be said of a payment, and what each finding code says of it."""

from __future__ import annotations

from enum import StrEnum


class Story(StrEnum):
    """What is said of a payment, in one word; QUIET says nothing of it, which only some may."""

    HEALTHY = "healthy"
    MISSING = "missing"
    IN_FLIGHT = "in flight"
    WAITING = "waiting"
    NOT_OURS = "not ours"
    DECIDE = "decide"
    WRONG = "wrong"
    QUIET = "quiet"


_CODES = {
    Story.MISSING: (
        "missing_credit",
        "pending_not_completed",
        "refund_not_taken",
        "refund_failed_not_returned",
        "dispute_not_held",
        "dispute_won_not_returned",
        "dispute_lost_not_taken",
    ),
    Story.WRONG: (
        "orphan_credit",
        "not_paid_credit",
        "wrong_user",
        "mode_mix",
        "duplicate_credit",
        "wrong_amount",
        "undecided_credit",
        "refund_over_taken",
        "refund_over_returned",
        "clawback_without_credit",
        "clawback_wrong_user",
        "amount_mismatch",
        "currency_mismatch",
        "package_mismatch",
        "credited_before_paid",
    ),
    Story.DECIDE: (
        "unattributed_payment",
        "owner_conflict",
        "owner_missing",
        "owner_unusable",
        "price_mismatch",
        "quantity",
        "partial_capture",
        "line_items",
        "price_metadata",
        "price_terms",
        "credits_unsaid",
        "outside_period",
        "currency",
    ),
    Story.IN_FLIGHT: ("in_flight",),
    Story.NOT_OURS: ("not_ours_credit", "payment_by_hand"),
}

STORIES = {code: story for story, codes in _CODES.items() for code in codes}
"""What each finding code says of a payment."""

ABOUT_NO_PAYMENT = {
    *(
        "pull_incomplete",
        "unreadable_object",
        "settled_finding",
        "ledger_tampered",
        "mapping_fault",
        "negative_balance",
        "run_failed",
    ),
    *("refund_pending", "double_payment", "fraud_warning"),
}
"""What says nothing of how one payment stands: it is about the reading, the books, a user, or may come to something."""

OF_ROWS_ONLY = {"row_changed", "row_gone", "user_mapping", "balance_mismatch"}
"""What is said of an application's own rows, never of a ledger: planted in tests/journeys/existing_shop."""
