"""The catalogue's plan by example: the order of a reprice, and what is no drift."""

from __future__ import annotations

from dataclasses import replace

from creditctl.provisioning.planning.plan import make_plan
from creditctl.provisioning.planning.steps import Change, step_from_dict
from creditctl.provisioning.state import Observed, PriceState
from tests.support.provisioning import Catalogs
from tests.support.provisioning_states import MARKS, PRICE, PRODUCT


def test_a_reprice_is_create_then_default_then_archive(make_catalog: Catalogs) -> None:
    plan = make_plan(make_catalog(("starter", 1000, 1200)), None, Observed((PRODUCT,), (PRICE,)))
    replace_step, default_step, archive_step = plan.changes

    assert [str(step.action) for step in plan.changes] == ["replace", "update", "archive"]
    assert replace_step.changes == (Change("unit_amount", 1000, 1200),)
    assert replace_step.params["transfer_lookup_key"] is True
    assert replace_step.metadata["supersedes"] == "price_1"
    assert default_step.params == {"default_price": "@price:starter"}
    assert (archive_step.id, archive_step.params) == ("price_1", {"active": False})
    assert [step_from_dict(step.as_dict()).as_dict() for step in plan.steps] == [s.as_dict() for s in plan.steps]


def test_what_others_wrote_is_not_drift(make_catalog: Catalogs) -> None:
    product = replace(PRODUCT, default_price=None, metadata={**MARKS, "crm": "7"})
    price = replace(PRICE, metadata={**MARKS, "note": "x"})
    foreign = PriceState("price_9", "creditctl_starter", "eur", 900)
    plan = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((product,), (price, foreign)))

    assert plan.changes == ()
