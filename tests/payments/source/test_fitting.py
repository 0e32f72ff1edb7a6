"""Rows of an application are completed by what Stripe says of their payment, and keep what they say themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from creditctl.core.entitlement.facts import RefundFact
from creditctl.core.entitlement.user_ids import canonical_uuid
from creditctl.ledger.archive.source_models import KeptRow, SourceRow
from creditctl.payments.facts import IntentFacts, PaymentFacts
from creditctl.payments.source.fitting import FittingTerms, fitted
from creditctl.payments.source.source_entry import RowTerms, SourceEntry, entry_of, whole_credits
from tests.support.clock import NOW

ROW = SourceRow("7", NOW, "u1", "u1", "purchase", "done", 1000, False, None, None, "cs_test_a1", None, None, None)


def entry(number: int = 1, **changes: Any) -> SourceEntry:
    row = ROW._replace(row_id=str(number), **changes)
    return entry_of(KeptRow(number, None, row), RowTerms(livemode=False), {})


def paid(amount: int = 1000, currency: str = "usd", user: str = "u1", *refunds: int) -> PaymentFacts:
    intent = IntentFacts("pi_1", "succeeded", amount, currency, {"user_id": user}, NOW)
    facts = tuple(
        RefundFact(f"re_{n}", "pi_1", "ch_1", part, currency, "succeeded", NOW + n, NOW + n)
        for n, part in enumerate(refunds, 1)
    )
    return PaymentFacts("pi_1", None, intent, facts)


def test_what_a_row_leaves_out_is_stripes() -> None:
    (found,) = fitted(paid(), [entry(user_id=None)], FittingTerms())

    assert (found.user_id, found.amount, found.currency) == ("u1", 1000, "usd")


def test_what_a_row_says_stays() -> None:
    (found,) = fitted(paid(), [entry(user_id="u2", amount=500, currency="eur")], FittingTerms())

    assert (found.user_id, found.amount, found.currency) == ("u2", 500, "eur")


def test_two_spellings_of_a_user_are_one() -> None:
    dashed = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
    terms = FittingTerms(lambda text: canonical_uuid(text) or text)

    (found,) = fitted(paid(user=dashed.replace("-", "")), [entry(user_id=dashed)], terms)

    assert found.user_id == dashed.replace("-", "")


@pytest.mark.parametrize(("currency", "amount"), [("usd", 1000), ("jpy", 10), ("kwd", 10_000)])
def test_major_amounts_follow_the_currency_of_the_payment(currency: str, amount: int) -> None:
    (found,) = fitted(paid(amount, currency), [entry(amount=1000)], FittingTerms(major=True))

    assert found.amount == amount


def test_what_was_taken_back_belongs_to_the_refunds_in_their_order() -> None:
    rows = [entry(1), entry(2, kind="refund", credits=-250), entry(3, kind="refund", credits=-250)]

    found = fitted(paid(1000, "usd", "u1", 250, 250), rows, FittingTerms())

    assert [(each.object_id, each.amount) for each in found[1:]] == [("re_1", -250), ("re_2", -250)]


def test_the_money_of_a_row_is_that_of_its_refund_where_it_is_worth_as_much() -> None:
    """By its credits it were a yen more, and so another refund would look as if it lacked less."""
    rows = [entry(1, credits=500), entry(2, kind="refund", credits=-140, created=NOW + 5)]

    found = fitted(paid(1500, "jpy", "u1", 590, 420), rows, FittingTerms())
    rounded = fitted(paid(1500, "jpy", "u1", 590, 419), rows, FittingTerms())

    assert [(each[1].object_id, each[1].amount) for each in (found, rounded)] == [("re_2", -420), ("re_2", -419)]


@pytest.mark.parametrize(("credits", "created", "name"), [(-400, 5, "re_2"), (-300, 5, "re_3"), (-300, 2, "re_1")])
def test_a_row_without_a_name_follows_the_refund_that_is_worth_as_much(credits: int, created: int, name: str) -> None:
    """The webhook of an earlier one was lost: to name that would blame the one that was followed."""
    rows = [entry(1), entry(2, kind="refund", credits=credits, created=NOW + created)]

    found = fitted(paid(1000, "usd", "u1", 300, 400, 300), rows, FittingTerms())

    assert found[1].object_id == name


@pytest.mark.parametrize(("taken", "judged"), [(333, -333), (334, -333), (335, -335)])
def test_less_than_a_credit_of_rounding_is_no_fault(taken: int, judged: int) -> None:
    rows = [entry(1), entry(2, kind="refund", credits=-taken)]

    found = fitted(paid(900, "usd", "u1", 300), [replace(rows[0], amount=900), rows[1]], FittingTerms())

    assert found[1].credits == judged


def test_less_than_a_credit_counts_only_where_it_is_asked_for() -> None:
    assert whole_credits(100_050, 100, up=True) == 1001
    assert whole_credits(-33_333, 100) == -333
    assert whole_credits(100_000, 100, up=True) == 1000


def test_a_sign_that_contradicts_its_kind_counts_where_it_is_rare() -> None:
    kept = KeptRow(1, None, ROW._replace(kind="refund", credits=-1000, contrary=True))

    assert entry_of(kept, RowTerms(livemode=False), {}).credits == -1000
    assert entry_of(kept, RowTerms(livemode=False, contrary=frozenset({"refund"})), {}).credits == 1000
