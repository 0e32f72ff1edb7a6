"""Credits that an application booked itself: by an adjustment, or under the payment's charge; no second credit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.errors import UsageError
from creditctl.core.findings import Finding, Severity
from creditctl.ledger.models import Outcome
from creditctl.ledger.store import Ledger
from creditctl.payments.booked import ChargesUnknown, booked_elsewhere, likely_charge
from creditctl.payments.correct import adjustment
from creditctl.payments.posting_plan import Origin, PlanOutcome, PostingPlan
from creditctl.payments.record import record
from creditctl.payments.resolve import credited_drafts, resolve
from tests.support.ledger_calls import read, write

Make = Callable[..., EntryDraft]


def own(purchase: Make, **changes: Any) -> EntryDraft:
    """A row of the application's own."""
    draft = purchase(**{"session_id": None, **changes})
    return replace(draft, idempotency_key=f"import:app:{draft.payment_key}")


def given(ledger: Ledger, credits: int = 1000, user: str = "user1", corrects: int | None = None) -> int:
    """An adjustment with the payment's key, or one that corrects another; its number."""
    key = None if corrects else "pi_1"
    with ledger.transaction() as tx:
        draft = adjustment(
            tx,
            user_id=user,
            credits=credits,
            reason="r",
            key=f"k{tx.count()}",
            created=1,
            corrects=corrects,
            payment_key=key,
        )
        return tx.post(draft).entry.id


def booked(ledger: Ledger, draft: EntryDraft, charges: frozenset[str] | None = frozenset()) -> Outcome | None:
    with ledger.reading() as view:
        posting = booked_elsewhere(view, draft, charges)
    return None if posting is None else posting.outcome


def test_an_adjustment_with_the_payments_key_has_booked_what_it_gave(ledger: Ledger, purchase: Make) -> None:
    draft = purchase()
    assert booked(ledger, draft) is None
    given(ledger)
    assert booked(ledger, draft) is Outcome.EXISTS


def test_an_adjustment_that_gave_a_part_contradicts(ledger: Ledger, purchase: Make) -> None:
    given(ledger, 400)
    assert booked(ledger, purchase()) is Outcome.CONFLICT


def test_an_adjustment_of_another_user_has_booked_nothing_as_the_judgement_has_it(
    ledger: Ledger, purchase: Make
) -> None:
    given(ledger, user="ben")
    assert booked(ledger, purchase()) is None


def test_an_adjustment_that_was_taken_back_has_booked_nothing(ledger: Ledger, purchase: Make) -> None:
    number = given(ledger)
    given(ledger, -1000, corrects=number)
    assert booked(ledger, purchase()) is None


def test_a_purchase_under_a_charge_is_found_by_the_names_of_the_charges(ledger: Ledger, purchase: Make) -> None:
    write(ledger).post(own(purchase, payment_key="ch_1"))
    assert booked(ledger, purchase(), frozenset({"ch_0", "ch_1"})) is Outcome.EXISTS
    assert booked(ledger, purchase(), frozenset({"ch_2"})) is None
    with pytest.raises(ChargesUnknown):
        booked(ledger, purchase(), None)


def test_charges_are_only_asked_for_where_entries_name_some(ledger: Ledger, purchase: Make) -> None:
    write(ledger).post(own(purchase, payment_key="order-17"))
    assert booked(ledger, purchase(), None) is None


def test_a_payment_with_its_own_purchase_is_left_to_posting(ledger: Ledger, purchase: Make) -> None:
    write(ledger).post(purchase())
    write(ledger).post(own(purchase, payment_key="ch_1"))
    assert booked(ledger, purchase(), None) is None


@pytest.mark.parametrize("origin", [Origin.EVENT, Origin.REPAIR, Origin.DECISION])
def test_whoever_asks_what_was_booked_otherwise_is_not_credited_again(
    ledger: Ledger, purchase: Make, origin: Origin
) -> None:
    given(ledger, 400)
    planned = PostingPlan(
        origin, PlanOutcome.POSTED, payment_key="pi_1", entry=purchase(), source_event="evt_1", charges=frozenset()
    )
    for _ in range(2):
        with ledger.transaction() as tx:
            answer = record(tx, planned)
        assert (answer.outcome, answer.entries) == (PlanOutcome.CONFLICT, ())
    codes = [each.finding.code for each in read(ledger).findings()]
    assert codes == (["fulfilment.conflict"] if origin is Origin.EVENT else []), "once, and nobody else is told"
    assert read(ledger).balance("user1") == 400


def found(ledger: Ledger) -> int:
    finding = Finding("fulfilment.quantity", Severity.HIGH, "pi_1", "Sold twice.", "`resolve {id}`")
    proposal = Proposal("pi_1", "cs_1", "user1", 1000, 1000, "usd", "starter", 5)
    with ledger.transaction() as tx:
        return tx.add_finding(finding, payment_key="pi_1", proposal=proposal)


@pytest.mark.parametrize("key", ["pi_1", "ch_1"])
def test_a_person_does_not_credit_what_was_booked(ledger: Ledger, purchase: Make, key: str) -> None:
    number = found(ledger)
    if key == "pi_1":
        given(ledger)
    else:
        write(ledger).post(own(purchase, payment_key=key))
    with ledger.transaction() as tx:
        with pytest.raises(UsageError) as unasked:
            credited_drafts(tx, number, reason="r")
        with pytest.raises(UsageError) as refused:
            resolve(tx, number, action="credit", reason="r")
    assert (unasked.value.code, refused.value.code) == ("ledger.conflict", "ledger.conflict")
    assert read(ledger).balance("user1") == 1000


def test_a_charge_of_other_credits_or_of_another_user_is_no_likely_one(ledger: Ledger, purchase: Make) -> None:
    write(ledger).post(own(purchase, payment_key="ch_1", credits=900))
    write(ledger).post(own(purchase, payment_key="ch_2", user_id="ben"))
    with ledger.reading() as view:
        assert likely_charge(view, purchase()) is None
