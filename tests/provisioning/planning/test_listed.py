"""Set-up leaves an application's own prices and products alone, unless they are adopted by name."""

from __future__ import annotations

from dataclasses import replace

from creditctl.core.catalog import Catalog
from creditctl.core.listings import listings_of
from creditctl.core.project_file.packages import PackageSection, SoldEntry
from creditctl.provisioning.planning.listed import without_listed
from creditctl.provisioning.planning.plan import Adoption, make_plan
from creditctl.provisioning.planning.steps import Action
from creditctl.provisioning.state import Observed
from tests.support.provisioning import Catalogs
from tests.support.provisioning_states import MARKS, PRICE, PRODUCT

OWN = replace(PRODUCT, id="prod_own", name="Own", default_price="price_own", metadata={})
OWN_PRICE = replace(PRICE, id="price_own", product="prod_own", lookup_key=None, metadata={})
DONE = (PRODUCT, PRICE)


def listing(catalog: Catalog, *sold: SoldEntry, fees: tuple[str, ...] = ()) -> Catalog:
    return replace(catalog, listings=listings_of([PackageSection(9, "pack", "Pack", 500, sold=sold)], fees))


def test_listed_objects_are_neither_changed_nor_found_whatever_marks_they_carry(make_catalog: Catalogs) -> None:
    catalog = make_catalog(("starter", 1000, 1000))
    marked = replace(OWN, metadata={**MARKS, "package": "gone"})
    price = replace(OWN_PRICE, metadata={**MARKS, "package": "gone"})
    account = Observed((PRODUCT, marked), (PRICE, price))
    bare, listed = make_plan(catalog, None, account), listing(catalog, SoldEntry(product="prod_own"))
    assert [found.code for found in bare.findings] == ["setup.orphan"]
    for prune in (False, True):
        plan = make_plan(listed, None, account, prune=prune)
        assert (plan.changes, plan.findings) == ((), ())


def test_a_listed_price_on_our_own_product_is_not_taken_over(make_catalog: Catalogs) -> None:
    catalog = make_catalog(("starter", 1000, 1000))
    theirs = replace(PRICE, lookup_key=None, metadata={})
    taken = make_plan(catalog, None, Observed((PRODUCT,), (theirs,)))
    left = make_plan(listing(catalog, SoldEntry(price="price_1")), None, Observed((PRODUCT,), (theirs,)))
    assert [step.action for step in taken.changes] == [Action.UPDATE]
    assert {step.id for step in left.changes if step.kind == "price"} == {None}


def test_a_listed_price_that_holds_our_key_keeps_it(make_catalog: Catalogs) -> None:
    catalog = listing(make_catalog(("starter", 1000, 1000)), SoldEntry(price="price_own"))
    holder = replace(OWN_PRICE, lookup_key=PRICE.lookup_key)
    plan = make_plan(catalog, None, Observed((OWN,), (holder,)))
    assert (plan.changes, [found.code for found in plan.findings]) == ((), ["setup.lookup_key_taken"])


def test_adopting_takes_the_product_over_and_its_listing_goes_on_telling_its_past(make_catalog: Catalogs) -> None:
    catalog = listing(make_catalog(("starter", 1000, 1000)), SoldEntry(product="prod_own", credits=900))
    old = replace(OWN_PRICE, id="price_before", unit_amount=800, active=False)
    plan = make_plan(catalog, None, Observed((OWN,), (old, OWN_PRICE)), adoption=Adoption({"starter": "prod_own"}))
    assert [(step.action, step.id) for step in plan.changes] == [
        (Action.ADOPT, "prod_own"),
        (Action.ADOPT, "price_own"),
    ]


def test_a_product_that_was_adopted_needs_no_second_word_and_gets_no_second_product(make_catalog: Catalogs) -> None:
    catalog = listing(make_catalog(("starter", 1000, 1000)), SoldEntry(product="prod_own", credits=900))
    product = replace(PRODUCT, id="prod_own", default_price="price_1")
    price = replace(PRICE, product="prod_own")
    old = replace(OWN_PRICE, id="price_before", unit_amount=800)
    plan = make_plan(catalog, None, Observed((product,), (old, price)))
    assert (plan.changes, plan.findings) == ((), ()), "the application's own price on it is left alone"
    dearer = listing(make_catalog(("starter", 1000, 1200)), SoldEntry(product="prod_own", credits=900))
    raised = make_plan(dearer, None, Observed((product,), (old, price)))
    assert {step.id for step in raised.changes} <= {"prod_own", "price_1", None}
    assert (Action.REPLACE, "price") in [(step.action, step.kind) for step in raised.changes]
    assert all(step.kind == "price" or step.id == "prod_own" for step in raised.changes), "no second product"


def test_fees_are_the_applications_own_too(make_catalog: Catalogs) -> None:
    catalog = listing(make_catalog(("starter", 1000, 1000)), fees=("price_own",))
    left = without_listed(catalog, Observed((PRODUCT, OWN), (PRICE, OWN_PRICE)), ())
    assert ([each.id for each in left.products], [each.id for each in left.prices]) == (
        ["creditctl_starter", "prod_own"],
        ["price_1"],
    )
