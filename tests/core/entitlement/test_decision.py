"""Which sessions give credits, to whom and how many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from creditctl.core.catalog import Catalog, Package
from creditctl.core.deployment import Deployment
from creditctl.core.entitlement.decision import (
    Decision,
    Disagrees,
    Grants,
    NeedsLineItems,
    NeedsPrices,
    NotOurs,
    Waits,
    decide,
    limited_to,
    needs_line_items,
)
from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.entitlement.prices import LineItem

STARTER = Package(1, "starter", "Starter", 1000, 1000, "usd")
CATALOG = Catalog((STARTER, Package(2, "basic", "Basic", 5500, 4500, "usd")))
MUG: dict[str, Any] = {"product": "prod_mug", "metadata": {}, "lookup_key": None}
METADATA = {"managed_by": "creditctl", "user_id": "42", "package": "starter", "credits": "1000"}


def session(**changes: Any) -> SessionFacts:
    data = {
        "object": "checkout.session",
        "id": "cs_test_1",
        "mode": "payment",
        "status": "complete",
        "payment_status": "paid",
        "amount_subtotal": 1000,
        "amount_total": 1000,
        "currency": "usd",
        "payment_intent": "pi_1",
        "client_reference_id": "42",
        "metadata": METADATA,
        "livemode": False,
        "created": 7,
    }
    return SessionFacts.from_stripe(data | changes)


def line(**changes: Any) -> LineItem:
    price = {
        "id": "price_1",
        "product": "creditctl_starter",
        "lookup_key": "creditctl_starter_usd",
        "unit_amount": 1000,
        "currency": "usd",
        "metadata": {"managed_by": "creditctl", "package": "starter", "credits": "1000"},
    }
    price |= changes.pop("price", {})
    return LineItem.from_stripe({"quantity": 1, "amount_subtotal": 1000, "currency": "usd", "price": price} | changes)


def granted(decision: Decision) -> tuple[str, int, int, str, str | None]:
    assert isinstance(decision, Grants), decision
    purchase = decision.purchase
    return (purchase.user_id, purchase.credits, purchase.amount, purchase.payment_key, purchase.package)


def code_of(decision: Decision) -> str:
    assert isinstance(decision, Disagrees), decision
    return decision.finding.code


def test_a_paid_session_of_ours_gives_its_package() -> None:
    assert granted(decide(session(), CATALOG)) == ("42", 1000, 1000, "pi_1", "starter")


def test_a_full_discount_gives_all_credits_for_nothing_under_the_sessions_id() -> None:
    free = session(payment_status="no_payment_required", payment_intent=None, amount_total=0)
    assert granted(decide(free, CATALOG)) == ("42", 1000, 0, "cs_test_1", "starter")


def test_discount_and_tax_change_no_credits() -> None:
    assert granted(decide(session(amount_total=864), CATALOG)) == ("42", 1000, 864, "pi_1", "starter")
    assert granted(decide(session(amount_total=1190), CATALOG)) == ("42", 1000, 1190, "pi_1", "starter")


@pytest.mark.parametrize(
    "changes",
    [{"payment_status": "unpaid"}, {"status": "open"}, {"status": "expired", "payment_status": "unpaid"}],
)
def test_unpaid_gives_nothing_yet(changes: dict[str, Any]) -> None:
    assert isinstance(decide(session(**changes), CATALOG), Waits)


@pytest.mark.parametrize("mode", ["subscription", "setup"])
def test_sessions_that_sell_something_else_are_not_ours(mode: str) -> None:
    assert isinstance(decide(session(mode=mode), CATALOG), NotOurs)


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {}},
        {"metadata": {**METADATA, "package": "gone"}},
        {"metadata": {**METADATA, "credits": "5500"}},
        {"amount_subtotal": 999},
        {"currency": "eur"},
    ],
)
def test_where_metadata_does_not_settle_it_the_line_items_are_asked_for(changes: dict[str, Any]) -> None:
    assert isinstance(decide(session(**changes), CATALOG), NeedsLineItems)
    assert needs_line_items(session(**changes), CATALOG)
    assert not needs_line_items(session(**{**changes, "payment_status": "unpaid"}), CATALOG)
    assert not needs_line_items(session(), CATALOG)


def test_a_session_of_an_application_is_ours_by_its_price() -> None:
    theirs = session(metadata={})
    assert granted(decide(theirs, CATALOG, [line()])) == ("42", 1000, 1000, "pi_1", "starter")


def test_an_archived_price_gives_what_it_sold() -> None:
    old = session(amount_subtotal=900, metadata={**METADATA, "credits": "800"})
    sold = line(price={"unit_amount": 900, "metadata": {**METADATA, "credits": "800"}})
    assert granted(decide(old, CATALOG, [sold])) == ("42", 800, 1000, "pi_1", "starter")


def test_a_price_that_was_sold_outweighs_metadata() -> None:
    wrong = session(metadata={**METADATA, "package": "basic", "credits": "5500"})
    assert granted(decide(wrong, CATALOG, [line()]))[1] == 1000


def test_neither_metadata_nor_price_of_ours_is_not_ours() -> None:
    assert isinstance(decide(session(metadata={}), CATALOG, [line(price=MUG)]), NotOurs)
    assert isinstance(decide(session(metadata={}), CATALOG, []), NotOurs)


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([line(quantity=2)], "fulfilment.quantity"),
        ([line(price={"unit_amount": 900})], "fulfilment.price_mismatch"),
        ([line(price={"currency": "eur", "lookup_key": "creditctl_starter_eur"})], "fulfilment.price_mismatch"),
        ([line(price={"metadata": {}, "product": "creditctl_gone"})], "fulfilment.price_metadata"),
        ([line(price={"metadata": {}, "unit_amount": 999})], "fulfilment.price_metadata"),
        ([line(), line()], "fulfilment.line_items"),
        ([line(), line(price=MUG)], "fulfilment.line_items"),
        ([line(price=MUG)], "fulfilment.line_items"),
        ([], "fulfilment.line_items"),
    ],
)
def test_what_still_disagrees_is_a_finding_with_a_ready_command(items: list[LineItem], code: str) -> None:
    decision = decide(session(metadata={"managed_by": "creditctl"}), CATALOG, items)
    assert code_of(decision) == code
    assert isinstance(decision, Disagrees)
    assert "creditctl ledger resolve {id} --credit" in decision.finding.fix
    assert decision.proposal.user_id == "42"


@pytest.mark.parametrize(
    ("changes", "quantity", "expected"),
    [
        ({"amount_subtotal": 500}, 1, ("fulfilment.price_mismatch", None)),
        ({"currency": "eur"}, 1, ("fulfilment.price_mismatch", None)),
        ({"amount_subtotal": 2000}, 2, ("fulfilment.quantity", 2000)),
        ({"amount_subtotal": 2100}, 2, ("fulfilment.price_mismatch", None)),
        ({"metadata": {**METADATA, "credits": "5500"}}, 1, ("fulfilment.line_items", None)),
    ],
)
def test_a_session_of_ours_that_comes_to_something_else_than_it_says_is_named_so(
    changes: dict[str, Any], quantity: int, expected: tuple[str, int | None]
) -> None:
    """Its line is an inline price, of which nobody knows anything but what the session says."""
    decision = decide(session(**changes), CATALOG, [line(quantity=quantity, price=MUG)])

    assert isinstance(decision, Disagrees)
    assert (decision.finding.code, decision.proposal.credits) == expected


def proposal(decision: Decision) -> tuple[str | None, int | None, int]:
    """User, credits and amount of what a person is asked about."""
    assert isinstance(decision, Disagrees), decision
    return decision.proposal.user_id, decision.proposal.credits, decision.proposal.amount


def test_a_quantity_proposes_the_prices_credits_times_it() -> None:
    two = decide(session(metadata={}, amount_subtotal=2000, amount_total=2000), CATALOG, [line(quantity=2)])

    assert proposal(two) == ("42", 2000, 2000)
    assert isinstance(two, Disagrees)
    assert "$20.00" in two.finding.message
    assert "2,000 credits for user 42" in two.finding.message
    assert "--credit --user 42 --credits 2000 --reason TEXT" in two.finding.fix


@pytest.mark.parametrize(
    "items",
    [
        [line(quantity=3)],
        [line(price={"unit_amount": 900})],
        [line(price={"metadata": {}, "product": "creditctl_gone"})],
        [line(), line()],
    ],
)
def test_what_no_package_explains_has_its_credits_typed(items: list[LineItem]) -> None:
    decision = decide(session(metadata={}, amount_subtotal=2000, amount_total=2000), CATALOG, items)

    assert proposal(decision) == ("42", None, 2000)
    assert isinstance(decision, Disagrees)
    assert "--credits N" in decision.finding.fix


def test_of_a_part_that_was_captured_the_credits_of_that_part_are_proposed() -> None:
    whole = decide(session(), CATALOG)

    assert limited_to(whole, 1000, "usd") is whole
    part = limited_to(whole, 400, "usd")
    assert (code_of(part), proposal(part)) == ("fulfilment.partial_capture", ("42", 400, 400))
    nobody = decide(session(client_reference_id=None, metadata={**METADATA, "user_id": ""}), CATALOG)
    assert proposal(limited_to(nobody, 400, "usd")) == (None, 400, 400)
    unpaid = decide(session(payment_status="unpaid"), CATALOG)
    two = limited_to(decide(session(amount_subtotal=2000, amount_total=2000), CATALOG, [line(quantity=2)]), 400, "usd")
    assert (code_of(two), proposal(two)) == ("fulfilment.quantity", ("42", 400, 400))
    assert isinstance(two, Disagrees)
    assert "--user 42 --credits 400 " in two.finding.fix
    assert "$20.00 were to be paid, and less was captured. Paid: $4.00;" in two.finding.message
    assert limited_to(unpaid, 400, "usd") is unpaid


@pytest.mark.parametrize(
    ("reference", "metadata", "code"),
    [
        ("42", {**METADATA, "user_id": "43"}, "fulfilment.owner_conflict"),
        (None, {**METADATA, "user_id": ""}, "fulfilment.owner_missing"),
        (None, {**METADATA, "user_id": "x" * 201}, "fulfilment.owner_unusable"),
        (None, {**METADATA, "user_id": "4\0002"}, "fulfilment.owner_unusable"),
        ("  ", {**METADATA, "user_id": "  "}, "fulfilment.owner_unusable"),
        ("\ud800", {**METADATA, "user_id": "\ud800"}, "fulfilment.owner_unusable"),
    ],
)
def test_an_owner_is_never_guessed(reference: str | None, metadata: dict[str, str], code: str) -> None:
    decision = decide(session(client_reference_id=reference, metadata=metadata), CATALOG)
    assert code_of(decision) == code
    assert isinstance(decision, Disagrees)
    assert decision.proposal.user_id is None
    assert "--user USER_ID" in decision.finding.fix
    assert decision.proposal.credits == 1000


@pytest.mark.parametrize("named", [{"client_reference_id": None}, {"metadata": {**METADATA, "user_id": ""}}])
def test_one_place_that_names_the_owner_is_enough(named: dict[str, Any]) -> None:
    assert granted(decide(session(**named), CATALOG))[0] == "42"


def test_a_repriced_catalogue_does_not_change_what_was_sold() -> None:
    repriced = Catalog((replace(STARTER, amount=1200),))
    assert isinstance(decide(session(), repriced), NeedsLineItems)
    assert granted(decide(session(), repriced, [line()]))[1] == 1000


def dear(superseded: bool | None) -> LineItem:
    """120,000 credits for a cent, on our own product: a slip in the Dashboard, or somebody's trick."""
    marks = {"managed_by": "creditctl", "package": "enterprise", "credits": "120000"}
    item = line(amount_subtotal=1, price={"unit_amount": 1, "metadata": marks, "lookup_key": None})
    assert item.price is not None
    return replace(item, price=replace(item.price, superseded=superseded))


