"""The endpoint's plan by example: which one stays, which one is made, which one goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from creditctl.provisioning.planning.endpoint import plan_endpoint
from creditctl.provisioning.planning.steps import Action
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


def test_a_moved_backend_keeps_its_endpoint_and_secret() -> None:
    moved = replace(ENDPOINT, url="https://old.example.com/api/credits/webhook")
    (step,) = plan_endpoint(DESIRED, [moved]).steps

    assert (step.action, step.id, step.params) == (Action.UPDATE, "we_1", {"url": URL})


def test_a_duplicate_of_ours_is_deleted_and_the_one_with_our_secret_stays() -> None:
    lost = replace(ENDPOINT, id="we_0", metadata={"managed_by": "creditctl", "secret_fingerprint": "ffffffff"})
    plan = plan_endpoint(DESIRED, [lost, ENDPOINT])

    assert [(step.action, step.id) for step in plan.steps] == [(Action.KEEP, "we_1"), (Action.DELETE, "we_0")]


def test_a_secret_that_lives_elsewhere_is_trusted_by_its_mark_alone() -> None:
    newest = replace(ENDPOINT, id="we_2", created=2, metadata={**ENDPOINT.metadata, "secret_fingerprint": "bbbbbbbb"})
    trusting = replace(DESIRED, held=("cccccccc",), trust_fingerprint=True)
    plan = plan_endpoint(trusting, (ENDPOINT, newest))

    assert [(step.action, step.id) for step in plan.steps] == [(Action.KEEP, "we_2"), (Action.DELETE, "we_1")]
    assert {finding.code for finding in plan.findings} == {"endpoint.secret_elsewhere"}
    held = plan_endpoint(replace(trusting, held=("aaaaaaaa",)), (ENDPOINT, newest))
    assert [(step.action, step.id) for step in held.steps] == [(Action.KEEP, "we_1"), (Action.DELETE, "we_2")]
