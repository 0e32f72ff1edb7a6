"""A plan is a value: it is printed, counted, and read back from a file as it was."""

from __future__ import annotations

import json

import pytest

from creditctl.provisioning.planning.steps import Action, Change, Plan, Step, StepKind, step_from_dict

CREATE = Step(
    Action.CREATE,
    StepKind.PRICE,
    "starter",
    changes=(Change("unit_amount", None, 1000),),
    params={"unit_amount": 1000, "metadata": {"package": "starter"}},
    reason="it does not exist",
    seed="seed",
)
KEEP = Step(Action.KEEP, StepKind.PRODUCT, "starter", "prod_1")


@pytest.mark.parametrize("step", [CREATE, KEEP])
def test_a_step_is_read_back_as_it_was_written(step: Step) -> None:
    assert step_from_dict(json.loads(json.dumps(step.as_dict()))) == step


@pytest.mark.parametrize("change", [{"action": "explode"}, {"kind": "coupon"}, {"changes": 7}, {"changes": [{}]}])
def test_what_is_no_step_is_refused(change: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        step_from_dict({**CREATE.as_dict(), **change})


def test_a_plan_counts_its_steps_and_knows_which_of_them_change_something() -> None:
    plan = Plan((KEEP, CREATE))

    assert plan.changes == (CREATE,)
    assert {action: count for action, count in plan.summary.items() if count} == {"create": 1, "keep": 1}
    assert json.loads(json.dumps(plan.as_dict()))["steps"][1]["params"] == CREATE.params


def test_a_title_names_action_kind_subject_and_id() -> None:
    assert (CREATE.title, KEEP.title) == ("create price starter", "keep product starter (prod_1)")


def test_the_metadata_of_a_step_are_those_that_it_sends() -> None:
    assert (CREATE.metadata, KEEP.metadata) == ({"package": "starter"}, {})
