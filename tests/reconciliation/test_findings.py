"""Every kind of discrepancy, planted alone, is found exactly, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Severity
from tests.support.ledger_calls import adjusted, read, resolved


@pytest.fixture
def sound(shop: Any) -> Any:
    """A shop in which everything is as it should be, so that each test plants one thing."""
    plain, refunded, disputed, free = (
        shop.pay(),
        shop.pay("pro", "u2"),
        shop.pay(user="u3"),
        shop.pay(user="u4", payment_status="no_payment_required", payment_intent=None, amount_total=0),
    )
    shop.refund(refunded, 4000)
    shop.dispute(disputed, 1000, "won")
    shop.fulfil(plain, refunded, disputed, free)
    shop.pay(user="u5", status="open", payment_status="unpaid", payment_intent=None)
    shop.pay(user="u6", status="expired", payment_status="unpaid", payment_intent=None)
    shop.intent("pi_foreign", created=shop.now - 9000)
    shop.shelf.put("checkout/sessions", {"id": "cs_test_setup", "mode": "setup", "created": shop.now})
    return shop


def only(shop: Any) -> Any:
    """The one finding of a run."""
    findings = shop.reconcile().findings
    assert len(findings) == 1, [finding.as_dict() for finding in findings]
    return findings[0]


def test_nothing_is_found_where_all_is_well(sound: Any) -> None:
    report = sound.reconcile()
    assert report.findings == ()
    assert report.clean
    assert report.complete
    assert report.repairs == ()


def test_a_foreign_payment_and_its_refund_are_nobodys_business(sound: Any) -> None:
    foreign = sound.pay(user="u8", metadata={}, client_reference_id=None)
    sound.line_items(foreign)
    sound.refund(foreign, 500)
    assert sound.reconcile().findings == ()


def test_missing_credit(sound: Any) -> None:
    key = sound.pay(user="u7")
    finding = only(sound)
    assert (finding.code, finding.subject, finding.severity) == ("reconcile.missing_credit", key, Severity.CRITICAL)
    assert "u7" in finding.message
    assert "$10.00" in finding.message
    assert finding.fix == "`creditctl reconcile --repair`"


def test_missing_credit_of_a_free_order(sound: Any) -> None:
    key = sound.pay(payment_status="no_payment_required", payment_intent=None, amount_total=0)
    assert only(sound).subject == key


def test_missing_credit_that_went_back_already_is_low(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.refund(key, 1000)
    finding = only(sound)
    assert (finding.code, finding.severity) == ("reconcile.missing_credit", Severity.LOW)


def test_missing_credit_by_an_archived_price(sound: Any) -> None:
    key = sound.pay(user="u7", metadata={}, amount_subtotal=900, amount_total=900)
    sold_at(sound, key, 900)
    report = sound.reconcile()
    assert [(finding.code, finding.subject) for finding in report.findings] == [("reconcile.missing_credit", key)]
    assert report.repairs[0].credits == 850


def sold_at(shop: Any, key: str, amount: int) -> None:
    """Gives a session its one line item: a price of ours that has been replaced since."""
    metadata = {"managed_by": "creditctl", "package": "starter", "credits": "850"}
    sold = {"id": "price_old", "unit_amount": amount, "currency": "usd", "metadata": metadata}
    shop.line_items(key, {"id": "li_1", "quantity": 1, "amount_subtotal": amount, "currency": "usd", "price": sold})


@pytest.mark.parametrize(("age", "name"), [(60, "in_flight"), (700, "in_flight"), (840, "missing_credit")])
def test_a_young_payment_is_in_flight(sound: Any, age: int, name: str) -> None:
    sound.pay(age=age)  # the run is a minute later, the grace is 900 seconds
    report = sound.reconcile()
    assert [finding.code for finding in report.findings] == [f"reconcile.{name}"]
    assert report.clean is (name == "in_flight")
    assert bool(report.repairs) is (name == "missing_credit")


def test_an_old_session_paid_just_now_is_in_flight(sound: Any) -> None:
    key = sound.pay(age=80_000)
    sound.intent(key, created=sound.now - 80_000, latest_charge={"id": "ch_1", "created": sound.now - 30})
    assert only(sound).code == "reconcile.in_flight"


def test_duplicate_credit_by_an_import(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    again = sound.post(1000, "u7", payment_key=key)
    finding = only(sound)
    assert (finding.code, finding.subject) == ("reconcile.duplicate_credit", key)
    assert f"--user u7 --credits -1000 --corrects {again.id} " in finding.fix


def test_duplicate_credit_under_the_names_of_session_and_payment(sound: Any) -> None:
    key = sound.pay(user="u7")
    session_id = sound.session_of(key)["id"]
    sound.post(1000, "u7", payment_key=session_id)
    assert sound.reconcile().findings == (), "one purchase under the session's name is as good"
    sound.post(1000, "u7", payment_key=key)
    assert sound.found() == [("duplicate_credit", key)]


@pytest.mark.parametrize("credits", [1, 999, 1001, 5500])
def test_wrong_amount(sound: Any, credits: int) -> None:
    key = sound.pay(user="u7")
    entry = sound.post(credits, "u7", payment_key=key)
    finding = only(sound)
    assert (finding.code, finding.subject, finding.severity) == ("reconcile.wrong_amount", key, Severity.HIGH)
    assert f"--credits {1000 - credits} --corrects {entry.id} " in finding.fix


def test_wrong_user_is_never_repaired_automatically(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.post(1000, "thief", payment_key=key)
    report = sound.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.subject, finding.severity) == ("reconcile.wrong_user", key, Severity.CRITICAL)
    assert "--user thief --credits -1000" in finding.fix
    assert "--user u7 --credits 1000" in finding.fix
    assert report.repairs == ()


def test_corrections_with_the_printed_commands_settle_wrong_credits(sound: Any) -> None:
    key = sound.pay(user="u7")
    entry = sound.post(900, "thief", payment_key=key)
    assert sound.found() == [("wrong_user", key)]
    adjusted(sound.ledger, user_id="thief", credits=-900, reason="moved", key="a", corrects=entry.id)
    adjusted(sound.ledger, user_id="u7", credits=1000, reason="moved", key="b", corrects=entry.id)
    assert sound.found() == [("settled_finding", key)]


@pytest.mark.parametrize("key", ["pi_unknown", "cs_test_unknown", "order 17"])
def test_orphan_credit(sound: Any, key: str) -> None:
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
def test_not_paid_credit(sound: Any, changes: dict[str, str]) -> None:
    key = sound.pay(user="u7", **changes)
    sound.post(1000, "u7", payment_key=key)
    assert sound.found() == [("not_paid_credit", key)]


def test_credit_for_an_intent_that_failed(sound: Any) -> None:
    sound.intent("pi_failed", created=sound.now - 5000, status="requires_payment_method")
    sound.post(1000, "u7", payment_key="pi_failed")
    assert sound.found() == [("not_paid_credit", "pi_failed")]


def test_credit_for_a_payment_that_is_not_ours(sound: Any) -> None:
    key = sound.pay(user="u7", metadata={})
    sound.line_items(key)
    sound.post(1000, "u7", payment_key=key)
    sound.post(1000, "u7", payment_key="pi_foreign")
    assert sorted(sound.found()) == sorted([("not_ours_credit", key), ("not_ours_credit", "pi_foreign")])


def test_mode_mix(sound: Any) -> None:
    sound.post(1000, "u7", payment_key="pi_live", session_id="cs_live_1")
    finding = only(sound)
    assert (finding.code, finding.severity) == ("reconcile.mode_mix", Severity.CRITICAL)


def test_an_entry_that_says_other_money_than_stripe(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.post(1000, "u7", payment_key=key, amount=4500, currency="eur", package="basic")
    names = [("amount_mismatch", key), ("currency_mismatch", key), ("package_mismatch", key)]
    assert sorted(sound.found()) == names


def test_an_import_that_knows_no_currency_or_package_is_no_mismatch(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.post(1000, "u7", payment_key=key, currency=None)
    assert sound.reconcile().findings == ()


def test_refund_not_taken(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    refund = sound.refund(key, 250)
    report = sound.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.subject) == ("reconcile.refund_not_taken", refund)
    assert "$2.50" in finding.message
    assert "250 credits" in finding.message
    assert [draft.idempotency_key for draft in report.repairs[0].drafts] == [f"refund:{refund}"]


def test_a_second_partial_refund_not_taken(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.refund(key, 250, age=7200)
    sound.fulfil(key)
    second = sound.refund(key, 333)
    assert sound.found() == [("refund_not_taken", second)]


def test_a_young_refund_is_in_flight(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    sound.refund(key, 250, age=30)
    report = sound.reconcile()
    assert [finding.code for finding in report.findings] == ["reconcile.in_flight"]
    assert report.repairs == ()


def test_refund_failed_not_returned(sound: Any) -> None:
    key = sound.pay(user="u7")
    refund = sound.refund(key, 400)
    sound.fulfil(key)
    sound.shelf.objects["refunds"][refund]["status"] = "failed"
    report = sound.reconcile()
    assert [(f.code, f.subject) for f in report.findings] == [("reconcile.refund_failed_not_returned", refund)]
    assert report.repairs[0].credits == 400


def test_refund_over_taken(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    taking = sound.post(-300, "u7", kind=EntryKind.REFUND, amount=-300, payment_key=key, object_id="re_unknown")
    report = sound.reconcile()
    (finding,) = report.findings
    assert (finding.code, finding.subject) == ("reconcile.refund_over_taken", key)
    assert f"--credits 300 --corrects {taking.id} " in finding.fix
    assert report.repairs == ()
    adjusted(sound.ledger, user_id="u7", credits=300, reason="given back", key="a", corrects=taking.id)
    assert sound.found() == [("settled_finding", key)]


@pytest.mark.parametrize("status", ["needs_response", "under_review", "lost"])
def test_dispute_not_held(sound: Any, status: str) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    dispute = sound.dispute(key, 1000, status)
    report = sound.reconcile()
    assert [(f.code, f.subject) for f in report.findings] == [("reconcile.dispute_not_held", dispute)]
    assert report.repairs[0].credits == -1000


def test_an_inquiry_holds_nothing(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    sound.dispute(key, 1000, "warning_needs_response")
    assert sound.reconcile().findings == ()


def test_dispute_won_not_returned(sound: Any) -> None:
    key = sound.pay(user="u7")
    dispute = sound.dispute(key, 1000)
    sound.fulfil(key)
    body = sound.shelf.objects["disputes"][dispute]
    body["status"] = "won"
    body["balance_transactions"].append({"id": "txn_back", "amount": 1000, "currency": "usd"})
    report = sound.reconcile()
    assert [(f.code, f.subject) for f in report.findings] == [("reconcile.dispute_won_not_returned", dispute)]
    assert report.repairs[0].credits == 1000


def test_a_refund_in_another_currency_cannot_be_reckoned(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.fulfil(key)
    refund = sound.refund(key, 300)
    sound.shelf.objects["refunds"][refund]["currency"] = "eur"
    assert sound.found() == [("fulfilment.currency", refund)]
    assert sound.found() == [("fulfilment.currency", refund)], "kept once, shown once"


def test_unattributed_payment(sound: Any) -> None:
    sound.intent("pi_ours", created=sound.now - 5000, metadata={"managed_by": "creditctl"})
    finding = only(sound)
    assert (finding.code, finding.subject) == ("reconcile.unattributed_payment", "pi_ours")


def test_price_mismatch_is_the_finding_that_fulfilment_makes_and_can_be_resolved(sound: Any) -> None:
    key = sound.pay(user="u7", amount_subtotal=700, amount_total=700)
    sold_at(sound, key, 900)
    finding = only(sound)
    assert (finding.code, finding.subject) == ("fulfilment.price_mismatch", key)
    (stored,) = read(sound.ledger).findings()
    assert f"creditctl ledger resolve {stored.id} --credit" in finding.fix
    resolved(sound.ledger, stored.id, action="credit", reason="agreed by mail", credits=700)
    assert sound.reconcile().findings == ()


def test_a_credit_that_nobody_decided_is_found(sound: Any) -> None:
    key = sound.pay(user="u7", client_reference_id="u8")
    sound.post(1000, "u7", payment_key=key)
    assert sound.found() == [("undecided_credit", key)]


def test_an_object_that_cannot_be_understood_is_named(sound: Any) -> None:
    key = sound.pay(user="u7")
    sound.session_of(key)["amount_total"] = None
    session_id = sound.session_of(key)["id"]
    assert sound.found() == [("unreadable_object", session_id)]


def test_open_findings_of_the_ledger_are_shown_until_they_are_settled(sound: Any) -> None:
    key = sound.pay(user="u7", client_reference_id="u8")
    first = sound.reconcile().findings
    assert [finding.code for finding in first] == ["fulfilment.owner_conflict"]
    assert sound.reconcile().findings == first, "shown once, with the same number"
    (stored,) = read(sound.ledger).findings()
    assert stored.payment_key == key
    resolved(sound.ledger, stored.id, action="dismiss", reason="refunded by hand")
    assert sound.reconcile().findings == ()


def test_what_a_person_dismissed_is_not_found_again(sound: Any) -> None:
    sound.post(1000, "u7", payment_key="pi_gift")
    assert sound.found() == [("orphan_credit", "pi_gift")]
    (stored,) = read(sound.ledger).findings()
    resolved(sound.ledger, stored.id, action="dismiss", reason="a gift")
    assert sound.reconcile().findings == ()
