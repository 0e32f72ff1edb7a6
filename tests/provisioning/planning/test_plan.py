"""The plan by example: what is said about each field, and what is only a note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from creditctl.core.catalog import Catalog
from creditctl.core.errors import GuardRefused
from creditctl.payments.event_types import ENDPOINT_EVENTS
from creditctl.provisioning.planning.endpoint import plan_endpoint
from creditctl.provisioning.planning.plan import make_plan, require_no_jump
from creditctl.provisioning.planning.steps import Action, Change, step_from_dict
from creditctl.provisioning.state import (
    DesiredEndpoint,
    EndpointState,
    Observed,
    PriceState,
    ProductState,
    release_name,
)

URL = "https://api.example.com/api/credits/webhook"
VERSION = "2026-10-28.endive"
MARKS = {"managed_by": "creditctl", "package": "starter", "credits": "1000"}
PRODUCT = ProductState("creditctl_starter", "Starter", True, "1,000 credits", "price_1", MARKS)
PRICE = PriceState("price_1", "creditctl_starter", "usd", 1000, lookup_key="creditctl_starter_usd", metadata=MARKS)
ENDPOINT = EndpointState(
    "we_1",
    URL,
    tuple(sorted(ENDPOINT_EVENTS)),
    api_version=VERSION,
    metadata={"managed_by": "creditctl", "secret_fingerprint": "aaaaaaaa"},
)
WISH = DesiredEndpoint(URL, VERSION, ("aaaaaaaa",))
Catalogs = Callable[..., Catalog]


def test_a_reprice_is_create_then_default_then_archive(make_catalog: Catalogs) -> None:
    plan = make_plan(make_catalog(("starter", 1000, 1200)), None, Observed((PRODUCT,), (PRICE,)))
    replace_step, default_step, archive_step = plan.changes

    assert [str(step.action) for step in plan.changes] == ["replace", "update", "archive"]
    assert replace_step.changes == (Change("unit_amount", 1000, 1200),)
    assert replace_step.params["transfer_lookup_key"] is True
    assert replace_step.params["metadata"]["supersedes"] == "price_1"
    assert default_step.params == {"default_price": "@price:starter"}
    assert (archive_step.id, archive_step.params) == ("price_1", {"active": False})
    assert [step_from_dict(step.as_dict()).as_dict() for step in plan.steps] == [s.as_dict() for s in plan.steps]


def test_going_back_to_an_old_amount_is_another_creation(make_catalog: Catalogs) -> None:
    dear = replace(PRICE, id="price_2", unit_amount=1200, created=2, metadata={**MARKS, "supersedes": "price_1"})
    archived = replace(PRICE, active=False, lookup_key=None)
    first = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), ())).changes[0]
    back = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), (archived, dear))).changes[0]

    assert back.action is Action.REPLACE
    assert back.seed != first.seed
    assert back.params["metadata"]["supersedes"] == "price_2"


def test_a_price_on_our_product_that_lost_all_its_marks_is_taken_over(make_catalog: Catalogs) -> None:
    wiped = replace(PRICE, lookup_key=None, metadata={})
    plan = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), (wiped,)))

    assert [(step.action, step.id) for step in plan.changes] == [(Action.UPDATE, "price_1")]
    assert plan.changes[0].params["lookup_key"] == "creditctl_starter_usd"
    assert plan.changes[0].params["metadata"] == MARKS


def test_a_price_that_somebody_finds_by_another_key_stays_theirs(make_catalog: Catalogs) -> None:
    theirs = replace(PRICE, lookup_key="theirs", metadata={})
    plan = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), (theirs,)))

    assert [(step.action, step.id) for step in plan.changes] == [(Action.CREATE, None)]
    assert [(finding.code, finding.subject) for finding in plan.findings] == [("setup.other_price", "price_1")]


def test_an_archived_strangers_price_is_never_superseded(make_catalog: Catalogs) -> None:
    stranger = replace(PRICE, product="prod_theirs", unit_amount=5, active=False, metadata={})
    plan = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((PRODUCT,), (stranger,)))

    assert [step.action for step in plan.changes] == [Action.CREATE]
    assert "supersedes" not in plan.changes[0].params["metadata"]
    assert plan.jumps == (), "what a stranger charges says nothing about a slipped decimal of ours"


@pytest.mark.parametrize(
    ("credits", "amount", "jumps"),
    [(1000, 1000, 0), (1000, 1500, 0), (1000, 1501, 1), (1000, 500, 0), (1000, 499, 1), (10000, 1000, 1), (1, 1, 2)],
)
def test_a_jump_is_more_than_half_up_or_down(credits: int, amount: int, jumps: int, make_catalog: Catalogs) -> None:
    plan = make_plan(make_catalog(("starter", credits, amount)), None, Observed((PRODUCT,), (PRICE,)))

    assert len(plan.jumps) == jumps
    require_no_jump(plan, allowed=True)
    if jumps:
        with pytest.raises(GuardRefused):
            require_no_jump(plan, allowed=False)


def test_what_others_wrote_is_not_drift(make_catalog: Catalogs) -> None:
    product = replace(PRODUCT, default_price=None, metadata={**MARKS, "crm": "7"})
    price = replace(PRICE, metadata={**MARKS, "note": "x"})
    foreign = PriceState("price_9", "creditctl_starter", "eur", 900)
    plan = make_plan(make_catalog(("starter", 1000, 1000)), None, Observed((product,), (price, foreign)))

    assert plan.changes == ()


@pytest.mark.parametrize(
    ("version", "actions", "codes"),
    [
        (VERSION, ["keep"], []),
        ("2026-09-30.endive", ["keep"], ["endpoint.version_date"]),
        ("2026-08-26.dahlia", ["create", "keep"], []),
        ("2024-06-20", ["create", "keep"], []),
        (None, ["create", "keep"], []),
    ],
)
def test_only_another_release_name_makes_a_second_endpoint(
    version: str | None, actions: list[str], codes: list[str]
) -> None:
    plan = plan_endpoint(WISH, [replace(ENDPOINT, api_version=version)])

    assert [str(step.action) for step in plan.steps] == actions
    assert [finding.code for finding in plan.findings] == codes


def test_release_names() -> None:
    assert [release_name(text) for text in (VERSION, "2024-06-20", None)] == ["endive", "2024-06-20", None]


def test_a_moved_backend_keeps_its_endpoint_and_secret() -> None:
    moved = replace(ENDPOINT, url="https://old.example.com/api/credits/webhook")
    (step,) = plan_endpoint(WISH, [moved]).steps

    assert (step.action, step.id, step.params) == (Action.UPDATE, "we_1", {"url": URL})


def test_another_deployments_endpoint_is_left_alone() -> None:
    other = replace(ENDPOINT, url="https://staging.example.com/hook", metadata={"managed_by": "creditctl"})
    plan = plan_endpoint(WISH, [other, replace(ENDPOINT, id="we_2")])

    assert [step.action for step in plan.steps] == [Action.KEEP]
    assert [finding.code for finding in plan.findings] == ["endpoint.elsewhere"]


def test_duplicates_and_wildcards_are_told() -> None:
    by_hand = EndpointState("we_9", URL, ("*",))
    plan = plan_endpoint(WISH, [ENDPOINT, by_hand])

    assert [step.action for step in plan.steps] == [Action.KEEP]
    assert {finding.code for finding in plan.findings} == {"endpoint.duplicate", "endpoint.all_events"}


def test_a_duplicate_of_ours_is_deleted_and_the_one_with_our_secret_stays() -> None:
    lost = replace(ENDPOINT, id="we_0", metadata={"managed_by": "creditctl", "secret_fingerprint": "ffffffff"})
    plan = plan_endpoint(WISH, [lost, ENDPOINT])

    assert [(step.action, step.id) for step in plan.steps] == [(Action.KEEP, "we_1"), (Action.DELETE, "we_0")]


def test_a_secret_that_lives_elsewhere_is_trusted_by_its_mark_alone() -> None:
    newest = replace(ENDPOINT, id="we_2", created=2, metadata={**ENDPOINT.metadata, "secret_fingerprint": "bbbbbbbb"})
    trusting = replace(WISH, held=("cccccccc",), trust_fingerprint=True)
    plan = plan_endpoint(trusting, (ENDPOINT, newest))

    assert [(step.action, step.id) for step in plan.steps] == [(Action.KEEP, "we_2"), (Action.DELETE, "we_1")]
    assert {finding.code for finding in plan.findings} == {"endpoint.secret_elsewhere"}
    held = plan_endpoint(replace(trusting, held=("aaaaaaaa",)), (ENDPOINT, newest))
    assert [(step.action, step.id) for step in held.steps] == [(Action.KEEP, "we_1"), (Action.DELETE, "we_2")]


def test_a_rotation_stopped_at_its_end_is_left_to_be_finished() -> None:
    tidy = replace(ENDPOINT, metadata={**ENDPOINT.metadata, "rotation": "we_gone"})
    plan = plan_endpoint(replace(WISH, held=("aaaaaaaa", "bbbbbbbb")), (tidy,))

    assert [step.action for step in plan.steps] == [Action.KEEP], "`webhooks rotate` finds its way by the mark"
    assert [finding.code for finding in plan.findings] == ["endpoint.rotation_unfinished"]
    done = plan_endpoint(WISH, (tidy,))
    assert [step.params for step in done.steps] == [{"metadata": {"rotation": ""}}]
    assert done.findings == []


def test_a_rotation_whose_new_secret_is_not_here_is_told_and_left_alone() -> None:
    marks = {**ENDPOINT.metadata, "rotation": "we_1", "secret_fingerprint": "bbbbbbbb"}
    new = replace(ENDPOINT, id="we_2", created=2, metadata=marks)
    plan = plan_endpoint(WISH, (ENDPOINT, new))

    assert {step.action for step in plan.steps} == {Action.KEEP}
    assert [finding.code for finding in plan.findings] == ["endpoint.rotation_secret"]
    assert plan_endpoint(replace(WISH, held=("bbbbbbbb", "aaaaaaaa")), (ENDPOINT, new)).findings == []
