"""Sales on an application's own prices: credits that changed, quantities, rules, fees; and what a refund is worth."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.catalog import Catalog, Package
from creditctl.core.entitlement.decision import (
    Decision,
    Disagrees,
    Grants,
    NeedsLineItems,
    NeedsPrices,
    NotOurs,
    decide,
    limited_to,
)
from creditctl.core.entitlement.facts import Fact, RefundFact, SessionFacts
from creditctl.core.entitlement.prices import LineItem
from creditctl.core.entitlement.settlement import RefundPosition, settlement
from creditctl.core.listings import listings_of
from creditctl.core.project_file.packages import PackageSection, SoldEntry, SoldQuantity

STARTER = Package(1, "starter", "Starter", 1000, 1000, "usd")


def catalog(*sold: SoldEntry, fees: tuple[str, ...] = (), user: tuple[str, ...] = ()) -> Catalog:
    """The starter package, and an application's pack of 500 credits."""
    section = PackageSection(2, "pack", "Pack", 500, sold=sold)
    return Catalog((STARTER,), listings=listings_of([section], fees), user=user)


def session(amount: int = 700, **changes: Any) -> SessionFacts:
    body: dict[str, Any] = {
        "id": "cs_test_1",
        "mode": "payment",
        "status": "complete",
        "payment_status": "paid",
        "currency": "usd",
    }
    body |= {"payment_intent": "pi_1", "client_reference_id": "ann", "metadata": {}, "livemode": False}
    return SessionFacts.from_stripe(
        {**body, "amount_subtotal": amount, "amount_total": amount, "created": 50} | changes
    )


def line(price: str = "price_own", product: str = "prod_own", amount: int = 700, **changes: Any) -> LineItem:
    quantity, metadata = changes.pop("quantity", 1), changes.pop("metadata", {})
    body: dict[str, Any] = {
        "id": price,
        "product": product,
        "unit_amount": amount,
        "currency": "usd",
        "metadata": metadata,
    }
    total = amount * quantity
    return LineItem.from_stripe(
        {"quantity": quantity, "amount_subtotal": total, "currency": "usd", "price": body}
        | {"amount_total": total}
        | changes
    )


def granted(decision: Decision) -> tuple[str, int, int, str | None]:
    assert isinstance(decision, Grants), decision
    purchase = decision.purchase
    return purchase.user_id, purchase.credits, purchase.amount, purchase.package


def disagreed(decision: Decision) -> tuple[str, int | None, int]:
    assert isinstance(decision, Disagrees), decision
    return decision.finding.code, decision.proposal.credits, decision.proposal.amount


def test_a_listed_price_is_ours_and_its_money_is_stripes() -> None:
    own = catalog(SoldEntry(price="price_own"))
    assert isinstance(decide(session(), own), NeedsLineItems)
    assert granted(decide(session(), own, [line()])) == ("ann", 500, 700, "pack")
    assert granted(decide(session(630, amount_subtotal=700), own, [line(amount_total=630)]))[2] == 630


def test_what_the_catalogue_does_not_know_is_not_ours_and_named_so_that_it_can_be() -> None:
    decision = decide(session(), catalog(SoldEntry(price="price_other")), [line()])
    assert isinstance(decision, NotOurs)
    assert decision.reason == "not a package: the catalogue does not know price price_own of product prod_own"


def test_credits_that_changed_follow_the_sessions_time() -> None:
    own = catalog(SoldEntry(price="price_own", credits=400, until=50), SoldEntry(price="price_own", since=50, until=90))
    told = [decide(session(created=moment), own, [line()]) for moment in (49, 50, 90)]
    assert [granted(each)[1] for each in told[:2]] == [400, 500]
    assert disagreed(told[2]) == ("fulfilment.outside_period", None, 700)


@pytest.mark.parametrize(("meaning", "credits"), [(SoldQuantity.ONE, 500), (SoldQuantity.MULTIPLY, 1500)])
def test_a_quantity_means_what_the_catalogue_says(meaning: SoldQuantity, credits: int) -> None:
    own = catalog(SoldEntry(price="price_own", quantity=meaning))
    assert granted(decide(session(2100), own, [line(quantity=3)])) == ("ann", credits, 2100, "pack")


def test_a_quantity_of_which_it_says_nothing_is_proposed() -> None:
    decision = decide(session(2100), catalog(SoldEntry(price="price_own")), [line(quantity=3)])
    assert disagreed(decision) == ("fulfilment.quantity", 1500, 2100)
    none = decide(session(0), catalog(SoldEntry(price="price_own")), [line(quantity=0)])
    assert disagreed(none) == ("fulfilment.quantity", None, 0)


def test_credits_may_stand_in_metadata() -> None:
    own = catalog(SoldEntry(product="prod_own", credits_key="bundle"))
    assert granted(decide(session(metadata={"bundle": "750"}), own, [line()]))[1] == 750
    assert granted(decide(session(), own, [line(metadata={"bundle": "80"})]))[1] == 80
    assert disagreed(decide(session(metadata={"bundle": "many"}), own, [line()]))[0] == "fulfilment.credits_unsaid"


def test_an_inline_price_is_known_by_metadata_amount_and_currency() -> None:
    own = catalog(SoldEntry(metadata=(("pack", "small"),), amount=700, currency="usd"))
    assert granted(decide(session(metadata={"pack": "small"}), own, [line("price_inline", "prod_inline")]))[1] == 500
    other = decide(session(900, metadata={"pack": "small"}), own, [line("price_inline", "prod_inline", 900)])
    assert isinstance(other, NotOurs)


