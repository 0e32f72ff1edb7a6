"""Credits that nothing explains hold repairs back, and a payment under its charge is credited once."""

from __future__ import annotations

from dataclasses import replace

from creditctl.core.findings import Severity
from creditctl.ledger.models import FindingStatus
from creditctl.payments.facts import PaymentFacts
from creditctl.payments.judgement.unexplained import under_own_numbers, with_unexplained
from creditctl.payments.keeper import reading_entries
from creditctl.payments.latest import LatestPayments, judge_latest, latest_cases
from creditctl.payments.ledger_entries import settled_findings
from creditctl.payments.reading.reader import PaymentReader
from creditctl.payments.verdict import JudgementContext, PaymentState
from creditctl.reconciliation.report import ReconcileReport
from creditctl.reconciliation.run import reconcile
from tests.support.ledger_calls import adjusted, read, resolved
from tests.support.payment_shop import Shop


def balance(shop: Shop, user: str = "u1") -> int:
    return read(shop.ledger).balance(user)


def codes(report: ReconcileReport) -> list[tuple[str, str]]:
    return [(finding.code.removeprefix("reconcile."), finding.subject) for finding in report.findings]


def test_a_row_under_the_charge_of_a_paid_session_is_that_payment_and_is_not_credited_again(shop: Shop) -> None:
    key = shop.pay()
    shop.post(payment_key=f"ch_{key}", package="starter")

    report = shop.reconcile()
    shop.repair(report)

    assert (report.findings, report.repairs) == ((), ())
    assert balance(shop) == 1000


def test_a_charge_that_no_list_shows_is_asked_for(shop: Shop) -> None:
    key = shop.pay()
    shop.post(payment_key="ch_first_try", package="starter")
    shop.shelf.put("charges", {"id": "ch_first_try", "object": "charge", "payment_intent": key})

    assert shop.found() == []
    assert shop.found(since=shop.now - 2 * 86_400) == []


def test_a_refund_of_a_payment_under_its_charge_is_judged_against_it(shop: Shop) -> None:
    key = shop.pay()
    shop.post(payment_key=f"ch_{key}", package="starter")
    refund = shop.refund(key, 1000)

    assert shop.found() == [("refund_not_taken", refund)]


def test_a_charge_without_a_payment_intent_is_known_to_stripe_and_holds_nothing_back(shop: Shop) -> None:
    key = shop.pay()
    shop.shelf.put("charges", {"id": "ch_old", "object": "charge", "created": 1, "status": "succeeded"})
    shop.post(payment_key="ch_old")

    report = shop.reconcile()

    assert codes(report) == [("missing_credit", key), ("not_ours_credit", "ch_old")]
    assert [repair.payment_key for repair in report.repairs] == [key]


def test_nothing_is_repaired_while_an_order_number_that_nobody_can_follow_gave_as_much(
    shop: Shop,
) -> None:
    key = shop.pay()
    entry = shop.post(payment_key="order-17", created=shop.now - 300 * 86_400)

    report = shop.reconcile()
    after = shop.repair(report)

    assert codes(report) == [("missing_credit", key), ("orphan_credit", "order-17")]
    missing = report.findings[0]
    assert (missing.severity, report.repairs, balance(shop)) == (Severity.CRITICAL, (), 1000)
    assert f"entry {entry.id} gave as many for order-17" in missing.message
    assert "--repair" not in missing.fix
    assert "--credits" not in missing.fix
    assert codes(after) == codes(report)


def test_an_orphan_outside_the_window_holds_a_repair_back_too(shop: Shop) -> None:
    key = shop.pay()
    shop.post(payment_key="order-17", created=shop.now - 300 * 86_400)

    report = shop.reconcile(since=shop.now - 2 * 86_400)
    after = shop.repair(report)

    assert (codes(report), report.repairs) == ([("missing_credit", key)], ())
    assert codes(after) == codes(report)
    assert balance(shop) == 1000


def test_credits_of_another_number_or_user_hold_nothing_back(shop: Shop) -> None:
    shop.pay()
    shop.post(999, payment_key="order-17")
    shop.post(user="u2", payment_key="order-18")

    assert len(shop.reconcile().repairs) == 1


