"""The endpoint's plan by example: which one stays, which one is made, which one goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditctl.core.findings import Severity
from creditctl.provisioning.planning.endpoint import plan_endpoint
from creditctl.provisioning.planning.endpoint_choice import NO_CHOICE, EndpointChoice
from creditctl.provisioning.planning.steps import Action
from creditctl.provisioning.state import EndpointState
from tests.support.provisioning_states import DESIRED, ENDPOINT, URL, VERSION


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
    plan = plan_endpoint(DESIRED, [replace(ENDPOINT, api_version=version)])

    assert [str(step.action) for step in plan.steps] == actions
    assert [finding.code for finding in plan.findings] == codes


def test_an_endpoint_at_another_url_is_moved_only_where_that_is_said() -> None:
    moved = replace(ENDPOINT, url="https://old.example.com/api/credits/webhook")
    (step,) = plan_endpoint(DESIRED, [moved], choice=EndpointChoice(move="we_1")).steps
    assert (step.action, step.id, step.params) == (Action.UPDATE, "we_1", {"url": URL})

    elsewhere = plan_endpoint(replace(DESIRED, held=()), [moved], choice=EndpointChoice(move="we_1"))
    assert [step.params for step in elsewhere.steps] == [{"url": URL}]
    assert [finding.code for finding in elsewhere.findings] == ["endpoint.secret_elsewhere"]
    plan = plan_endpoint(DESIRED, [moved])
    assert [(step.action, step.id) for step in plan.steps] == [(Action.CREATE, None)]
    assert [(finding.code, finding.severity) for finding in plan.findings] == [("endpoint.elsewhere", Severity.LOW)]


def test_a_duplicate_of_ours_stays_until_somebody_says_that_it_may_go() -> None:
    """Its secret was handed over: that it is not here does not mean that nobody holds it."""
    lost = replace(ENDPOINT, id="we_0", metadata={"managed_by": "creditctl", "secret_fingerprint": "ffffffff"})
    plan = plan_endpoint(DESIRED, [lost, ENDPOINT])
    assert [(step.action, step.id) for step in plan.steps] == [(Action.KEEP, "we_1")]
    assert [(finding.code, finding.subject) for finding in plan.findings] == [("endpoint.duplicate", "we_0")]

    replaced = plan_endpoint(DESIRED, [lost, ENDPOINT], choice=EndpointChoice(replace=True))
    assert [(step.action, step.id) for step in replaced.steps] == [(Action.KEEP, "we_1"), (Action.DELETE, "we_0")]
    assert [step.gives_up_secret for step in replaced.steps] == [False, True]


PENDING = replace(ENDPOINT, id="we_2", created=2, metadata={"managed_by": "creditctl", "secret_state": "pending"})
THEIRS = replace(ENDPOINT, metadata={"managed_by": "creditctl", "secret_fingerprint": "ffffffff"})
UNMARKED = replace(ENDPOINT, metadata={"managed_by": "creditctl"})
ADOPTED = replace(ENDPOINT, metadata={"managed_by": "creditctl", "secret_state": "unproven"})
ROTATE, REPLACE = EndpointChoice(rotate=True), EndpointChoice(replace=True)


@pytest.mark.parametrize(
    ("found", "held", "choice", "steps", "codes"),
    [
        ([PENDING], (), NO_CHOICE, ["replace we_2", "delete we_2"], []),
        ([PENDING], ("cccccccc",), NO_CHOICE, ["replace we_2", "delete we_2"], []),
        ([ENDPOINT, PENDING], ("aaaaaaaa",), NO_CHOICE, ["keep we_1", "delete we_2"], []),
        ([THEIRS], (), NO_CHOICE, ["keep we_1"], ["endpoint.secret_elsewhere"]),
        ([THEIRS], ("cccccccc",), NO_CHOICE, ["keep we_1"], ["endpoint.secret_elsewhere"]),
        ([THEIRS], (), ROTATE, ["create None", "keep we_1"], ["endpoint.rotation_alone"]),
        ([THEIRS], (), REPLACE, ["replace we_1", "delete we_1"], []),
        ([THEIRS, PENDING], (), NO_CHOICE, ["replace we_2", "delete we_2"], ["endpoint.duplicate"]),
        ([THEIRS, PENDING], (), REPLACE, ["replace we_1", "delete we_1", "delete we_2"], []),
        ([UNMARKED], (), NO_CHOICE, ["keep we_1"], ["endpoint.secret_elsewhere"]),
        ([UNMARKED], ("cccccccc",), NO_CHOICE, ["keep we_1"], ["endpoint.unproven"]),
        ([ADOPTED], (), NO_CHOICE, ["keep we_1"], ["endpoint.secret_elsewhere"]),
        ([ADOPTED], ("cccccccc",), NO_CHOICE, ["keep we_1"], ["endpoint.unproven"]),
        ([ADOPTED], ("cccccccc",), ROTATE, ["create None", "keep we_1"], ["endpoint.unproven"]),
        ([ADOPTED], ("cccccccc",), REPLACE, ["keep we_1"], ["endpoint.unproven"]),
        ([ENDPOINT], ("aaaaaaaa",), ROTATE, ["create None", "keep we_1"], []),
        ([ENDPOINT], ("aaaaaaaa",), REPLACE, ["keep we_1"], []),
    ],
)
def test_only_a_pending_endpoint_is_made_again_without_asking(
    found: list[EndpointState], held: tuple[str, ...], choice: EndpointChoice, steps: list[str], codes: list[str]
) -> None:
    plan = plan_endpoint(replace(DESIRED, held=held), found, choice=choice)

    assert [f"{step.action} {step.id}" for step in plan.steps] == steps
    assert [finding.code for finding in plan.findings] == codes
    given_up = {step.id for step in plan.steps if step.gives_up_secret}
    assert given_up == ({"we_1"} if choice is REPLACE and found[0] is THEIRS else set())


def test_a_secret_that_is_another_endpoints_by_its_mark_is_not_this_ones() -> None:
    """No two endpoints share a secret: the copy of production's settings holds production's."""
    production = replace(ENDPOINT, id="we_0", url="https://production.example.com/hook")
    plan = plan_endpoint(DESIRED, [production, replace(ADOPTED, id="we_9")])

    assert [finding.code for finding in plan.findings] == ["endpoint.elsewhere", "endpoint.secret_elsewhere"]
    assert [(step.action, step.id) for step in plan.steps] == [(Action.KEEP, "we_9")]


def test_a_rotation_begun_without_the_old_secret_hands_over_the_new_one_alone() -> None:
    (made, _) = plan_endpoint(replace(DESIRED, held=("cccccccc",)), [THEIRS], choice=ROTATE).steps
    assert made.keeps == ()
    (made, _) = plan_endpoint(DESIRED, [ENDPOINT], choice=ROTATE).steps
    assert made.keeps == ("aaaaaaaa",)
    (made, _) = plan_endpoint(replace(DESIRED, held=("cccccccc",)), [ADOPTED], choice=ROTATE).steps
    assert made.keeps == ("cccccccc",), "it may be the adopted endpoint's"


def test_an_adopted_endpoint_of_another_release_is_finished_in_one_run() -> None:
    by_hand = EndpointState("we_7", URL, ("charge.refunded",), "disabled", "2024-06-20")
    plan = plan_endpoint(replace(DESIRED, held=("cccccccc",)), [by_hand], choice=EndpointChoice(adopt="we_7"))
    adopted, made = plan.steps

    assert (adopted.action, made.action, made.keeps) == (Action.ADOPT, Action.CREATE, ("cccccccc",))
    assert adopted.params["metadata"] == {"managed_by": "creditctl", "secret_state": "unproven"}
    assert [finding.code for finding in plan.findings] == ["endpoint.unproven"]


def test_another_release_without_the_old_secret_is_a_finding() -> None:
    old = replace(ENDPOINT, api_version="2024-06-20")
    plan = plan_endpoint(replace(DESIRED, held=(), trust_fingerprint=True), [old])

    assert [step.action for step in plan.steps] == [Action.KEEP]
    assert [finding.code for finding in plan.findings] == ["endpoint.secret_elsewhere", "endpoint.version_release"]


def test_a_secret_that_lives_elsewhere_is_trusted_by_its_mark_alone() -> None:
    newest = replace(ENDPOINT, id="we_2", created=2, metadata={**ENDPOINT.metadata, "secret_fingerprint": "bbbbbbbb"})
    trusting = replace(DESIRED, held=("cccccccc",), trust_fingerprint=True)
    plan = plan_endpoint(trusting, (ENDPOINT, newest))

    assert [(step.action, step.id) for step in plan.steps] == [(Action.KEEP, "we_2")]
    assert {finding.code for finding in plan.findings} == {"endpoint.secret_elsewhere", "endpoint.duplicate"}
    assert {finding.severity for finding in plan.findings if finding.code != "endpoint.duplicate"} == {Severity.LOW}
    held = plan_endpoint(replace(trusting, held=("aaaaaaaa",)), (ENDPOINT, newest))
    assert [(step.action, step.id) for step in held.steps] == [(Action.KEEP, "we_1")]
