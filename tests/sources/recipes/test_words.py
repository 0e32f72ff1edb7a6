"""Words of several parts say what takes back and what is given back; everything else is told by its rows."""

from __future__ import annotations

import pytest

from creditctl.sources.recipes.words import kind_by_parts


@pytest.mark.parametrize(
    ("word", "negative", "kind"),
    [
        ("chargeback_reversed", False, "dispute_reversal"),
        ("Credit::DisputeWon", False, "dispute_reversal"),
        ("STRIPE_CHARGEBACK", True, "dispute"),
        ("credit_pack_refund", True, "refund"),
        ("refundFailed", False, "refund_reversal"),
        ("usage_refund", False, None),
        ("credit_pack_purchase", False, None),
    ],
)
def test_what_a_word_says(word: str, negative: bool, kind: str | None) -> None:
    assert kind_by_parts(word, negative=negative) == kind
