"""Writing transaction: what is posted, kept, settled and resolved, once; and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from creditctl.core.entitlement.decision import Proposal
from creditctl.core.entitlement.facts import RefundFact
from creditctl.core.entitlement.settlement import EntryDraft, EntryKind, KeyScheme, idempotency_key
from creditctl.core.errors import UsageError
from creditctl.core.findings import Finding, Severity
from creditctl.ledger.models import FindingStatus, Outcome, Posting
from creditctl.ledger.store import Ledger
from creditctl.ledger.transaction import SELECT_SAME_PURCHASE
from tests.support.ledger_calls import read, resolved, write
from tests.support.ledgers import MakePurchase, PurchaseChanges

FINDING = Finding("fulfilment.owner_missing", Severity.HIGH, "pi_1", "No owner.", "`resolve {id}`")


def post(ledger: Ledger, draft: EntryDraft) -> Posting:
    with ledger.transaction() as tx:
        return tx.post(draft)


def refund(amount: int, status: str = "succeeded", name: str = "re_1") -> RefundFact:
    return RefundFact(name, "pi_1", "ch_1", amount, "usd", status, 5, 6)


def tell(ledger: Ledger, fact: RefundFact) -> list[int]:
    with ledger.transaction() as tx:
        tx.keep_fact(fact, source_event="evt_9")
        return [entry.credits for entry in tx.settle("pi_1", source_event="evt_9", cause=fact.object_id)]


def test_an_entry_is_posted_once(ledger: Ledger, purchase: MakePurchase) -> None:
    first, second = post(ledger, purchase()), post(ledger, purchase())
    assert (first.outcome, second.outcome) == (Outcome.POSTED, Outcome.EXISTS)
    assert first.entry == second.entry
    assert read(ledger).count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"user_id": "other"},
        {"credits": 999},
        {"amount": 1},
        {"currency": "eur"},
        {"package": "basic"},
    ],
)
def test_the_same_payment_saying_something_else_is_a_conflict(
    ledger: Ledger, purchase: MakePurchase, changes: PurchaseChanges
) -> None:
    post(ledger, purchase())
    assert post(ledger, purchase(**changes)).outcome is Outcome.CONFLICT
    assert read(ledger).count() == 1


def test_another_event_another_time_or_an_unknown_package_is_no_conflict(
    ledger: Ledger, purchase: MakePurchase
) -> None:
    post(ledger, purchase())
    again = replace(purchase(created=5, package=None), source_event="evt_other", note="again")
    assert post(ledger, again).outcome is Outcome.EXISTS


def test_no_second_purchase_of_a_payment_or_session_but_by_import(ledger: Ledger, purchase: MakePurchase) -> None:
    post(ledger, purchase())
    repair = replace(purchase(), idempotency_key=idempotency_key(KeyScheme.REPAIR, "missing", "pi_1", 1000))
    assert post(ledger, repair).outcome is Outcome.EXISTS
    assert post(ledger, purchase(payment_key="cs_1")).outcome is Outcome.EXISTS
    row = replace(purchase(), idempotency_key=idempotency_key(KeyScheme.IMPORT, "app", 7))
    assert post(ledger, row).outcome is Outcome.POSTED
    assert post(ledger, row).outcome is Outcome.EXISTS
    assert read(ledger).balance("user1") == 2000


@pytest.mark.parametrize("changes", [{"user_id": ""}, {"user_id": "x" * 201}, {"user_id": "a\0b"}, {"credits": 10**16}])
def test_what_no_entry_can_hold_is_refused(ledger: Ledger, purchase: MakePurchase, changes: PurchaseChanges) -> None:
    with pytest.raises(UsageError):
        post(ledger, purchase(**changes))
    assert read(ledger).count() == 0


def test_every_lookup_of_a_posting_has_an_index(ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        everything = "SELECT * FROM credit_transactions WHERE"
        for query in (
            f"{everything} idempotency_key = 'a'",
            SELECT_SAME_PURCHASE.replace("?", "'a'"),
            f"{everything} payment_key = 'a' AND kind = 'purchase' ORDER BY id LIMIT 1",
            f"{everything} payment_key = 'a' ORDER BY id",
        ):
            plan = " ".join(row[3] for row in tx.connection.execute(f"EXPLAIN QUERY PLAN {query}"))
            assert "SEARCH" in plan
            assert "SCAN" not in plan


def test_facts_settle_against_their_purchase(ledger: Ledger, purchase: MakePurchase) -> None:
    assert tell(ledger, refund(300)) == []
    post(ledger, purchase())
    with ledger.transaction() as tx:
        assert [entry.credits for entry in tx.settle("pi_1")] == [-300]
        assert tx.settle("pi_1") == ()
    assert tell(ledger, refund(300)) == []
    assert tell(ledger, refund(900, name="re_2")) == [-700]
    assert tell(ledger, refund(900, "failed", name="re_2")) == [700]
    assert [stored.fact.status for stored in read(ledger).facts("pi_1")] == ["succeeded", "failed"]


def test_adjusting_needs_a_reason_and_happens_once_a_key(ledger: Ledger) -> None:
    def adjust(**changes: Any) -> Posting:
        usual: dict[str, Any] = {"user_id": "user1", "credits": -5, "reason": "ticket 7", "key": "t7"}
        return write(ledger).adjust(**usual | changes)

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


def proposal(**changes: Any) -> Proposal:
    usual: dict[str, Any] = {
        "payment_key": "pi_1",
        "session_id": "cs_1",
        "user_id": None,
        "credits": 1000,
        "amount": 1000,
        "currency": "usd",
        "package": "starter",
        "created": 5,
    }
    return Proposal(**usual | changes)


def find(ledger: Ledger, offered: Proposal | None) -> int:
    with ledger.transaction() as tx:
        return tx.add_finding(FINDING, payment_key="pi_1", source_event="evt_1", proposal=offered)


def test_a_finding_is_kept_once_and_names_itself_in_its_fix(ledger: Ledger) -> None:
    number = find(ledger, proposal())
    assert find(ledger, proposal()) == number
    (stored,) = read(ledger).findings()
    assert (stored.finding.fix, stored.proposal, stored.status) == (
        f"`resolve {number}`",
        proposal(),
        FindingStatus.OPEN,
    )


def test_crediting_a_finding_posts_its_purchase_and_settles_what_came_before(ledger: Ledger) -> None:
    number = find(ledger, proposal())
    tell(ledger, refund(400))
    resolution = resolved(ledger, number, action="credit", reason="asked her", user_id="user1")
    assert resolution.posting is not None
    assert (resolution.posting.outcome, resolution.posting.entry.note) == (Outcome.POSTED, "asked her")
    assert read(ledger).balance("user1") == 600
    (stored,) = read(ledger).findings(FindingStatus.CREDITED)
    assert (stored.reason, stored.entry_id, stored.resolved) == ("asked her", 1, 1_790_000_000)
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


def test_a_finding_whose_payment_was_credited_otherwise_is_not_credited(ledger: Ledger, purchase: MakePurchase) -> None:
    number = find(ledger, proposal())
    post(ledger, purchase(user_id="somebody"))
    with pytest.raises(UsageError, match="credited otherwise"):
        resolved(ledger, number, action="credit", reason="x", user_id="user1")


def test_runs_and_attestations_are_kept(ledger: Ledger) -> None:
    for started in (1, 2, 3):
        write(ledger).add_run("reconcile", started, started + 1, started != 2, {"missing": started})
    assert [run.started for run in read(ledger).runs("reconcile", limit=2)] == [3, 2]
    assert read(ledger).runs("reconcile")[1].ok is False
    assert read(ledger).runs("other") == []
    write(ledger).attest("backups", "ada", "restored one today", expires=9)
    (attestation,) = read(ledger).attestations("backups")
    assert (attestation.person, attestation.statement, attestation.expires) == ("ada", "restored one today", 9)
    assert read(ledger).attestations("other") == []