def test_fees_change_neither_credits_nor_shares() -> None:
    own = catalog(SoldEntry(price="price_own"), fees=("price_fee",))
    lines = [line(amount_total=600), line("price_fee", "prod_fee", 50)]
    decision = decide(session(650, amount_subtotal=750), own, lines)
    assert granted(decision) == ("ann", 500, 600, "pack"), "what the pack came to after its discount"
    assert isinstance(decision, Grants)
    taken = settlement(RefundPosition(decision.purchase, 1), [refund(600)])
    assert [draft.credits for draft in taken] == [-500]
    assert [draft.credits for draft in settlement(RefundPosition(decision.purchase, 1), [refund(300)])] == [-250]
    assert sum(draft.credits for draft in settlement(RefundPosition(decision.purchase, 1), [refund(650)])) == -500


def test_fees_beside_a_price_of_ours_explain_the_rest() -> None:
    own = catalog(fees=("price_fee",))
    ours = line("price_1", "creditctl_starter", 1000)
    fee = line("price_fee", "prod_fee", 50)
    assert granted(decide(session(1050), own, [ours, fee])) == ("ann", 1000, 1000, "starter")
    assert disagreed(decide(session(1051), own, [ours, fee]))[0] == "fulfilment.price_mismatch"
    assert isinstance(decide(session(50), own, [fee]), NotOurs)


@pytest.mark.parametrize("beside", [line(), line("price_mug", "prod_mug")])
def test_a_pack_beside_anything_but_fees_is_for_a_person(beside: LineItem) -> None:
    decision = decide(session(1400), catalog(SoldEntry(price="price_own")), [line(), beside])
    assert disagreed(decision) == ("fulfilment.line_items", None, 1400)


def test_a_listed_price_needs_nothing_read_whatever_marks_it_carries() -> None:
    marks = {"managed_by": "creditctl", "package": "starter", "credits": "1000"}
    adopted = line(metadata=marks)
    assert isinstance(decide(session(), catalog(), [adopted]), NeedsPrices)
    assert granted(decide(session(), catalog(SoldEntry(product="prod_own")), [adopted]))[1] == 500


def test_the_application_says_where_its_sessions_carry_the_buyer() -> None:
    own = catalog(SoldEntry(price="price_own"), user=("metadata.account",))
    told = session(client_reference_id="cart-7", metadata={"account": "ben"})
    assert granted(decide(told, own, [line()]))[0] == "ben"
    assert disagreed(decide(session(), own, [line()])) == ("fulfilment.owner_missing", 500, 700)


def refund(amount: int, number: int = 1, status: str = "succeeded") -> RefundFact:
    return RefundFact(f"re_{number}", "pi_1", "ch_1", amount, "usd", status, 60 + number, 60 + number)


LINES = st.lists(
    st.builds(
        line,
        price=st.just("price_own"),
        amount=st.integers(0, 5000),
        quantity=st.integers(0, 4),
    )
    | st.builds(line, price=st.sampled_from(["price_fee", "price_mug"]), amount=st.integers(0, 5000)),
    max_size=3,
)
SOLD = st.builds(
    SoldEntry,
    price=st.just("price_own"),
    credits=st.integers(1, 10_000),
    quantity=st.sampled_from([None, *SoldQuantity]),
    until=st.sampled_from([None, 40, 60]),
)


@given(sold=SOLD, items=LINES, off=st.integers(-50, 50), captured=st.integers(0, 20_000))
def test_no_proposal_and_no_purchase_exceeds_what_was_captured(
    sold: SoldEntry, items: list[LineItem], off: int, captured: int
) -> None:
    total = max(0, sum(item.amount_total for item in items) + off)
    subtotal = sum(item.amount_subtotal for item in items)
    decision = decide(session(total, amount_subtotal=subtotal), catalog(sold, fees=("price_fee",)), items)
    limited = limited_to(decision, captured, "usd")
    if isinstance(limited, Grants):
        assert limited.purchase.amount <= captured
        assert limited == decision
    if isinstance(limited, Disagrees):
        assert limited.proposal.amount <= max(captured, 0)
        assert f"--credits {limited.proposal.credits or 'N'} " in limited.finding.fix
        whole = decision.proposal if isinstance(decision, Disagrees) else None
        if whole is not None and whole.credits is not None and limited.proposal.credits is not None:
            assert limited.proposal.credits * whole.amount <= whole.credits * max(captured, limited.proposal.amount)


@given(
    amounts=st.lists(st.tuples(st.integers(1, 700), st.sampled_from(["succeeded", "failed"])), max_size=3),
    fee=st.integers(0, 300),
    discount=st.integers(0, 100),
)
def test_any_order_of_refunds_of_a_pack_with_fees_ends_in_the_same_balance(
    amounts: list[tuple[int, str]], fee: int, discount: int
) -> None:
    own = catalog(SoldEntry(price="price_own"), fees=("price_fee",))
    lines = [line(amount_total=700 - discount), line("price_fee", "prod_fee", fee)]
    decision = decide(session(700 + fee - discount, amount_subtotal=700 + fee), own, lines)
    assert isinstance(decision, Grants)
    facts = [refund(amount, number, status) for number, (amount, status) in enumerate(amounts)]
    ends = {balance(decision, order) for order in itertools.permutations(facts)}
    base, returned = 700 - discount, sum(fact.counted for fact in facts)
    assert ends == {500 - 500 * min(base, returned) // base}


def balance(decision: Grants, facts: tuple[Fact, ...]) -> int:
    """What the buyer has after refunds in an order, each settled as it comes."""
    position, total = RefundPosition(decision.purchase, 1), decision.purchase.credits
    for count in range(1, len(facts) + 1):
        for draft in settlement(position, facts[:count], cause=facts[count - 1].object_id):
            total += draft.credits
            position = replace(
                position,
                taken=position.taken - draft.credits,
                returned=position.returned - draft.amount,
                keys=position.keys | {draft.idempotency_key},
            )
    return total
