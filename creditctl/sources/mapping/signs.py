"""Signs of kinds, and a row that is none of a source's."""

from __future__ import annotations

from typing import NamedTuple

from creditctl.core.entitlement.settlement import EntryKind

GIVES = frozenset((EntryKind.PURCHASE, EntryKind.REFUND_REVERSAL, EntryKind.DISPUTE_REVERSAL))
"""Kinds that give credits, and money where they have an amount."""

TAKES = frozenset((EntryKind.REFUND, EntryKind.DISPUTE, EntryKind.USAGE))
"""Kinds that take credits. An adjustment is neither: it keeps the sign of its row."""


class Outside(NamedTuple):
    """A row that is none of a source's: `where` does not hold for it, or no kind fits and those are ignored."""

    row_id: str
