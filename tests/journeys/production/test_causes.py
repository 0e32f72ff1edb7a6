"""The doctor names the cause of each planted fault, it alone and what follows; and nothing where all is well."""

from __future__ import annotations

import pytest

from tests.journeys.production.plants import PLANTS, Plant
from tests.journeys.production.world import Production, ill

SYMPTOMS = frozenset({"undelivered", "credited", "failures", "open_findings", "signatures"})
"""What may follow from anything that keeps webhooks away."""


def test_nothing_is_wrong_with_a_healthy_production(production: Production) -> None:
    found = production.doctor()

    assert (found.exit_code, ill(found), found.report["cause"]) == (0, set(), None)


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.name for plant in PLANTS])
def test_the_cause_is_named_it_alone_and_what_follows(production: Production, plant: Plant) -> None:
    plant.do(production)

    found = production.doctor()
    said = {check["id"]: check for check in found.report["checks"]}
    cause = f"doctor.{plant.cause}"

    assert plant.words in said[cause]["evidence"], said[cause]["evidence"]
    assert plant.cause in ill(found)
    assert ill(found) - {plant.cause} <= plant.follows | SYMPTOMS
    assert (found.exit_code, found.report["cause"]) == (1, cause)
    assert said[cause]["fix"]
    if plant.item:
        assert plant.item in ill(production.checklist())
