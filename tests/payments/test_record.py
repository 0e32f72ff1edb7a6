"""The recorder: one plan is written once, whole, whoever asks; and what contradicts the ledger writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.facts import RefundFact
from creditctl.core.entitlement.settlement import EntryDraft
from creditctl.core.errors import UsageError
from creditctl.core.findings import Finding, Severity
from creditctl.ledger.models import Outcome
from creditctl.ledger.store import Ledger
from creditctl.payments.posting_plan import Origin, PlanOutcome, PostingPlan
from creditctl.payments.record import Recorded, record
from tests.support.ledger_calls import read, write

Make = Callable[..., EntryDraft]
FINDING = Finding("fulfilment.quantity", Severity.HIGH, "pi_1", "Sold twice.", "`resolve {id}`")
PROPOSAL = Proposal("pi_1", "cs_1", "user1", 2000, 2000, "usd", "starter", 5)
ORIGINS = tuple(Origin)


def refund(amount: int = 300, name: str = "re_1", status: str = "succeeded", payment: str = "pi_1") -> RefundFact:
    return RefundFact(name, payment, "ch_1", amount, "usd", status, 5, 6)


def plan(origin: Origin = Origin.EVENT, **changes: Any) -> PostingPlan:
    return replace(PostingPlan(origin, PlanOutcome.POSTED, payment_key="pi_1", source_event="evt_1"), **changes)


def recorded(ledger: Ledger, planned: PostingPlan) -> Recorded:
    with ledger.transaction() as tx:
        return record(tx, planned)


@pytest.mark.parametrize("origin", ORIGINS)
def test_whoever_asks_a_purchase_and_its_facts_are_written_once(ledger: Ledger, purchase: Make, origin: Origin) -> None:
    planned = plan(origin, entry=purchase(), facts=(refund(300), refund(100, "re_2", "failed")))
    first, second = recorded(ledger, planned), recorded(ledger, planned)
    assert (first.outcome, [entry.credits for entry in first.entries]) == (PlanOutcome.POSTED, [1000, -300])
    assert (second.outcome, second.entries, second.entry) == (PlanOutcome.EXISTS, (), first.entries[0])
    assert len(read(ledger).facts("pi_1")) == 2


def test_the_answer_to_a_posting_is_about_the_purchase_not_about_what_was_settled_with_it(
    ledger: Ledger, purchase: Make
) -> None:
    write(ledger).post(purchase())
    again = recorded(ledger, plan(Origin.DECISION, entry=purchase(), facts=(refund(),)))
    assert again.outcome is PlanOutcome.POSTED, "its refund was"
    assert again.posting is not None
    assert (again.posting.outcome, again.posting.entry.credits) == (Outcome.EXISTS, 1000)


@pytest.mark.parametrize("origin", ORIGINS)
def test_what_contradicts_the_ledger_writes_no_entry(ledger: Ledger, purchase: Make, origin: Origin) -> None:
    write(ledger).post(purchase())
    answer = recorded(ledger, plan(origin, entry=purchase(user_id="thief"), facts=(refund(),)))
    assert (answer.outcome, answer.entries) == (PlanOutcome.CONFLICT, ())
    assert answer.posting is not None
    assert (answer.posting.outcome, answer.posting.entry.user_id) == (Outcome.CONFLICT, "user1")
    assert (read(ledger).count(), read(ledger).facts()) == (1, [])
    codes = [each.finding.code for each in read(ledger).findings()]
    assert codes == (["fulfilment.conflict"] if origin is Origin.EVENT else []), "nobody else is told of an event"


def test_facts_that_an_event_reports_are_each_the_cause_of_their_difference(ledger: Ledger, purchase: Make) -> None:
    write(ledger).post(purchase())
    answer = recorded(ledger, plan(facts=(refund(300), refund(700, "re_2"))))
    assert [(entry.object_id, entry.credits) for entry in answer.entries] == [("re_1", -300), ("re_2", -700)]
    assert recorded(ledger, plan(facts=(refund(300),))).outcome is PlanOutcome.EXISTS


def test_a_fact_before_its_purchase_is_kept(ledger: Ledger) -> None:
    assert recorded(ledger, plan(facts=(refund(),))) == Recorded(PlanOutcome.FACT)
    assert [stored.source_event for stored in read(ledger).facts()] == ["evt_1"]


def test_a_fact_under_a_taken_id_is_a_finding_of_an_event_and_an_error_for_whoever_else_asks(ledger: Ledger) -> None:
    write(ledger).keep_fact(refund(payment="pi_2"))
    answer = recorded(ledger, plan(facts=(refund(),)))
    assert (answer.outcome, answer.finding_id) == (PlanOutcome.FINDING, 1)
    assert [each.finding.code for each in read(ledger).findings()] == ["fulfilment.other_fact"]
    with pytest.raises(UsageError):
        recorded(ledger, plan(Origin.REPAIR, facts=(refund(),)))


def test_a_finding_is_kept_instead_unless_what_it_proposes_was_credited_meanwhile(
    ledger: Ledger, purchase: Make
) -> None:
    planned = plan(finding=FINDING, proposal=PROPOSAL, outcome=PlanOutcome.FINDING)
    assert recorded(ledger, planned) == Recorded(PlanOutcome.FINDING, finding=FINDING, finding_id=1)
    assert recorded(ledger, planned).finding_id == 1, "once"
    posting = write(ledger).post(purchase())
    assert recorded(ledger, planned) == Recorded(PlanOutcome.EXISTS, entry=posting.entry)


@pytest.mark.parametrize("outcome", [PlanOutcome.IGNORED, PlanOutcome.NOT_OURS, PlanOutcome.WAITING])
def test_a_plan_of_nothing_writes_nothing(ledger: Ledger, outcome: PlanOutcome) -> None:
    assert recorded(ledger, PostingPlan(Origin.EVENT, outcome, reason="because")) == Recorded(outcome)
    assert read(ledger).count() == 0


def test_an_adjustment_settles_no_refund(ledger: Ledger, purchase: Make) -> None:
    write(ledger).post(purchase())
    write(ledger).keep_fact(refund())
    recorded(ledger, PostingPlan(Origin.CORRECTION, PlanOutcome.POSTED, entry=purchase(2)))
    assert [entry.credits for entry in read(ledger).entries()] == [1000, 1000]


def test_a_plan_can_be_printed_and_compared(purchase: Make) -> None:
    planned = plan(entry=purchase(), facts=(refund(),))
    assert planned == plan(entry=purchase(), facts=(refund(),))
    assert planned != plan(entry=purchase(), facts=(refund(301),))
    assert "purchase:pi_1" in repr(planned)
    assert len({planned, plan(entry=purchase(), facts=(refund(),))}) == 1
