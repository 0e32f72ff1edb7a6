"""Every kind of wrong credit, planted alone, is found exactly, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.core.findings import Severity
from tests.support.ledger_calls import adjusted, read, resolved
from tests.support.payment_shop import Shop, only, sold_at


def test_missing_credit(sound: Shop) -> None:
    key = sound.pay(user="u7")
    finding = only(sound)
    assert (finding.code, finding.subject, finding.severity) == ("reconcile.missing_credit", key, Severity.CRITICAL)
    assert "u7" in finding.message
    assert "$10.00" in finding.message
    assert finding.fix == "`creditctl reconcile --repair`"


def test_missing_credit_of_a_free_order(sound: Shop) -> None:
    key = sound.pay(payment_status="no_payment_required", payment_intent=None, amount_total=0)
    assert only(sound).subject == key


def test_missing_credit_that_went_back_already_is_low(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.refund(key, 1000)
    finding = only(sound)
    assert (finding.code, finding.severity) == ("reconcile.missing_credit", Severity.LOW)


def test_missing_credit_by_an_archived_price(sound: Shop) -> None:
    key = sound.pay(user="u7", metadata={}, amount_subtotal=900, amount_total=900)
    sold_at(sound, key, 900)
    report = sound.reconcile()
    assert [(finding.code, finding.subject) for finding in report.findings] == [("reconcile.missing_credit", key)]
    assert report.repairs[0].credits == 850


@pytest.mark.parametrize(("age", "name"), [(60, "in_flight"), (700, "in_flight"), (840, "missing_credit")])
def test_a_young_payment_is_in_flight(sound: Shop, age: int, name: str) -> None:
    sound.pay(age=age)  # the run is a minute later, the grace is 900 seconds
    report = sound.reconcile()
    assert [finding.code for finding in report.findings] == [f"reconcile.{name}"]
    assert report.clean is (name == "in_flight")
    assert bool(report.repairs) is (name == "missing_credit")


def test_an_old_session_paid_just_now_is_in_flight(sound: Shop) -> None:
    key = sound.pay(age=80_000)
    sound.intent(key, created=sound.now - 80_000, latest_charge={"id": "ch_1", "created": sound.now - 30})
    assert only(sound).code == "reconcile.in_flight"


def test_duplicate_credit_by_an_import(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    again = sound.post(1000, "u7", payment_key=key)
    finding = only(sound)
    assert (finding.code, finding.subject) == ("reconcile.duplicate_credit", key)
    assert f"--user u7 --credits -1000 --corrects {again.id} " in finding.fix


def test_duplicate_credit_under_the_names_of_session_and_payment(sound: Shop) -> None:
    key = sound.pay(user="u7")
    session_id = sound.session_of(key)["id"]
    sound.post(1000, "u7", payment_key=session_id)
    assert sound.reconcile().findings == (), "one purchase under the session's name is as good"
    sound.post(1000, "u7", payment_key=key)
    assert sound.found() == [("duplicate_credit", key)]


@pytest.mark.parametrize("credits", [1, 999, 1001, 5500])
def test_wrong_amount(sound: Shop, credits: int) -> None:
    key = sound.pay(user="u7")
    entry = sound.post(credits, "u7", payment_key=key)
    finding = only(sound)
    assert (finding.code, finding.subject, finding.severity) == ("reconcile.wrong_amount", key, Severity.HIGH)
    assert f"--credits {1000 - credits} --corrects {entry.id} " in finding.fix


def test_wrong_user_is_never_repaired_automatically(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.post(1000, "thief", payment_key=key)
    report = sound.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.subject, finding.severity) == ("reconcile.wrong_user", key, Severity.CRITICAL)
    assert "--user thief --credits -1000" in finding.fix
    assert "--user u7 --credits 1000" in finding.fix
    assert report.repairs == ()


def test_corrections_with_the_printed_commands_settle_wrong_credits(sound: Shop) -> None:
    key = sound.pay(user="u7")
    entry = sound.post(900, "thief", payment_key=key)
    assert sound.found() == [("wrong_user", key)]
    adjusted(sound.ledger, user_id="thief", credits=-900, reason="moved", key="a", corrects=entry.id)
    adjusted(sound.ledger, user_id="u7", credits=1000, reason="moved", key="b", corrects=entry.id)
    assert sound.found() == [("settled_finding", key)]


@pytest.mark.parametrize("key", ["pi_unknown", "cs_test_unknown", "order 17"])
def test_orphan_credit(sound: Shop, key: str) -> None:
    entry = sound.post(1000, "u7", payment_key=key)
    report = sound.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.subject) == ("reconcile.orphan_credit", key)
    assert f"--user u7 --credits -1000 --corrects {entry.id} " in finding.fix
    assert report.repairs == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "complete", "payment_status": "unpaid"},
        {"status": "expired", "payment_status": "unpaid"},
        {"status": "open", "payment_status": "unpaid"},
    ],
)
def test_not_paid_credit(sound: Shop, changes: dict[str, Any]) -> None:
    key = sound.pay(user="u7", **changes)
    sound.post(1000, "u7", payment_key=key)
    assert sound.found() == [("not_paid_credit", key)]


def test_credit_for_an_intent_that_failed(sound: Shop) -> None:
    sound.intent("pi_failed", created=sound.now - 5000, status="requires_payment_method")
    sound.post(1000, "u7", payment_key="pi_failed")
    assert sound.found() == [("not_paid_credit", "pi_failed")]


def test_credit_for_a_payment_that_is_not_ours(sound: Shop) -> None:
    key = sound.pay(user="u7", metadata={})
    sound.line_items(key)
    sound.post(1000, "u7", payment_key=key)
    sound.post(1000, "u7", payment_key="pi_foreign")
    sound.shelf.put("charges", charge("ch_alone"))
    sound.post(1000, "u7", payment_key="ch_alone")
    report = sound.reconcile()
    assert {finding.subject for finding in report.findings} == {key, "pi_foreign", "ch_alone"}
    for finding in report.findings:
        assert (finding.code, finding.severity) == ("reconcile.not_ours_credit", Severity.INFO)
        assert "`" not in finding.fix, "no command, least of all one that takes credits"
    assert report.clean


def charge(charge_id: str, status: str = "succeeded") -> dict[str, object]:
    """A charge that was made without a payment intent, as applications did before there were any."""
    return {"id": charge_id, "object": "charge", "created": 1, "status": status, "payment_intent": None}


def test_credit_for_a_bare_charge_that_failed(sound: Shop) -> None:
    sound.shelf.put("charges", charge("ch_failed", "failed"))
    sound.post(1000, "u7", payment_key="ch_failed")
    assert sound.found() == [("not_paid_credit", "ch_failed")]
    assert sound.found(since=sound.now - 2 * 86_400) == [("not_paid_credit", "ch_failed")]


def test_mode_mix(sound: Shop) -> None:
    sound.post(1000, "u7", payment_key="pi_live", session_id="cs_live_1")
    finding = only(sound)
    assert (finding.code, finding.severity) == ("reconcile.mode_mix", Severity.CRITICAL)


def test_an_entry_that_says_other_money_than_stripe(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.post(1000, "u7", payment_key=key, amount=4500, currency="eur", package="basic")
    names = [("amount_mismatch", key), ("currency_mismatch", key), ("package_mismatch", key)]
    assert sorted(sound.found()) == names


def test_an_import_that_knows_no_currency_or_package_is_no_mismatch(sound: Shop) -> None:
    key = sound.pay(user="u7")
    sound.post(1000, "u7", payment_key=key, currency=None)
    assert sound.reconcile().findings == ()


def test_unattributed_payment(sound: Shop) -> None:
    sound.intent("pi_ours", created=sound.now - 5000, metadata={"managed_by": "creditctl"})
    finding = only(sound)
    assert (finding.code, finding.subject) == ("reconcile.unattributed_payment", "pi_ours")


def test_price_mismatch_is_the_finding_that_fulfilment_makes_and_can_be_resolved(sound: Shop) -> None:
    key = sound.pay(user="u7", amount_subtotal=700, amount_total=700)
    sold_at(sound, key, 900)
    finding = only(sound)
    assert (finding.code, finding.subject) == ("fulfilment.price_mismatch", key)
    (stored,) = read(sound.ledger).findings()
    assert f"creditctl ledger resolve {stored.id} --credit" in finding.fix
    resolved(sound.ledger, stored.id, action="credit", reason="agreed by mail", credits=700)
    assert sound.reconcile().findings == ()


def test_a_credit_that_nobody_decided_is_found(sound: Shop) -> None:
    key = sound.pay(user="u7", client_reference_id="u8")
    sound.post(1000, "u7", payment_key=key)
    assert sound.found() == [("undecided_credit", key)]
