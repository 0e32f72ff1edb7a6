"""What nothing is found of: what is well, what is not ours, and what could not be understood is named."""

from __future__ import annotations

from tests.support.payment_shop import Shop


def test_nothing_is_found_where_all_is_well(sound: Shop) -> None:
    report = sound.reconcile()
    assert report.findings == ()
    assert report.clean
    assert report.complete
    assert report.repairs == ()


def test_a_foreign_payment_and_its_refund_are_nobodys_business(sound: Shop) -> None:
    foreign = sound.pay(user="u8", metadata={}, client_reference_id=None)
    sound.line_items(foreign)
    sound.refund(foreign, 500)
    assert sound.reconcile().findings == ()


def test_an_object_that_cannot_be_understood_is_named(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.session_of(key)["amount_total"] = None
    session_id = sound.session_of(key)["id"]
    assert sound.found() == [("unreadable_object", session_id)]
