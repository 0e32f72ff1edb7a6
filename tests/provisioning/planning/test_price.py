"""One package's price by example: which one goes on, which one is new, whose are left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from creditctl.provisioning.planning.plan import make_plan
from creditctl.provisioning.planning.steps import Action, StepKind
from creditctl.provisioning.state import Observed
from tests.support.provisioning import Catalogs
from tests.support.provisioning_states import MARKS, PRICE, PRODUCT


def test_going_back_to_an_old_amount_is_another_creation(make_catalog: Catalogs) -> None:
    dear = replace(PRICE, id="price_2", unit_amount=1200, created=2, metadata={**MARKS, "supersedes": "price_1"})
    archived = replace(PRICE, active=False, lookup_key=None)
    first = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), ())).changes[0]
    back = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), (archived, dear))).changes[0]

    assert back.action is Action.REPLACE
    assert back.seed != first.seed
    assert back.metadata["supersedes"] == "price_2"


def test_a_price_on_our_product_that_lost_all_its_marks_is_taken_over(make_catalog: Catalogs) -> None:
    wiped = replace(PRICE, lookup_key=None, metadata={})
    plan = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), (wiped,)))

    assert [(step.action, step.id) for step in plan.changes] == [(Action.UPDATE, "price_1")]
    assert plan.changes[0].params["lookup_key"] == "creditctl_starter_usd"
    assert plan.changes[0].metadata == MARKS


def test_a_price_that_somebody_finds_by_another_key_stays_theirs(make_catalog: Catalogs) -> None:
    theirs = replace(PRICE, lookup_key="theirs", metadata={})
    plan = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), (theirs,)))

    assert [(step.action, step.id) for step in plan.changes] == [(Action.CREATE, None)]
    assert [(finding.code, finding.subject) for finding in plan.findings] == [("setup.other_price", "price_1")]


def test_an_archived_strangers_price_is_never_superseded(make_catalog: Catalogs) -> None:
    stranger = replace(PRICE, product="prod_theirs", unit_amount=5, active=False, metadata={})
    plan = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), (stranger,)))

    assert [step.action for step in plan.changes] == [Action.CREATE]
    assert "supersedes" not in plan.changes[0].metadata
    assert plan.jumps == (), "what a stranger charges says nothing about a slipped decimal of ours"


def test_another_currency_and_its_credits_have_to_be_meant(make_catalog: Catalogs) -> None:
    euros = make_catalog(("starter", 1000, 1000), currency="eur")
    dear = make_catalog(("starter", 9000, 1000), currency="eur")

    assert make_plan(euros, None, Observed((PRODUCT,), (PRICE,))).jumps == (
        "starter: the price goes from $10.00 to 10.00 EUR, another currency",
    )
    assert make_plan(dear, None, Observed((PRODUCT,), (PRICE,))).jumps == (
        "starter: the price goes from $10.00 to 10.00 EUR, another currency",
        "starter: the credits go from 1,000 to 9,000",
    )


def test_going_back_to_an_archived_price_jumps_too(make_catalog: Catalogs) -> None:
    archived = replace(PRICE, active=False)
    dear = replace(PRICE, id="price_2", unit_amount=9000, lookup_key=None, created=2)
    plan = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), (archived, dear)))

    assert plan.jumps == ("starter: the price goes from $90.00 to $10.00",)


@pytest.mark.parametrize(
    ("terms", "field"),
    [({"other_currencies": ("eur",)}, "currency_options"), ({"divides": True}, "transform_quantity")],
)
def test_a_price_that_asks_something_else_besides_is_replaced(
    terms: dict[str, Any], field: str, make_catalog: Catalogs
) -> None:
    """usd 10.00 as the catalogue says, and eur 1.00 beside it."""
    plan = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), (replace(PRICE, **terms),)))

    assert [step.action for step in plan.changes if step.kind is StepKind.PRICE] == [Action.REPLACE, Action.ARCHIVE]
    assert field in [change.field for change in plan.changes[0].changes]
    assert plan.changes[0].metadata["supersedes"] == "price_1"


def test_copied_marks_on_a_strangers_product_are_neither_superseded_nor_archived_but_named(
    make_catalog: Catalogs,
) -> None:
    copied = replace(PRICE, id="price_copy", product="prod_theirs", unit_amount=5, lookup_key=None, created=2)
    theirs = replace(PRODUCT, id="prod_theirs", metadata={}, default_price=None)
    plan = make_plan(make_catalog(("starter", 1000, 1200)), None, Observed((PRODUCT, theirs), (PRICE, copied)))

    assert "price_copy" not in {step.id for step in plan.changes}
    (new,) = (step for step in plan.changes if step.action is Action.REPLACE)
    assert new.metadata["supersedes"] == "price_1"
    assert [(found.code, found.subject) for found in plan.findings] == [("setup.copied_mark", "price_copy")]


def test_marks_on_price_and_product_are_ours_whatever_the_products_id(make_catalog: Catalogs) -> None:
    adopted = replace(PRICE, product="prod_own", unit_amount=900)
    own = replace(PRODUCT, id="prod_own")
    plan = make_plan(make_catalog(("starter", 1000, 1200)), None, Observed((own,), (adopted,)))

    (new,) = (step for step in plan.changes if step.action is Action.REPLACE)
    assert (new.params["product"], new.metadata["supersedes"]) == ("prod_own", "price_1")


def test_a_price_that_is_taken_over_names_the_one_before_it(make_catalog: Catalogs) -> None:
    """What the one before sold has no other proof once it has lost the key."""
    by_hand = replace(PRICE, id="price_2", unit_amount=1200, lookup_key=None, metadata={}, created=2)
    account = Observed((PRODUCT,), (PRICE, by_hand))
    plan = make_plan(make_catalog(("starter", 1000, 1200)), None, account)

    (taken,) = (step for step in plan.changes if step.id == "price_2")
    assert taken.metadata["supersedes"] == "price_1"
    done = replace(by_hand, lookup_key=PRICE.lookup_key, metadata={**MARKS, "supersedes": "price_0 price_1"})
    product = replace(PRODUCT, default_price="price_2")
    archived = replace(PRICE, active=False, lookup_key=None)
    again = make_plan(make_catalog(("starter", 1000, 1200)), None, Observed((product,), (archived, done)))
    assert again.changes == ()