def test_an_earlier_purchase_that_stripe_knows_holds_nothing_back(shop: Shop) -> None:
    earlier, lost = shop.pay(age=300 * 86_400), shop.pay()
    shop.fulfil(earlier)

    report = shop.reconcile(since=shop.now - 2 * 86_400)

    assert [repair.payment_key for repair in report.repairs] == [lost]


def test_once_the_orphan_is_taken_back_the_payment_is_repaired(shop: Shop) -> None:
    shop.pay()
    entry = shop.post(payment_key="order-17")
    shop.reconcile()

    adjusted(shop.ledger, user_id="u1", credits=-1000, reason="not a payment", key="k", corrects=entry.id)
    shop.repair(shop.reconcile())

    assert balance(shop) == 1000


def test_once_both_findings_are_dismissed_nothing_is_posted(shop: Shop) -> None:
    shop.pay()
    shop.post(payment_key="order-17")
    shop.reconcile()

    for stored in read(shop.ledger).findings(FindingStatus.OPEN):
        resolved(shop.ledger, stored.id, action="dismiss", reason="order-17 is this payment")
    report = shop.reconcile()
    shop.repair(report)

    assert (report.findings, balance(shop)) == ((), 1000)


def test_a_row_of_an_unknown_payment_that_is_written_while_stripe_is_read_holds_the_repair_back(shop: Shop) -> None:
    """It is not accused before the next run, and it may be the credits of the payment that seems to lack them."""
    key = shop.pay()
    shop.post(payment_key="order-17")

    report = reconcile(client=shop.client, ledger=shop.ledger, catalog=shop.catalog, livemode=False, clock=shop.clock)
    shop.repair(report)

    assert (report.repairs, balance(shop)) == ((), 1000)
    assert set(codes(report)) == {("in_flight", "order-17"), ("missing_credit", key)}


def test_whoever_looks_at_the_latest_payments_only_sees_older_rows_that_nothing_explains(shop: Shop) -> None:
    key = shop.pay()
    entry = shop.post(payment_key="order-17", created=shop.now - 300 * 86_400)
    later = shop.now + 1  # what is written in the second of the reading is nobody's yet
    reader = PaymentReader(shop.client, shop.catalog, later)
    terms = JudgementContext(shop.catalog, False, later, later)
    with reading_entries(shop.ledger) as entries:
        cases = latest_cases(LatestPayments((reader.payment(key),), 1), entries, {})

    terms = with_unexplained(terms, cases, lambda: reading_entries(shop.ledger), reader.payment)
    (judged,) = judge_latest(cases, terms)

    assert terms.unexplained == {("u1", 1000): entry}
    assert (judged.verdict.state, judged.verdict.repair) == (PaymentState.UNDECIDED, None)


def test_nobody_is_asked_about_rows_where_no_credits_are_missing(shop: Shop) -> None:
    key = shop.pay()
    shop.fulfil(key)
    shop.post(payment_key="order-17")
    with reading_entries(shop.ledger) as entries:
        facts = PaymentReader(shop.client, shop.catalog, shop.now).payment(key)
        cases = latest_cases(LatestPayments((facts,), 1), entries, {})

    def read(name: str) -> PaymentFacts:
        raise AssertionError(name)

    terms = JudgementContext(shop.catalog, False, shop.now, shop.now)
    assert with_unexplained(terms, cases, lambda: reading_entries(shop.ledger), read) is terms


def test_rows_under_numbers_of_their_own_are_found_by_their_credits_until_a_person_settled_them(shop: Shop) -> None:
    shop.pay()
    shop.post(user_id="account 1", payment_key="order 17")
    shop.post(user_id="account 1", payment_key="pi_unknown", credits=500)
    shop.post(user_id="account 2", payment_key="order 18", credits=700, session_id="cs_1")
    terms = JudgementContext(shop.catalog, False, shop.now, shop.now + 1)

    def found(terms: JudgementContext) -> dict[int, str | None]:
        with reading_entries(shop.ledger) as entries:
            rivals = under_own_numbers({1000, 500, 700}, entries, None, terms)
        return {credits: entry.payment_key for credits, entry in rivals.items()}

    assert found(terms) == {1000: "order 17"}
    shop.reconcile()
    for stored in read(shop.ledger).findings(FindingStatus.OPEN):
        resolved(shop.ledger, stored.id, action="dismiss", reason="a gift")
    assert found(replace(terms, settled=settled_findings(read(shop.ledger)))) == {}
