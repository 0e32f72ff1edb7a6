"""Checklist and doctor change nothing: Stripe, ledger, rows and settings stay the same, whatever is wrong."""

from __future__ import annotations

import json

import pytest

from tests.journeys.production.plants import PLANTS, Plant
from tests.journeys.production.world import Production

INERT = "creditctl.probe"


def nothing(_: Production) -> None:
    """A healthy production."""


STATES = (Plant("healthy", nothing, "", ""), *(plant for plant in PLANTS if plant.name != "slow"))


@pytest.mark.parametrize("plant", STATES, ids=[plant.name for plant in STATES])
def test_nothing_is_changed_and_only_inert_events_are_sent(production: Production, plant: Plant) -> None:
    plant.do(production)
    production.cli("reconcile")  # makes the files that a first reading of an application's rows makes
    before, seen = production.state(), len(production.backend.log)

    production.doctor()
    production.checklist()

    assert production.state() == before
    sent = [asked for asked in production.backend.log[seen:] if asked.method == "POST"]
    assert {json.loads(asked.body)["type"] for asked in sent} <= {INERT}
    assert all(asked.method in ("GET", "POST") for asked in production.backend.log[seen:])
