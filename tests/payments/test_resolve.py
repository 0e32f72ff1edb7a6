"""A finding is credited as it proposes, or dismissed; once, and with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.facts import RefundFact
from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.errors import UsageError
from creditctl.ledger.models import FindingStatus, Outcome
from creditctl.ledger.store import Ledger
from tests.support.clock import NOW
from tests.support.ledger_calls import find, proposal, read, resolved, write

Make = Callable[..., EntryDraft]


def test_crediting_a_finding_posts_its_purchase_and_settles_what_came_before(ledger: Ledger) -> None:
    number = find(ledger, proposal())
    write(ledger).keep_fact(RefundFact("re_1", "pi_1", "ch_1", 400, "usd", "succeeded", 5, 6))
    resolution = resolved(ledger, number, action="credit", reason="asked her", user_id="user1")
    assert resolution.posting is not None
    assert (resolution.posting.outcome, resolution.posting.entry.note) == (Outcome.POSTED, "asked her")
    assert read(ledger).balance("user1") == 600
    (stored,) = read(ledger).findings(FindingStatus.CREDITED)
    assert (stored.reason, stored.entry_id, stored.resolved) == ("asked her", 1, NOW)
    assert read(ledger).findings() == []


def test_dismissing_a_finding_writes_no_entry_and_it_does_not_come_back(ledger: Ledger) -> None:
    number = find(ledger, proposal())
    assert resolved(ledger, number, action="dismiss", reason="a test").posting is None
    find(ledger, proposal())
    assert (read(ledger).count(), read(ledger).findings()) == (0, [])


@pytest.mark.parametrize(
    ("offered", "arguments", "code"),
    [
        (proposal(), {"action": "credit", "reason": " "}, "ledger.reason"),
        (proposal(), {"action": "credit", "reason": "x"}, "ledger.incomplete"),
        (proposal(user_id="a"), {"action": "credit", "reason": "x", "user_id": "b"}, "ledger.other_user"),
        (proposal(credits=None, user_id="a"), {"action": "credit", "reason": "x"}, "ledger.incomplete"),
        (None, {"action": "credit", "reason": "x", "user_id": "a"}, "ledger.no_proposal"),
    ],
)
def test_a_finding_that_cannot_be_credited_stays_open(
    ledger: Ledger, offered: Proposal | None, arguments: dict[str, Any], code: str
) -> None:
    number = find(ledger, offered)
    with pytest.raises(UsageError) as caught:
        resolved(ledger, number, **arguments)
    assert caught.value.code == code
    assert [stored.id for stored in read(ledger).findings()] == [number]


def test_a_finding_is_settled_once_and_only_if_it_is_there(ledger: Ledger) -> None:
    number = find(ledger, proposal())
    resolved(ledger, number, action="dismiss", reason="x")
    for wrong, code in ((number, "ledger.settled"), (99, "ledger.no_finding")):
        with pytest.raises(UsageError) as caught:
            resolved(ledger, wrong, action="dismiss", reason="x")
        assert caught.value.code == code


def test_a_finding_whose_payment_was_credited_otherwise_is_not_credited(ledger: Ledger, purchase: Make) -> None:
    number = find(ledger, proposal())
    write(ledger).post(purchase(user_id="somebody"))
    with pytest.raises(UsageError, match="credited otherwise"):
        resolved(ledger, number, action="credit", reason="x", user_id="user1")
