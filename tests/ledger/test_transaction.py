"""Writing transaction: what is posted, kept, settled and resolved, once; and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditctl.core.entitlement.settlement import EntryDraft, KeyScheme, idempotency_key
from creditctl.core.errors import UsageError
from creditctl.core.findings import Finding, Severity
from creditctl.ledger.models import FindingStatus, Outcome, Posting
from creditctl.ledger.store import Ledger
from creditctl.ledger.transaction import SELECT_SAME_PURCHASE
from tests.support.ledger_calls import find, proposal, read, refund, tell, write
from tests.support.ledgers import MakePurchase, PurchaseChanges


def post(ledger: Ledger, draft: EntryDraft) -> Posting:
    with ledger.transaction() as tx:
        return tx.post(draft)


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


def test_a_finding_is_kept_once_and_names_itself_in_its_fix(ledger: Ledger) -> None:
    number = find(ledger, proposal())
    assert find(ledger, proposal()) == number
    (stored,) = read(ledger).findings()
    assert (stored.finding.fix, stored.proposal, stored.status) == (
        f"`resolve {number}`",
        proposal(),
        FindingStatus.OPEN,
    )


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


@pytest.mark.parametrize("name", ["payment_key", "session_id", "object_id", "idempotency_key", "source_event"])
@pytest.mark.parametrize("text", ["pi_1\0", "pi_\ud800"], ids=["NUL", "half a pair"])
def test_a_name_that_no_database_finds_again_is_refused(
    ledger: Ledger, purchase: MakePurchase, name: str, text: str
) -> None:
    """SQLite's JSON ends a text at a NUL: an entry with such a payment would stop every later reconciliation."""
    with pytest.raises(UsageError) as refused:
        post(ledger, replace(purchase(), **{name: text}))  # type: ignore[arg-type]
    assert refused.value.code == "ledger.text"
    assert read(ledger).count() == 0


def test_what_people_write_is_kept_with_it_spelled_out(ledger: Ledger, purchase: MakePurchase) -> None:
    entry = post(ledger, replace(purchase(), note="half \ud800 and \0")).entry
    assert entry is not None
    assert entry.note == "half \\ud800 and \\x00"
    with ledger.transaction() as tx:
        number = tx.add_finding(Finding("a.code", Severity.HIGH, "x\0", "What \ud800 said."))
        stored = tx.finding(number)
        assert stored is not None
        tx.settle_finding(stored, "as \udcff says", None)
    assert [(each.finding.subject, each.reason) for each in read(ledger).findings(None)] == [
        ("x\\x00", "as \\udcff says")
    ]
