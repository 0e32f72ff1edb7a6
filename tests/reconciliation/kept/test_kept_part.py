"""A night reads the payments that changed and no others, and says all the same what reading everything says."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import msgspec
import pytest

from creditctl.core.entitlement.facts import RefundFact
from creditctl.ledger.archive.source_models import SourceRow
from creditctl.ledger.archive.source_store import begin
from creditctl.ledger.archive.touched_store import TouchedStore
from creditctl.reconciliation.report import ReconcileReport
from tests.reconciliation.test_probed_match import World, kept, row, said

__all__ = ["kept"]


def night(world: World) -> ReconcileReport:
    return world.judged(probed=True, record=True)


def both(world: World) -> ReconcileReport:
    """One night, which says what reading everything says."""
    part, whole = world.judged(probed=True, record=False), world.judged(probed=False, record=False)
    assert said(part) == said(whole)
    return part


def spoil(world: World) -> None:
    """From now on whoever reads what is kept of the first payments stumbles over it; Stripe's lists are past them."""
    world.shop.later(200_000)
    key = world.shop.pay(user="u9", age=10)
    world.shop.fulfil(key)
    if world.source is not None:
        row(world, payment_key=key, user_id="u9")
        reads(world)
    assert night(world).clean
    with world.archive.write_session() as connection:
        for trigger in ("pulled_touched_update", "worth_pulled_update"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.executemany("UPDATE pulled SET body = x'00' WHERE payment = ?", [(key,) for key in world.keys])


def codes(report: ReconcileReport) -> list[tuple[str, str]]:
    return [(each.code.removeprefix("reconcile."), each.subject) for each in report.findings]


def charge(world: World, key: str) -> dict[str, Any]:
    found: dict[str, Any] = world.shop.shelf.objects["payment_intents"][key]["latest_charge"]
    return found


def test_what_did_not_change_is_not_read(kept: World) -> None:
    spoil(kept)
    lacking = kept.shop.pay(age=5000)
    report = night(kept)
    assert codes(report) == [("missing_credit", lacking)]
    assert (report.payments, report.pulled["payment_intents"]) == (5, 5)
    with pytest.raises(msgspec.DecodeError):
        kept.judged(probed=False, record=False)


def test_a_renewal_that_costs_as_much_as_a_package_is_no_payment_by_hand(kept: World) -> None:
    """What is kept of a payment says that billing made it, as Stripe does."""
    kept.shop.intent("pi_hand", created=kept.shop.now - 5000)
    kept.shop.intent("pi_renewed", created=kept.shop.now - 5000, description="Subscription update")
    kept.shop.intent("pi_invoiced", created=kept.shop.now - 5000, invoice="in_1")
    assert codes(night(kept)) == codes(both(kept)) == [("payment_by_hand", "pi_hand")] == kept.shop.found()


def test_a_balance_transaction_that_never_comes_is_missed_in_a_later_night(kept: World) -> None:
    """It may be an hour on its way; the payment that names it is not touched by anything meanwhile."""
    charge(kept, kept.keys[0])["balance_transaction"] = "txn_first"
    charged = {"id": "ch_pi_0001", "object": "charge", "created": kept.shop.now - 10, "payment_intent": kept.keys[0]}
    known = {"type": "charge", "amount": 1000, "currency": "usd", "created": kept.shop.now - 10, "source": charged}
    kept.shop.shelf.put("balance_transactions", {"id": "txn_first", **known})
    key = kept.shop.pay(age=5)
    charge(kept, key)["balance_transaction"] = "txn_late"
    kept.shop.fulfil(key)
    assert night(kept).clean
    kept.shop.later(1800)
    assert both(kept).clean
    kept.shop.later(1800)
    report = night(kept)
    assert report.basis.missing == {"balance_transactions": ("txn_late",)}
    assert not both(kept).complete


def test_a_list_that_lost_a_refund_accuses_nobody_in_a_night(kept: World) -> None:
    charge(kept, kept.keys[1])["amount_refunded"] = 0
    refund = kept.shop.refund(kept.keys[1], 450)
    charge(kept, kept.keys[1])["amount_refunded"] = 450
    kept.shop.shelf.hidden.add(refund)
    assert codes(night(kept)) == [("pull_incomplete", "stripe")]
    kept.shop.shelf.hidden.clear()
    assert codes(night(kept)) == [("refund_not_taken", refund)]
    kept.shop.shelf.hidden.add(refund)
    assert not both(kept).complete


def test_rows_under_a_charge_are_tied_night_after_night(kept: World) -> None:
    """Which payment a charge belongs to, all objects are read for once; afterwards it is known."""
    key = kept.shop.pay(user="u9")
    kept.shop.post(user="u9", payment_key=f"ch_{key}")
    first = night(kept)
    kept.shop.later(200_000)
    assert codes(night(kept)) == codes(first)
    assert TouchedStore(kept.archive).payments_named([f"ch_{key}"]) == {f"ch_{key}": key}
    spoil(kept)
    assert codes(night(kept)) == codes(first)


def test_an_object_that_cannot_be_understood_is_named_every_night(kept: World) -> None:
    kept.shop.session_of(kept.keys[0])["amount_total"] = None
    first = night(kept)
    assert [code for code, _ in codes(first)] == ["unreadable_object"]
    kept.shop.later(200_000)
    assert codes(night(kept)) == codes(both(kept)) == codes(first)


def test_a_key_that_may_read_balance_transactions_by_now_reads_everything_once(kept: World) -> None:
    spoil(kept)
    with kept.archive.write_session() as connection:
        connection.execute("UPDATE pull_tied SET readable = 0")
    with pytest.raises(msgspec.DecodeError):
        night(kept)


def fails(world: World, refund: str) -> None:
    """The ledger hears that a refund fell through, of which Stripe's list says nothing new."""
    key = world.keys[0]
    with world.shop.ledger.transaction() as tx:
        tx.keep_fact(RefundFact(refund, key, f"ch_{key}", 450, "usd", "failed", world.shop.now - 50, world.shop.now))


def test_a_ledger_put_back_from_a_backup_is_compared_with_everything(kept: World) -> None:
    """What it has forgotten again of a refund, no note of the archive says, and its entries are the same."""
    refund = kept.shop.refund(kept.keys[0], 450, age=50)
    night(kept)
    with closing(sqlite3.connect(kept.shop.ledger.path)) as ledger, closing(sqlite3.connect(":memory:")) as backup:
        ledger.backup(backup)
        fails(kept, refund)
        kept.shop.later(300_000)
        night(kept)
        backup.backup(ledger)
    assert codes(both(kept)) == [("refund_not_taken", refund)]


def test_what_a_ledger_learns_after_its_clock_went_back_is_seen(kept: World) -> None:
    refund = kept.shop.refund(kept.keys[0], 450, age=50)
    kept.shop.fulfil(kept.keys[0])
    kept.shop.later(400_000)
    kept.shop.refund(kept.keys[1], 450, age=50)
    kept.shop.fulfil(kept.keys[1])
    assert night(kept).clean
    kept.shop.later(-300_000)
    assert night(kept).clean
    fails(kept, refund)
    assert ("in_flight", kept.keys[0]) in codes(both(kept))


def booked(world: World) -> list[SourceRow]:
    """The same payments, booked by an application in rows of its own; a day has passed since they were judged."""
    rows: list[SourceRow] = []
    world.source = rows
    for key, session in list(sessions(world).items()):
        row(world, payment_key=key, user_id=session["client_reference_id"])
    reads(world)
    assert night(world).clean
    world.shop.later(200_000)
    return rows


def reads(world: World) -> None:
    """All rows are read, as they are now."""
    assert world.source is not None
    writer = begin(world.archive, whole=True, started=world.shop.now, fingerprint="f", named=True)
    assert writer.store(world.source, ()) is None
    writer.finish(world.shop.now, None)


def sessions(world: World) -> dict[str, dict[str, Any]]:
    return {key: world.shop.session_of(key) for key in world.keys}


def changed(world: World, place: int, **changes: Any) -> None:
    """A row says something else from now on, and is read again."""
    assert world.source is not None
    world.source[place] = world.source[place]._replace(**changes)
    reads(world)


def test_a_night_over_an_applications_rows_reads_what_changed_alone(kept: World) -> None:
    booked(kept)
    spoil(kept)
    lacking = kept.shop.pay(age=5000)
    report = night(kept)
    assert codes(report) == [("missing_credit", lacking)]
    assert (report.payments, report.entries, report.pulled["payment_intents"]) == (5, 4, 5)
    row(kept, payment_key=lacking, user_id=kept.shop.session_of(lacking)["client_reference_id"])
    reads(kept)
    assert night(kept).clean
    with pytest.raises(msgspec.DecodeError):
        kept.judged(probed=False, record=False)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"user_id": "u9", "owner": "u9"}, {"wrong_user"}),
        ({"credits": 7}, {"wrong_amount", "row_changed"}),
        ({"status": "void"}, {"missing_credit", "row_gone"}),
        ({"payment_key": "cs_test_9"}, {"missing_credit", "orphan_credit", "row_changed"}),
        ({"created": 5}, set[str]()),
    ],
    ids=["user", "credits", "taken back", "another payment", "time"],
)
def test_a_row_that_changed_is_judged_with_its_payment(kept: World, changes: dict[str, Any], found: set[str]) -> None:
    booked(kept)
    changed(kept, 0, **changes)
    for _ in range(2):
        assert {code for code, _ in codes(night(kept))} == {code for code, _ in codes(both(kept))} == found
        kept.shop.later(200_000)


def test_a_row_that_calls_its_payment_by_another_name_has_not_changed_in_any_later_night(kept: World) -> None:
    booked(kept)
    changed(kept, 0, payment_key=kept.shop.session_of(kept.keys[0])["id"])
    assert night(kept).clean
    changed(kept, 0, payment_key=kept.keys[0])
    for _ in range(3):
        assert night(kept).clean
        assert both(kept).clean
        kept.shop.later(200_000)


def test_a_row_from_before_a_payment_that_never_came_may_be_deleted(kept: World) -> None:
    """Also where no run was between, so that no finding speaks of the payment."""
    rows = booked(kept)
    key = kept.shop.pay(age=90_000, payment_status="unpaid")
    assert night(kept).clean
    row(kept, payment_key=key)
    reads(kept)
    rows.pop()
    reads(kept)
    for _ in range(2):
        kept.shop.later(200_000)
        assert night(kept).clean
        assert both(kept).clean
