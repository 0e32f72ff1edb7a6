"""`creditctl events trigger`: what it makes, and never with a live key."""

from __future__ import annotations

import pytest

from creditctl.cli.local.local_stack import LocalStack
from creditctl.payments.event_types import ENDPOINT_EVENTS
from tests.support.cli import Cli
from tests.support.event_world import bought, require_usage_error


def test_trigger_refuses_a_live_key(live: Cli) -> None:
    answer = live("events", "trigger", "checkout.session.completed", "--json")
    assert (answer.exit_code, answer.document["error"]["code"]) == (3, "guard.live")


def test_what_trigger_does_on_stripe_is_audited(world: LocalStack) -> None:
    audit = world.ledger_path.with_name(f"{world.ledger_path.stem}-audit.jsonl")
    before = len(audit.read_text().splitlines())

    bought(world, "amy")

    assert len(audit.read_text().splitlines()) > before


def test_trigger_lists_what_it_makes(offline_cli: Cli) -> None:
    answer = offline_cli("events", "trigger", "--json")
    assert set(answer.report["types"]) == set(ENDPOINT_EVENTS)


@pytest.mark.parametrize("arguments", [("invoice.paid",), ("charge.refunded", "--package", "gold")])
def test_what_cannot_be_made_is_a_usage_error_with_a_way_out(world: LocalStack, arguments: tuple[str, ...]) -> None:
    require_usage_error(world, "events", "trigger", *arguments)
