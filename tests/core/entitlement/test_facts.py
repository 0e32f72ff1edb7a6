"""Facts say the same in whatever order their tellings are merged."""

from __future__ import annotations

import itertools
from functools import reduce
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.entitlement.facts import (
    DisputeFact,
    Fact,
    MalformedFact,
    RefundFact,
    SessionFacts,
)

WITHDRAWN = {"id": "txn_1", "amount": -1000, "currency": "usd"}
REINSTATED = {"id": "txn_2", "amount": 1000, "currency": "usd"}
AGAIN = {"id": "txn_3", "amount": -1000, "currency": "usd"}


def refund(status: str | None, observed: int = 10, **changes: Any) -> RefundFact:
    data = {
        "object": "refund",
        "id": "re_1",
        "payment_intent": "pi_1",
        "charge": "ch_1",
        "amount": 400,
        "currency": "usd",
        "status": status,
        "created": 5,
    }
    fact = RefundFact.from_stripe(data | changes, observed)
    assert fact is not None
    return fact


def dispute(status: str, observed: int = 10, event_type: str | None = None, **changes: Any) -> DisputeFact:
    data = {
        "object": "dispute",
        "id": "dp_1",
        "payment_intent": {"id": "pi_1"},
        "charge": "ch_1",
        "amount": 1000,
        "currency": "usd",
        "status": status,
        "created": 5,
    }
    fact = DisputeFact.from_stripe(data | changes, observed, event_type)
    assert fact is not None
    return fact


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        ("pending", 400),
        ("requires_action", 400),
        ("succeeded", 400),
        (None, 400),
        ("a_status_of_the_future", 400),
        ("failed", 0),
        ("canceled", 0),
    ],
)
def test_a_refund_counts_unless_it_failed_or_was_canceled(status: str | None, counted: int) -> None:
    assert refund(status).counted == counted


def test_a_failed_refund_stays_failed_though_an_older_telling_comes_later() -> None:
    failed, stale = refund("failed", observed=11), refund("succeeded", observed=12)
    assert failed.merge(stale).counted == stale.merge(failed).counted == 0


@pytest.mark.parametrize(
    ("status", "event_type", "shown", "counted"),
    [
        ("warning_needs_response", "charge.dispute.created", [], 0),
        ("warning_needs_response", "charge.dispute.created", None, 0),
        ("warning_closed", "charge.dispute.closed", [], 0),
        ("prevented", "charge.dispute.created", [], 0),
        ("lost", "charge.dispute.closed", [], 0),
        ("lost", "charge.dispute.closed", None, 1000),
        ("needs_response", "charge.dispute.created", [], 0),
        ("needs_response", "charge.dispute.created", None, 1000),
        ("needs_response", "charge.dispute.created", [WITHDRAWN], 1000),
        ("needs_response", "charge.dispute.funds_withdrawn", [], 1000),
        ("needs_response", "charge.dispute.funds_withdrawn", ["txn_1"], 1000),
        ("under_review", "charge.dispute.updated", [WITHDRAWN], 1000),
        ("under_review", "charge.dispute.funds_reinstated", [WITHDRAWN, REINSTATED], 0),
        ("won", "charge.dispute.closed", [WITHDRAWN], 0),
        ("won", "charge.dispute.closed", None, 0),
        ("won", "charge.dispute.closed", [WITHDRAWN, {**REINSTATED, "amount": 600}], 400),
        ("lost", "charge.dispute.closed", [WITHDRAWN, REINSTATED, AGAIN], 1000),
    ],
)
def test_a_dispute_counts_as_far_as_it_holds_funds(
    status: str, event_type: str, shown: list[Any] | None, counted: int
) -> None:
    assert dispute(status, event_type=event_type, balance_transactions=shown).counted == counted


def test_movements_in_another_currency_are_counted_not_summed() -> None:
    there = {"id": "txn_1", "amount": -1100, "currency": "eur"}
    back = {"id": "txn_2", "amount": 1080, "currency": "eur"}
    assert dispute("needs_response", balance_transactions=[there]).counted == 1000
    assert dispute("won", balance_transactions=[there, back]).counted == 0


