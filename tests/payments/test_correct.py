"""A correction by hand needs a reason, and happens once a key."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.errors import UsageError
from creditctl.ledger.models import Outcome, Posting
from creditctl.ledger.store import Ledger
from tests.support.ledger_calls import adjusted, read


def test_adjusting_needs_a_reason_and_happens_once_a_key(ledger: Ledger) -> None:
    def adjust(**changes: Any) -> Posting:
        usual: dict[str, Any] = {"user_id": "user1", "credits": -5, "reason": "ticket 7", "key": "t7"}
        return adjusted(ledger, **usual | changes)

    assert adjust().outcome is Outcome.POSTED
    assert adjust().outcome is Outcome.EXISTS
    assert adjust(credits=5).outcome is Outcome.CONFLICT
    for wrong in ({"reason": " "}, {"credits": 0}, {"key": "t8", "corrects": 99}):
        with pytest.raises(UsageError):
            adjust(**wrong)
    (entry,) = read(ledger).entries()
    assert (entry.kind, entry.credits, entry.note, entry.idempotency_key) == (
        EntryKind.ADJUSTMENT,
        -5,
        "ticket 7",
        "adjustment:t7",
    )
