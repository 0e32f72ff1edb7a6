"""What one list says of another: named and not shown is lacking, but nothing healthy is."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.core.when import Window
from creditctl.payments.reading.list_contents import ListContents
from creditctl.payments.reading.stripe_reader import BALANCE, DISPUTES, INTENTS, REFUNDS, SESSIONS
from creditctl.reconciliation.reach import Reach
from creditctl.reconciliation.tie_out import Lack, gap_sentences, tie_out
from tests.support.clock import NOW

DAY = 86_400
OLD = NOW - 5 * DAY
Body = dict[str, Any]


def paid(**changes: Any) -> dict[str, list[Body]]:
    """One payment of which every list tells the same; `changes` are of its charge."""
    charge = {"id": "ch_1", "created": OLD, "status": "succeeded", "currency": "usd", "amount": 1000}
    charge |= {"amount_captured": 1000, "amount_refunded": 0, "disputed": False, "balance_transaction": "txn_1"}
    intent = {"id": "pi_1", "created": OLD, "status": "succeeded", "latest_charge": {**charge, **changes}}
    source = {"id": "ch_1", "created": OLD, "payment_intent": "pi_1"}
    return {
        SESSIONS: [{"id": "cs_1", "created": OLD, "payment_intent": "pi_1"}],
        INTENTS: [intent],
        REFUNDS: [],
        DISPUTES: [],
        BALANCE: [moved("txn_1", source, 1000)],
    }


def moved(name: str, source: Any, amount: int, type_: str = "charge", **changes: Any) -> Body:
    known = {"id": name, "created": OLD, "type": type_, "source": source, "amount": amount, "currency": "usd"}
    return {**known, "exchange_rate": None, **changes}


def refund(**changes: Any) -> Body:
    known = {"id": "re_1", "created": OLD, "charge": "ch_1", "payment_intent": "pi_1", "status": "succeeded"}
    return {**known, "amount": 400, "currency": "usd", "balance_transaction": "txn_2", **changes}


def refunded(amount: int = 400, **changes: Any) -> dict[str, list[Body]]:
    """The same, a part of it refunded."""
    lists = paid(amount_refunded=amount)
    lists[REFUNDS] = [refund(**changes)]
    lists[BALANCE].append(moved("txn_2", lists[REFUNDS][0], -400, "refund"))
    return lists


def untied(
    lists: dict[str, list[Body]], window: Window | None = None, now: int = NOW, *, readable: bool = True
) -> list[tuple[str, str, str]]:
    contents = ListContents(readable=readable)
    for path, bodies in lists.items():
        for body in bodies:
            contents.note(path, body)
    found = tie_out(contents, Reach(window or Window()), now)
    return sorted({("lack" if isinstance(each, Lack) else "ask", each.path, each.id) for each in found})


def test_what_agrees_ties() -> None:
    assert untied(paid()) == []
    assert untied(refunded()) == []


@pytest.mark.parametrize(
    ("path", "untied_by_it"),
    [
        (SESSIONS, [("ask", SESSIONS, "pi_1")]),
        (INTENTS, [("ask", INTENTS, "pi_1"), ("lack", INTENTS, "pi_1")]),
        (REFUNDS, [("lack", REFUNDS, "ch_1"), ("lack", REFUNDS, "re_1")]),
        (BALANCE, [("lack", BALANCE, "txn_1"), ("lack", BALANCE, "txn_2")]),
    ],
)
def test_each_list_is_missed(path: str, untied_by_it: list[tuple[str, str, str]]) -> None:
    assert untied({**refunded(), path: []}) == untied_by_it


def test_a_dispute_is_missed_by_its_charge_and_by_its_money() -> None:
    lists = paid(disputed=True)
    assert untied(lists) == [("lack", DISPUTES, "ch_1")]
    source = {"id": "du_1", "created": OLD, "payment_intent": "pi_1"}
    lists = paid()
    lists[BALANCE].append(moved("txn_3", source, -1000, "adjustment"))
    assert untied(lists) == [("lack", DISPUTES, "du_1")]


def test_without_balance_transactions_the_lists_tie_each_other() -> None:
    assert untied({**refunded(), BALANCE: []}, readable=False) == []
    assert untied({**refunded(), BALANCE: [], REFUNDS: []}, readable=False) == [("lack", REFUNDS, "ch_1")]


def test_half_of_the_refunds_is_not_all_of_them() -> None:
    assert untied(refunded(amount=800)) == [("lack", REFUNDS, "ch_1")]


def test_a_refund_made_while_the_lists_were_read_is_none_too_many() -> None:
    assert untied(refunded(amount=0)) == []


def test_a_refund_that_fell_through_is_still_there() -> None:
    lists = refunded(amount=0, status="failed", failure_balance_transaction="txn_9")
    lists[BALANCE].append(moved("txn_9", lists[REFUNDS][0], 400, "refund_failure"))
    assert untied(lists) == []
    del lists[BALANCE][-1]
    assert untied(lists) == [("lack", BALANCE, "txn_9")]


@pytest.mark.parametrize("counted", [0, 300])
def test_what_was_authorised_and_never_captured_is_no_lost_refund(counted: int) -> None:
    """Whether the rest of a partial capture counts as refunded is unconfirmed: either ties."""
    lists = paid(amount_captured=700, amount_refunded=counted)
    lists[BALANCE] = [moved("txn_1", {"id": "ch_1", "created": OLD, "payment_intent": "pi_1"}, 700)]
    assert untied(lists) == []


@pytest.mark.parametrize("amount", [999, 1001, 2000])
def test_what_moved_comes_to_the_amount(amount: int) -> None:
    lists = paid()
    lists[BALANCE][0]["amount"] = amount
    assert untied(lists) == [("lack", BALANCE, "ch_1")]


@pytest.mark.parametrize("changes", [{"exchange_rate": 0.9}, {"currency": "eur", "exchange_rate": 0.9}])
def test_exchanged_money_is_tied_by_its_source_only(changes: Body) -> None:
    lists = paid()
    lists[BALANCE][0] |= {"amount": 900, **changes}
    assert untied(lists) == []


def test_captures_of_one_charge_are_added_up() -> None:
    lists = paid()
    source = lists[BALANCE][0]["source"]
    lists[BALANCE] = [moved("txn_1", source, 600), moved("txn_8", source, 400)]
    assert untied(lists) == []


@pytest.mark.parametrize(("age", "lacks"), [(60, []), (3601, [("lack", BALANCE, "txn_1")])])
def test_a_balance_transaction_of_the_last_hour_may_be_on_its_way(age: int, lacks: list[tuple[str, str, str]]) -> None:
    lists = {**paid(created=NOW - age), BALANCE: []}
    assert untied(lists) == lacks


def test_only_the_newest_are_on_their_way() -> None:
    """A hole among those that are listed is none that fills by itself."""
    lists = paid(created=NOW - 60)
    lists[BALANCE] = [moved("txn_po", "po_1", -5, "payout", created=NOW - 30)]
    assert untied(lists) == [("lack", BALANCE, "txn_1")]


def test_a_charge_that_names_no_balance_transaction_yet_ties() -> None:
    assert untied({**paid(balance_transaction=None), BALANCE: []}) == []


@pytest.mark.parametrize(
    "source", ["po_1", "tr_1", None, {"id": "ch_bare", "created": OLD, "payment_intent": None}, {"id": "re_bare"}]
)
def test_what_belongs_to_no_payment_intent_is_not_missed(source: Body | str | None) -> None:
    lists = paid()
    lists[BALANCE].append(moved("txn_5", source, 5, "payout"))
    assert untied(lists) == []


def test_a_source_that_is_not_shown_is_asked_for() -> None:
    lists = paid()
    lists[BALANCE] += [moved("txn_5", "ch_5", 5), moved("txn_6", "re_6", 5, "refund"), moved("txn_7", "du_7", 5)]
    assert untied(lists) == [("ask", "charges", "ch_5"), ("ask", DISPUTES, "du_7"), ("ask", REFUNDS, "re_6")]


def test_beside_a_window_older_and_younger_payments_are_not_missed() -> None:
    window = Window(NOW - 3 * DAY, NOW - DAY)
    lists = paid()
    older = {"id": "re_0", "created": NOW - 9 * DAY, "payment_intent": "pi_0"}
    young = {"id": "ch_9", "created": NOW, "payment_intent": "pi_9"}
    lists[BALANCE] += [moved("txn_5", older, 5, "refund"), moved("txn_6", young, 5, created=NOW)]
    lists[REFUNDS] = [refund(id="re_8", payment_intent="pi_0", charge="ch_0", balance_transaction=None)]
    lists[INTENTS].append({"id": "pi_early", "created": window.since or 0 - 60, "status": "succeeded"})
    lists[INTENTS][-1]["created"] = NOW - 3 * DAY - 60
    assert untied(lists, window) == []


def test_objects_that_are_none_of_stripes_tie_nothing() -> None:
    assert untied({SESSIONS: [{"id": 5, "created": OLD}, {"created": OLD}, {"id": "cs_1"}]}) == []


def test_sentences_name_what_is_missing_as_far_as_a_person_reads() -> None:
    lacks = [Lack(REFUNDS, f"re_{n}", "refunds that charges count, of", OLD) for n in range(7)]
    assert gap_sentences([*lacks, lacks[0]]) == (
        "Stripe's list of refunds lacks refunds that charges count, of: re_0, re_1, re_2, re_3, re_4 and 2 more",
    )
    assert gap_sentences([]) == ()
