"""Whose a session is: mark, price, name and age, each combination of two deployments, named or not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from creditctl.core.deployment import Deployment
from creditctl.core.entitlement.deployment import (
    DeploymentUnclear,
    OtherDeployment,
    PriceClaim,
    is_own_payment,
    whose_by_prices,
    whose_by_session,
)
from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.project_file.ownership import DeploymentMatch
from tests.support.clock import NOW

MATCH = DeploymentMatch("region", "eu")
PLAIN, EU, EU_MARKED, EU_SINCE = (
    Deployment(),
    Deployment("eu"),
    Deployment("eu", MATCH),
    Deployment("eu", named_since=NOW),
)
OURS_EU, OURS_US, OURS = (PriceClaim(True, "eu"), PriceClaim(True, "us"), PriceClaim(True))
LISTED, ALONE = PriceClaim(False), PriceClaim(False, exclusive=True)
MANAGED = {"managed_by": "creditctl"}


def session(metadata: Mapping[str, str], created: int = NOW) -> SessionFacts:
    return SessionFacts(
        id="cs_1",
        status="complete",
        payment_status="paid",
        mode="payment",
        amount_subtotal=1000,
        amount_total=1000,
        currency="usd",
        payment_intent="pi_1",
        client_reference_id="u1",
        metadata=metadata,
        livemode=False,
        created=created,
    )


def judged(sold: SessionFacts, deployment: Deployment, *claims: PriceClaim) -> str:
    """ours, other, or the last word of the finding's code."""
    whose = whose_by_session(sold, deployment) or whose_by_prices(sold, deployment, claims)
    match whose:
        case None:
            return "ours"
        case OtherDeployment():
            return "other"
        case DeploymentUnclear(code, _):
            return code.rpartition("_")[2]


@pytest.mark.parametrize(
    ("metadata", "deployment", "claim", "expected"),
    [
        # Nobody has a name: whatever an application keeps under "deployment" means nothing.
        ({}, PLAIN, OURS, "ours"),
        ({}, PLAIN, LISTED, "ours"),
        ({"deployment": "blue"}, PLAIN, OURS, "ours"),
        ({"deployment": "blue"}, PLAIN, LISTED, "ours"),
        # The price decides.
        ({}, PLAIN, OURS_EU, "other"),
        ({}, EU, OURS_EU, "ours"),
        ({}, EU, OURS_US, "other"),
        (MANAGED, EU, OURS_US, "other"),
        ({"deployment": "eu"}, EU, OURS_EU, "ours"),
        ({"deployment": "eu"}, EU, OURS_US, "other"),
        ({"deployment": "us"}, EU, OURS_EU, "conflict"),
        # It names none: the session does.
        ({}, EU, OURS, "other"),
        ({"deployment": "eu"}, EU, OURS, "ours"),
        ({"deployment": "us"}, EU, OURS, "other"),
        ({**MANAGED, "deployment": "eu"}, PLAIN, OURS, "other"),
        # A price of the application's own.
        ({}, EU, LISTED, "unsaid"),
        ({}, EU, ALONE, "ours"),
        ({"deployment": "eu"}, EU, LISTED, "ours"),
        ({"deployment": "us"}, EU, LISTED, "other"),
        ({**MANAGED, "deployment": "eu"}, PLAIN, LISTED, "other"),
        # The application's own mark.
        ({"region": "eu"}, EU_MARKED, LISTED, "ours"),
        ({"region": "us"}, EU_MARKED, LISTED, "other"),
        ({}, EU_MARKED, LISTED, "unsaid"),
        ({}, EU_MARKED, ALONE, "ours"),
        ({"region": "us"}, EU_MARKED, OURS_EU, "other"),
        ({"region": "eu"}, EU_MARKED, OURS_US, "ours"),
        ({"region": "eu", "deployment": "us"}, EU_MARKED, LISTED, "ours"),
        ({"deployment": "eu"}, EU_MARKED, OURS_EU, "ours"),
        ({"region": "us"}, Deployment(match=MATCH), LISTED, "other"),
        ({}, Deployment(match=MATCH), LISTED, "unsaid"),
        ({}, Deployment(match=MATCH), OURS, "ours"),
    ],
)
def test_mark_then_price_then_name(
    metadata: dict[str, str], deployment: Deployment, claim: PriceClaim, expected: str
) -> None:
    assert judged(session(metadata), deployment, claim) == expected


@pytest.mark.parametrize("claim", [OURS, LISTED])
def test_before_it_had_a_name_what_names_none_was_its_own(claim: PriceClaim) -> None:
    assert judged(session({}, NOW - 1), EU_SINCE, claim) == "ours"
    assert judged(session({}, NOW), EU_SINCE, claim) == "unsaid"
    assert judged(session({"deployment": "us"}, NOW - 1), EU_SINCE, claim) == "other"
    assert judged(session({}, NOW - 1), EU, OURS) == "other"


def test_old_sessions_on_a_price_that_names_another_are_the_others() -> None:
    assert judged(session({}, NOW - 1), EU_SINCE, OURS_US) == "other"


@pytest.mark.parametrize(
    ("metadata", "deployment", "age", "own"),
    [
        ({}, PLAIN, 0, False),
        (MANAGED, PLAIN, 0, True),
        (MANAGED, EU, 0, False),
        ({**MANAGED, "deployment": "eu"}, EU, 0, True),
        ({**MANAGED, "deployment": "us"}, EU_SINCE, 1, False),
        (MANAGED, EU_SINCE, 1, True),
        (MANAGED, EU_SINCE, 0, False),
    ],
)
def test_a_payment_without_a_session_says_whose_it_is(
    metadata: dict[str, str], deployment: Deployment, age: int, own: bool
) -> None:
    assert is_own_payment(metadata, NOW - age, deployment) is own


@pytest.mark.parametrize("deployment", [PLAIN, EU, EU_SINCE])
@pytest.mark.parametrize("other", [Deployment("us"), Deployment("us", named_since=NOW)])
@pytest.mark.parametrize("claim", [OURS, OURS_EU, OURS_US])
@pytest.mark.parametrize("name", [None, "eu", "us"])
def test_no_session_of_ours_belongs_to_two(
    deployment: Deployment, other: Deployment, claim: PriceClaim, name: str | None
) -> None:
    sold = session({**MANAGED, **({} if name is None else {"deployment": name})})

    assert [judged(sold, each, claim) for each in (deployment, other)].count("ours") <= 1
