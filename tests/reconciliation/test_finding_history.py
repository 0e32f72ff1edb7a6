"""Findings over several runs: open ones stay, dismissed ones drop out."""

from __future__ import annotations

from creditctl.core.findings import Finding, Severity
from tests.support.ledger_calls import read, resolved
from tests.support.payment_shop import Shop


def test_open_findings_of_the_ledger_are_shown_until_they_are_settled(sound: Shop) -> None:
    key = sound.pay(user="u7", client_reference_id="u8")
    first = sound.reconcile().findings
    assert [finding.code for finding in first] == ["fulfilment.owner_conflict"]
    assert sound.reconcile().findings == first, "shown once, with the same number"
    (stored,) = read(sound.ledger).findings()
    assert stored.payment_key == key
    resolved(sound.ledger, stored.id, action="dismiss", reason="refunded by hand")
    assert sound.reconcile().findings == ()


def test_what_a_person_dismissed_is_not_found_again(sound: Shop) -> None:
    sound.post(1000, "u7", payment_key="pi_gift")
    assert sound.found() == [("orphan_credit", "pi_gift")]
    (stored,) = read(sound.ledger).findings()
    resolved(sound.ledger, stored.id, action="dismiss", reason="a gift")
    assert sound.reconcile().findings == ()


def test_a_run_of_a_window_is_about_its_payments_and_what_names_none_in_its_time(shop: Shop) -> None:
    """An open finding of another time is no news of this one: cron would fail by it every night."""
    now = shop.now
    with shop.ledger.transaction() as tx:
        tx.add_finding(Finding("fulfilment.quantity", Severity.HIGH, "pi_old", "Sold twice."), payment_key="pi_old")
        tx.add_finding(Finding("fulfilment.malformed_event", Severity.HIGH, "evt_1", "Not read."), payment_key=None)

    assert [subject for _, subject in shop.found()] == ["evt_1", "pi_old"]
    assert [subject for _, subject in shop.found(since=now - 60)] == ["evt_1"]
    assert shop.reconcile(until=now - 86_400).clean


def test_what_a_person_credits_is_what_was_not_taken_back_meanwhile(sound: Shop) -> None:
    """The webhook of the dispute was lost as well: crediting all of it would lend it until the next night."""
    key = sound.pay(user="u7", client_reference_id="u8")
    sound.dispute(key, 400)
    sound.reconcile()
    (stored,) = read(sound.ledger).findings()
    resolved(sound.ledger, stored.id, action="credit", reason="it was u7", user_id="u7", credits=1000)
    assert read(sound.ledger).balance("u7") == 600
    assert sound.reconcile().findings == ()
