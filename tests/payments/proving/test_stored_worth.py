"""A payment is compared only where the judgement says nothing of it, now or later; else it is looked at every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from creditctl.core.catalog import Catalog
from creditctl.core.entitlement.facts import RefundFact, SessionFacts
from creditctl.core.entitlement.prices import LineItem
from creditctl.ledger.archive.source_queries import SourceRows
from creditctl.ledger.archive.store import Archive
from creditctl.ledger.matching.worth import Worth
from creditctl.payments.facts import IntentFacts, PaymentFacts, SoldSession
from creditctl.payments.proving.stored_worth import stored_worth
from creditctl.payments.proving.worth_digest import worth_digest
from creditctl.payments.source.source_keeper import SourceKeeper
from creditctl.payments.verdict import JudgementContext
from tests.support.clock import NOW

MADE = NOW - 100
METADATA = {"managed_by": "creditctl", "user_id": "u1", "package": "starter", "credits": "1000"}
SESSION = SessionFacts(
    "cs_test_1", "complete", "paid", "payment", 1000, 1000, "usd", "pi_1", "u1", METADATA, False, MADE
)
INTENT = IntentFacts("pi_1", "succeeded", 1000, "usd", METADATA, MADE + 5, amount=1000)
SOLD = PaymentFacts("pi_1", SoldSession(SESSION), INTENT)
REFUND = RefundFact("re_1", "pi_1", "ch_1", 333, "usd", "succeeded", MADE + 9, MADE + 9)


@pytest.fixture
def context(catalog: Catalog) -> JudgementContext:
    """A moment at which everything here is within grace: that must not matter."""
    return JudgementContext(catalog, False, NOW, NOW)


def test_a_plain_sale_says_all_that_its_entry_has_to(context: JudgementContext) -> None:
    said = ("u1", 1000, 1000, 1000, "usd", "starter", MADE, MADE + 5)
    assert stored_worth(SOLD, {}, context) == Worth("pi_1", "cs_test_1", 0, *said, 0, 0, 0, MADE + 5)


def test_a_plain_sale_that_an_application_books_is_compared_too(context: JudgementContext, tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive.db", account="acct_1", livemode=False) as archive:
        for scale in (1, 100):
            keeper = SourceKeeper(SourceRows(archive), False, scale)
            worth = stored_worth(SOLD, {}, replace(context, keeper=keeper))
            assert (worth.look, worth.user_id, worth.credits) == (0, "u1", 1000)


def test_what_went_back_is_part_of_it(context: JudgementContext) -> None:
    worth = stored_worth(replace(SOLD, facts=(REFUND,)), {}, context)
    assert (worth.look, worth.facts, worth.taken, worth.returned, worth.bought) == (0, 1, 333, 333, None)
    failed = stored_worth(replace(SOLD, facts=(replace(REFUND, status="failed"),)), {}, context)
    assert (failed.look, failed.facts, failed.taken, failed.returned) == (0, 1, 0, 0)


def test_a_refund_that_the_ledger_knows_better_counts_as_it_knows_it(context: JudgementContext) -> None:
    known = {"re_1": replace(REFUND, status="failed")}
    assert stored_worth(replace(SOLD, facts=(REFUND,)), known, context).taken == 0


@pytest.mark.parametrize(
    "stripe",
    [
        replace(SOLD, facts=(replace(REFUND, status="pending"),)),
        replace(SOLD, facts=(replace(REFUND, currency="eur"),)),
        replace(SOLD, sold=SoldSession(replace(SESSION, client_reference_id="u2"))),
        replace(SOLD, sold=SoldSession(replace(SESSION, livemode=True))),
        replace(SOLD, sold=SoldSession(replace(SESSION, amount_subtotal=5), ())),
        replace(SOLD, intent=replace(INTENT, amount_received=400)),
        PaymentFacts("pi_1", intent=INTENT),
        PaymentFacts("pi_1", intent=replace(INTENT, metadata={})),
    ],
    ids=["pending", "currency", "owner", "mode", "price", "captured in part", "without a session", "by hand"],
)
def test_what_a_person_may_hear_of_is_looked_at_every_time(context: JudgementContext, stripe: PaymentFacts) -> None:
    assert stored_worth(stripe, {}, context).look == 1


@pytest.mark.parametrize(
    "stripe",
    [
        replace(SOLD, sold=SoldSession(replace(SESSION, payment_status="unpaid"))),
        PaymentFacts("pi_1", intent=replace(INTENT, metadata={"order": "7"})),
        PaymentFacts("pi_1", absent=True),
    ],
    ids=["unpaid", "somebody else's", "unknown"],
)
def test_where_nothing_is_due_nobody_may_have_anything(context: JudgementContext, stripe: PaymentFacts) -> None:
    worth = stored_worth(stripe, {}, context)
    assert (worth.look, worth.user_id) == (0, None)


def test_a_number_that_no_column_holds_is_judged(context: JudgementContext) -> None:
    price = {"id": "p", "product": "creditctl_starter", "unit_amount": 1000, "currency": "usd"}
    metadata = {"managed_by": "creditctl", "package": "starter", "credits": "9" * 30}
    item = {"id": "li", "quantity": 1, "amount_subtotal": 1000, "amount_total": 1000, "currency": "usd"}
    items = (LineItem.from_stripe({**item, "price": {**price, "metadata": metadata}}),)
    sold = SoldSession(replace(SESSION, metadata={"managed_by": "creditctl", "user_id": "u1"}), items)
    worth = stored_worth(replace(SOLD, sold=sold), {}, context)
    assert worth.look == 1
    assert all(abs(each) < 2**63 for each in worth if isinstance(each, int))


def test_the_digest_changes_with_the_terms_and_with_nothing_else(context: JudgementContext) -> None:
    first, *rest = context.catalog.packages
    digest = worth_digest(context)
    assert worth_digest(replace(context, now=NOW + 1, started=5, grace_seconds=1)) == digest
    changed = replace(context.catalog, packages=(replace(first, credits=999), *rest))
    named = replace(context.catalog, deployment=replace(context.catalog.deployment, name="eu"))
    digests = {worth_digest(replace(context, catalog=each)) for each in (changed, named)}
    assert len({digest, worth_digest(replace(context, livemode=True)), *digests}) == 4
