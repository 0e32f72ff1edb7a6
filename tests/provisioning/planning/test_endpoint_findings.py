"""Findings about endpoints: what is only said, and left as it is."""

from __future__ import annotations

from dataclasses import replace

from creditctl.provisioning.planning.endpoint import plan_endpoint
from creditctl.provisioning.planning.steps import Action
from creditctl.provisioning.state import EndpointState
from tests.support.provisioning_states import DESIRED, ENDPOINT, URL


def test_another_deployments_endpoint_is_left_alone() -> None:
    other = replace(ENDPOINT, url="https://staging.example.com/hook", metadata={"managed_by": "creditctl"})
    plan = plan_endpoint(DESIRED, [other, replace(ENDPOINT, id="we_2")])

    assert [step.action for step in plan.steps] == [Action.KEEP]
    assert [finding.code for finding in plan.findings] == ["endpoint.elsewhere"]


def test_duplicates_and_wildcards_are_reported() -> None:
    by_hand = EndpointState("we_9", URL, ("*",))
    plan = plan_endpoint(DESIRED, [ENDPOINT, by_hand])

    assert [step.action for step in plan.steps] == [Action.KEEP]
    assert {finding.code for finding in plan.findings} == {"endpoint.duplicate", "endpoint.all_events"}


def test_a_rotation_stopped_at_its_end_is_left_to_be_finished() -> None:
    tidy = replace(ENDPOINT, metadata={**ENDPOINT.metadata, "rotation": "we_gone"})
    plan = plan_endpoint(replace(DESIRED, held=("aaaaaaaa", "bbbbbbbb")), (tidy,))

    assert [step.action for step in plan.steps] == [Action.KEEP], "`webhooks rotate` finds its way by the mark"
    assert [finding.code for finding in plan.findings] == ["endpoint.rotation_unfinished"]
    done = plan_endpoint(DESIRED, (tidy,))
    assert [step.params for step in done.steps] == [{"metadata": {"rotation": ""}}]
    assert done.findings == []


def test_a_rotation_whose_new_secret_is_not_here_is_reported_and_left_alone() -> None:
    marks = {**ENDPOINT.metadata, "rotation": "we_1", "secret_fingerprint": "bbbbbbbb"}
    new = replace(ENDPOINT, id="we_2", created=2, metadata=marks)
    plan = plan_endpoint(DESIRED, (ENDPOINT, new))

    assert {step.action for step in plan.steps} == {Action.KEEP}
    assert [finding.code for finding in plan.findings] == ["endpoint.rotation_secret"]
    assert plan_endpoint(replace(DESIRED, held=("bbbbbbbb", "aaaaaaaa")), (ENDPOINT, new)).findings == []