LIFE_WITHOUT_MOVEMENTS = [
    dispute("warning_needs_response", 10, "charge.dispute.created"),
    dispute("needs_response", 11, "charge.dispute.updated"),
    dispute("needs_response", 11, "charge.dispute.funds_withdrawn"),
    dispute("won", 11, "charge.dispute.funds_reinstated"),
    dispute("won", 11, "charge.dispute.closed"),
]


def test_a_dispute_won_within_one_second_is_won_in_every_order() -> None:
    ends = {reduce(DisputeFact.merge, order) for order in itertools.permutations(LIFE_WITHOUT_MOVEMENTS)}
    assert [end.counted for end in ends] == [0]


statuses = st.sampled_from(["pending", "requires_action", "succeeded", "canceled", "failed", "unheard_of"])
refunds = st.builds(refund, statuses, st.integers(1, 5), amount=st.sampled_from([400, 500]))
moves = st.lists(st.sampled_from([WITHDRAWN, REINSTATED, AGAIN]), unique_by=lambda move: str(move["id"]))
disputes = st.builds(
    dispute,
    st.sampled_from(["warning_needs_response", "needs_response", "under_review", "lost", "won"]),
    st.integers(1, 5),
    st.sampled_from(
        [
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.funds_reinstated",
            "charge.dispute.closed",
            None,
        ]
    ),
    balance_transactions=st.none() | moves,
    amount=st.sampled_from([900, 1000]),
)


@given(st.lists(refunds, min_size=1, max_size=5) | st.lists(disputes, min_size=1, max_size=5), st.randoms())
def test_merging_is_commutative_associative_and_idempotent(observations: list[Any], random: Random) -> None:
    shuffled = [*observations, *observations]
    random.shuffle(shuffled)
    cut = random.randrange(1, len(shuffled))
    left: Fact = reduce(lambda one, other: one.merge(other), shuffled[:cut])
    right: Fact = reduce(lambda one, other: one.merge(other), shuffled[cut:])
    assert left.merge(right) == reduce(lambda one, other: one.merge(other), observations)  # type: ignore[arg-type]


def test_what_belongs_to_no_payment_intent_is_no_fact_of_ours() -> None:
    assert RefundFact.from_stripe({"id": "re_1", "payment_intent": None}, 1) is None
    assert DisputeFact.from_stripe({"id": "dp_1"}, 1) is None


@pytest.mark.parametrize(
    "changes", [{"amount": None}, {"amount": True}, {"amount": "400"}, {"id": ""}, {"currency": None}]
)
def test_a_refund_that_lacks_what_it_must_have_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedFact):
        refund("succeeded", **changes)


def test_a_setup_session_has_no_amounts_and_is_still_read() -> None:
    facts = SessionFacts.from_stripe({"id": "cs_1", "mode": "setup", "amount_total": None, "created": 1})
    assert (facts.mode, facts.amount_total) == ("setup", 0)


@pytest.mark.parametrize("amount", [-1, 10**20, 1.0, True, "1000", None])
def test_an_amount_that_no_payment_has_is_malformed(amount: object) -> None:
    with pytest.raises(MalformedFact):
        refund("succeeded", amount=amount)
    with pytest.raises(MalformedFact):
        dispute("needs_response", amount=amount)


def test_metadata_that_is_no_text_is_not_there() -> None:
    metadata = {"managed_by": "creditctl", "user_id": 42, "package": ["starter"], "credits": 1000}
    facts = SessionFacts.from_stripe({"id": "cs_1", "mode": "setup", "created": 1, "metadata": metadata})
    assert facts.metadata == {"managed_by": "creditctl"}
    assert SessionFacts.from_stripe({"id": "cs_1", "mode": "setup", "created": 1, "metadata": ["a"]}).metadata == {}