def test_terms_that_nobody_vouches_for_are_a_finding_without_credits() -> None:
    cent = session(metadata={}, amount_subtotal=1, amount_total=1)
    assert isinstance(decide(cent, CATALOG, [dear(None)]), NeedsPrices)
    decision = decide(cent, CATALOG, [dear(False)])
    assert (code_of(decision), proposal(decision)) == ("fulfilment.price_terms", ("42", None, 1))
    assert isinstance(decision, Disagrees)
    assert "120,000 credits of package enterprise for $0.01" in decision.finding.message
    assert granted(decide(cent, CATALOG, [dear(True)]))[1] == 120_000, "history vouches for it"


def test_a_copied_mark_on_another_product_is_not_ours() -> None:
    cent = session(metadata={}, amount_subtotal=1, amount_total=1)
    copied = line(price={"product": "prod_mug", "unit_amount": 1, "metadata": METADATA, "lookup_key": None})
    assert isinstance(decide(cent, CATALOG, [copied]), NeedsPrices)
    assert copied.price is not None
    known = replace(copied, price=replace(copied.price, product_metadata={}))
    assert isinstance(decide(cent, CATALOG, [known]), NotOurs)


def test_a_price_on_our_product_that_costs_what_the_package_costs_needs_no_marks() -> None:
    assert granted(decide(session(metadata={}), CATALOG, [line(price={"metadata": {}, "lookup_key": None})]))[1] == 1000


@pytest.mark.parametrize(("named", "here", "there"), [("eu", "ours", "other"), (None, "other", "ours")])
def test_an_inline_price_is_judged_by_what_its_session_promises_in_a_named_deployment_too(
    named: str | None, here: str, there: str
) -> None:
    """Nobody's price: the session says whose it is, and no other deployment on the account credits it."""
    metadata = METADATA if named is None else METADATA | {"deployment": named}
    sold, inline = session(metadata=metadata), line(price=MUG | {"unit_amount": 1000})
    decisions = [decide(sold, CATALOG.sold_by(each), (inline,)) for each in (Deployment("eu"), Deployment())]

    assert ["ours" if isinstance(each, Grants) else "other" for each in decisions] == [here, there]
    assert all(isinstance(each, Grants | NotOurs) for each in decisions)


def test_an_inline_price_of_another_amount_is_no_promise_that_a_named_deployment_keeps() -> None:
    sold = session(metadata=METADATA | {"deployment": "eu"}, amount_subtotal=900, amount_total=900)
    inline = line(price=MUG | {"unit_amount": 900}, amount_subtotal=900)

    assert code_of(decide(sold, CATALOG.sold_by(Deployment("eu")), (inline,))) == "fulfilment.price_mismatch"
