"""Findings over several runs: open ones stay, dismissed ones drop out for as much as they were worth."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from creditctl.core.entitlement.settlement import EntryKind
from creditctl.core.findings import Finding, Severity
from creditctl.core.when import iso_time
from creditctl.ledger.sightings import keep_sightings, open_sightings
from tests.support.ledger_calls import adjusted, read, resolved
from tests.support.payment_shop import OpenShop, Shop


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


def dismiss_all(shop: Shop) -> None:
    for stored in read(shop.ledger).findings():
        resolved(shop.ledger, stored.id, action="dismiss", reason="as it should be")


def messages(shop: Shop, **options: Any) -> list[str]:
    return [each.message for each in shop.reconcile(**options).findings]


def test_what_grows_under_a_dismissed_code_and_subject_is_open_again_and_new(shop: Shop) -> None:
    shop.post(1000, "u7", payment_key="pi_gift")
    first = shop.reconcile().findings[0]
    dismiss_all(shop)
    assert (messages(shop), messages(shop)) == ([], [])

    shop.post(5000, "u7", payment_key="pi_gift")
    (unrecorded,) = messages(shop, record=False)
    (found,) = shop.reconcile().findings
    when = iso_time(first.seen)
    assert found.message == unrecorded
    assert found.message.endswith(f"Dismissed at 1,000 credits ({when}), now 6,000 credits.")
    assert (found.new, found.first_seen > first.first_seen) == (True, True)
    again = shop.reconcile().findings[0]
    assert (again, again.new) == (found, False), "told once"
    (stored,) = read(shop.ledger).findings()
    assert (stored.finding.message, stored.reason, stored.resolved) == (found.message, None, None)

    dismiss_all(shop)
    assert messages(shop) == [], "dismissed at 6,000"


def test_growth_right_after_the_dismissal_is_new_although_no_run_lay_between(shop: Shop) -> None:
    shop.post(1000, "u7", payment_key="pi_gift")
    shop.reconcile()
    dismiss_all(shop)
    shop.post(5000, "u7", payment_key="pi_gift")
    assert [each.new for each in shop.reconcile().findings] == [True]


def test_what_grew_and_shrank_again_is_dismissed_as_it_was(shop: Shop) -> None:
    shop.post(1000, "u7", payment_key="pi_gift")
    shop.reconcile()
    dismiss_all(shop)
    second = shop.post(5000, "u7", payment_key="pi_gift")
    shop.reconcile()
    adjusted(shop.ledger, user_id="u7", credits=-5000, reason="wrong", key="k", corrects=second.id)
    assert messages(shop) == []
    (stored,) = read(shop.ledger).findings(None)
    assert (stored.status, stored.reason, read(shop.ledger).findings()) == ("dismissed", "as it should be", [])


def test_a_finding_that_is_over_is_dismissed_for_nothing(shop: Shop) -> None:
    entry = shop.post(1000, "u7", payment_key="pi_gift")
    shop.reconcile()
    adjusted(shop.ledger, user_id="u7", credits=-1000, reason="wrong", key="k", corrects=entry.id)
    assert [each.code for each in shop.reconcile().findings] == ["reconcile.settled_finding"]
    dismiss_all(shop)
    shop.post(500, "u7", payment_key="pi_gift")
    (message,) = messages(shop)
    assert "Dismissed when nothing was at stake" in message


def test_too_few_is_not_excused_by_too_many(shop: Shop) -> None:
    key = shop.pay()
    entry = shop.post(1500, payment_key=key, package="starter")
    assert shop.found() == [("wrong_amount", key)]
    dismiss_all(shop)
    adjusted(shop.ledger, user_id="u1", credits=-900, reason="wrong", key="k", corrects=entry.id)
    (message,) = messages(shop)
    assert "Dismissed at 500 credits too many ($5.00)" in message
    assert message.endswith("now 400 credits too few ($4.00).")


def test_a_balance_below_zero_that_falls_further_is_told(shop: Shop) -> None:
    shop.post(-50, "u7", kind=EntryKind.ADJUSTMENT)
    assert shop.found() == [("negative_balance", "user u7")]
    dismiss_all(shop)
    assert messages(shop) == []
    shop.post(-90_000, "u7", kind=EntryKind.ADJUSTMENT)
    assert shop.found() == [("negative_balance", "user u7")]


def test_what_a_person_credited_by_a_decision_does_not_hide_what_is_given_beside_it(shop: Shop) -> None:
    key = shop.pay(user="u7", client_reference_id="u8")
    shop.reconcile()
    (stored,) = read(shop.ledger).findings()
    resolved(shop.ledger, stored.id, action="credit", reason="it was u7", user_id="u7", credits=800)
    assert messages(shop) == [], "a person may give less"
    shop.post(5000, "u7", payment_key=key)
    (found,) = shop.reconcile().findings
    assert (found.code, found.stake and found.stake.credits) == ("reconcile.undecided_credit", 5800)
    assert "although a person had decided otherwise" in found.message


def test_nothing_is_repaired_of_what_was_dismissed_when_it_was_worth_less(shop: Shop) -> None:
    """Part of it was given under another name: a repair would give that part twice."""
    key = shop.pay()
    shop.post(payment_key="order-17")
    shop.reconcile()
    dismiss_all(shop)
    with shop.ledger.transaction() as tx:
        tx.connection.execute("UPDATE dismissals SET credits = 400, amount = 400")
    report = shop.reconcile()
    assert (report.repairs, {each.code for each in report.findings}) == (
        (),
        {"reconcile.missing_credit", "reconcile.orphan_credit"},
    )
    assert next(each for each in report.findings if each.subject == key).message.endswith("now 1,000 credits ($10.00).")


def test_what_an_older_format_dismissed_stays_quiet_until_it_grows(shop: Shop) -> None:
    """Nobody had noted its stake: the first run does, and accuses nobody of what was so before."""
    shop.post(1000, "u7", payment_key="pi_gift")
    shop.reconcile()
    dismiss_all(shop)
    with shop.ledger.transaction() as tx:
        tx.connection.execute("UPDATE dismissals SET credits = NULL, amount = NULL, currency = NULL")
    assert messages(shop, record=False) == []
    assert messages(shop) == []
    shop.post(5000, "u7", payment_key="pi_gift")
    (message,) = messages(shop)
    assert "Dismissed at 1,000 credits" in message


def test_word_of_a_finding_that_is_dismissed_while_a_run_goes_on_does_not_begin_again(shop: Shop) -> None:
    shop.post(1000, "u7", payment_key="pi_gift")
    shop.reconcile()
    with shop.ledger.reading() as view:
        seen = open_sightings(view)
    dismiss_all(shop)
    with shop.ledger.transaction() as tx:
        keep_sightings(tx, seen, ())
        assert open_sightings(tx) == []


@settings(max_examples=12, deadline=None)
@given(acts=st.lists(st.one_of(st.just("dismiss"), st.integers(-9, 9).filter(bool)), max_size=6))
def test_quiet_is_what_is_at_most_what_was_dismissed(open_shop: OpenShop, acts: list[str | int]) -> None:
    """Whatever comes and goes, a run is quiet just where no more is at stake than when a person looked last."""
    held = accepted = 0
    with open_shop() as shop:
        for act in acts:
            if isinstance(act, int):
                shop.post(act * 100, "u7", payment_key="pi_gift", amount=0)
                held += act * 100
            else:
                dismiss_all(shop)
                accepted = held if held > accepted else accepted
            loud = [code for code, _ in shop.found() if code == "orphan_credit"]
            assert loud == (["orphan_credit"] if held > accepted else [])


def test_a_window_does_not_repeat_of_its_payment_what_is_no_longer_true_beside_what_is(shop: Shop) -> None:
    """The correction of what was given twice took too much: that alone is so now, in a window as in every run."""
    key = shop.pay()
    shop.fulfil(key)
    twice = shop.post(1000, payment_key=key, package="starter")
    assert shop.found() == [("duplicate_credit", key)]
    adjusted(shop.ledger, user_id="u1", credits=-1500, reason="wrong", key="k", corrects=twice.id)

    in_window = shop.found(since=shop.now - 2 * 86_400)

    assert ("duplicate_credit", key) not in in_window
    assert in_window == shop.found()
