"""Advice is tested by obeying it: the commands that reconcile prints lead to what users are due, and no further."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from tests.journeys.one_story import own_prices, plants
from tests.journeys.one_story.world import World, opened_world
from tests.support.cli import Cli
from tests.support.clock import Clock
from tests.support.keys import TEST_KEY

ROUNDS = 2


@dataclass(frozen=True)
class Advised:
    """One plant, what users are due in truth, and what they are due after a refund that follows the advice.

    Units: `refunded` in minor units.
    """

    plant: plants.Plant
    due: dict[str, int]
    refunded: int = 0
    due_after: dict[str, int] = field(default_factory=dict)


ADVISED = [
    Advised(plants.sold_twice, {"ann": 2000}, 2000, {}),
    Advised(plants.given_for_what_was_sold_twice, {"ann": 2000}, 2000, {}),
    Advised(plants.found_and_given_by_the_application, {"ann": 2000}, 1000, {"ann": 1000}),
    Advised(plants.given_too_much_for_what_was_sold_twice, {"ann": 2000}, 1000, {"ann": 1000}),
    Advised(plants.captured_in_part, {"ann": 400}, 400, {}),
    Advised(plants.given_too_few, {"ann": 1000}, 1000, {}),
    Advised(plants.given_to_another, {"ann": 1000}, 400, {"ann": 600}),
    Advised(plants.given_twice, {"ann": 1000}, 400, {"ann": 600}),
    Advised(plants.refund_lost, {"ann": 600}),
    Advised(plants.taken_for_no_refund, {"ann": 1000}, 400, {"ann": 600}),
    Advised(plants.refund_taken_too_much, {"ann": 600}, 600, {}),
    Advised(plants.refund_booked_as_adjustment, {"ann": 600}, 600, {}),
    Advised(plants.refund_booked_as_adjustment_twice, {"ann": 600}, 600, {}),
    Advised(plants.duplicate_corrected_by_adjustment, {"ann": 1000}, 400, {"ann": 600}),
    Advised(plants.given_by_adjustment, {"ann": 1000}, 1000, {}),
    Advised(plants.given_too_few_by_adjustment, {"ann": 1000}, 400, {"ann": 600}),
    Advised(plants.refund_after_giving_by_adjustment, {"ann": 600}, 600, {}),
    Advised(plants.given_under_its_charge, {"ann": 1000}, 400, {"ann": 600}),
    Advised(plants.given_too_few_under_its_charge, {"ann": 1000}, 400, {"ann": 600}),
    Advised(plants.refund_taken_from_another, {"ann": 600}, 600, {}),
    Advised(plants.won_dispute_given_to_another, {"ann": 1000}),
    Advised(plants.refund_of_an_unknown_payment, {}),
    Advised(plants.given_for_nothing, {}),
    Advised(plants.lost_by_a_price_of_before, {"ann": 900}, 800, {}),
    Advised(plants.lost_by_an_adopted_price, {"ann": 1000}, 1000, {}),
    Advised(plants.given_for_a_mug, {"ann": 1000}, 1500, {"ann": 1000}),
    Advised(own_prices.lost_on_an_own_price, {"ann": 500}, 700, {}),
    Advised(own_prices.lost_refills, {"ann": 180}, 270, {}),
    Advised(own_prices.lost_on_an_inline_price, {"ann": 500}, 360, {"ann": 250}),
    Advised(own_prices.lost_by_said_credits, {"ann": 333}, 650, {}),
    Advised(own_prices.several_of_an_own_price, {"ann": 1500}, 700, {"ann": 1000}),
    Advised(own_prices.with_a_fee, {"ann": 500}, 700, {}),
    Advised(own_prices.with_a_fee_and_a_lost_refund, {"ann": 250}, 350, {}),
    Advised(own_prices.given_with_the_fee_counted, {"ann": 500}, 350, {"ann": 250}),
    Advised(plants.given_and_refunded_for_nothing, {}),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A set-up shop on the emulator."""
    with opened_world(tmp_path, Clock()) as opened:
        yield opened


@pytest.fixture
def operator(world: World) -> Cli:
    """The command line in the folder of the shop."""
    environ = {"STRIPE_SECRET_KEY": TEST_KEY, "STRIPE_API_BASE": "http://127.0.0.1:12111", "NO_COLOR": "1"}
    return Cli(world.folder, world.clock, environ, lambda: EmulatorHTTPClient(world.emulator))


@pytest.mark.parametrize("case", ADVISED, ids=[case.plant.__name__ for case in ADVISED])
def test_obeying_what_is_printed_leads_to_what_users_are_due(world: World, operator: Cli, case: Advised) -> None:
    key = case.plant(world)
    world.clock.now += plants.HOUR

    obey_all(operator)
    assert balances(world) == case.due
    if case.refunded:
        world.api.refunds.create(params={"payment_intent": key, "amount": case.refunded})
        world.clock.now += plants.HOUR
        obey_all(operator)
        assert balances(world) == case.due_after


def obey_all(operator: Cli) -> None:
    """Runs what reconcile prints, until it is content; two rounds are enough, and nothing is left open."""
    for _ in range(ROUNDS):
        for command in printed(operator):
            done = operator(*command, "--yes")
            assert done.exit_code in (0, 1), done.stderr
    left = operator("reconcile", "--json").document["findings"]
    assert [finding["code"] for finding in left if finding["severity"] != "info"] == []


def printed(operator: Cli) -> list[list[str]]:
    """The commands of all findings; a dismissal only where nothing else is to be done."""
    wanted: list[list[str]] = []
    for finding in operator("reconcile", "--json").document["findings"]:
        found = [shlex.split(each)[1:] for each in re.findall(r"`(creditctl [^`]*)`", finding["fix"])]
        posting = [each for each in found if "--dismiss" not in each]
        wanted += [each for each in posting or found if each not in wanted]
    return wanted


def balances(world: World) -> dict[str, int]:
    """What every user has, but for those who have none."""
    with world.ledger.reading() as view:
        return {each.user_id: each.credits for each in view.balances() if each.credits}
