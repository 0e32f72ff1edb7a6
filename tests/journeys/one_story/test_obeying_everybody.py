"""Whoever is asked about a payment, obeying what is printed leads to the truth, and no step leads further from it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.one_story import event_plants, own_prices, plants, user_plants
from tests.journeys.one_story.advice import (
    TELLERS,
    Teller,
    commands_in,
    follow,
    operated,
    posts,
    reconcile_advises,
    run,
    trace_advises,
)
from tests.journeys.one_story.world import World, opened_world
from tests.support.cli import Cli
from tests.support.clock import Clock

ROUNDS = 2

NOTHING: dict[str, int] = {}
TRUTH: dict[plants.Plant, dict[str, int]] = {
    plants.credited: {"ann": 1000},
    plants.credited_without_metadata: {"ann": 1000},
    plants.refunded: {"ann": 600},
    plants.fraud_warning: {"ann": 1000},
    plants.given_before_it_was_paid: {"ann": 1000},
    plants.lost_dispute_lost_on_the_way: NOTHING,
    plants.paid_by_hand: NOTHING,
    plants.paid_twice: {"ann": 2000},
    plants.spent_and_refunded: {"ann": -900},
    plants.given_under_a_number_of_its_own: {"ann": 1000},
    # Under which names the users are known, only a person can say: until then nothing is moved.
    plants.given_under_numbers_of_its_own_and_other_users: {"account 1": 1000, "account 2": 1000},
    plants.lost: {"ann": 1000},
    plants.lost_without_metadata: {"ann": 1000},
    plants.lost_of_a_free_order: {"ann": 1000},
    plants.lost_of_a_bank_transfer: {"ann": 1000},
    plants.lost_and_refunded: {"ann": 600},
    plants.on_its_way: {"ann": 1000},
    plants.refund_on_its_way: {"ann": 600},
    plants.unpaid: NOTHING,
    plants.expired: NOTHING,
    plants.bank_transfer_under_way: {"ann": 1000},
    plants.a_mug: NOTHING,
    plants.given_twice: {"ann": 1000},
    plants.given_too_few: {"ann": 1000},
    plants.given_to_another: {"ann": 1000},
    plants.given_for_nothing: NOTHING,
    plants.given_for_an_expired_session: NOTHING,
    plants.given_for_a_bank_transfer_that_failed: NOTHING,
    plants.given_for_other_money: {"ann": 1000},
    plants.given_for_another_currency: {"ann": 1000},
    plants.given_for_another_package: {"ann": 1000},
    plants.refund_lost: {"ann": 600},
    plants.refund_failure_lost: {"ann": 1000},
    plants.taken_for_no_refund: {"ann": 1000},
    plants.refund_taken_too_much: {"ann": 600},
    plants.refund_booked_as_adjustment: {"ann": 600},
    plants.refund_booked_as_adjustment_twice: {"ann": 600},
    plants.duplicate_corrected_by_adjustment: {"ann": 1000},
    plants.given_by_adjustment: {"ann": 1000},
    plants.given_too_few_by_adjustment: {"ann": 1000},
    plants.refund_after_giving_by_adjustment: {"ann": 600},
    plants.given_under_its_charge: {"ann": 1000},
    plants.given_too_few_under_its_charge: {"ann": 1000},
    plants.given_and_refunded_for_nothing: NOTHING,
    plants.refund_taken_from_another: {"ann": 600},
    plants.won_dispute_given_to_another: {"ann": 1000},
    plants.refund_of_an_unknown_payment: NOTHING,
    plants.dispute_lost_on_the_way: NOTHING,
    plants.won_dispute_lost_on_the_way: {"ann": 1000},
    plants.no_owner: {"ann": 1000},
    plants.unusable_owner: {"ann": 1000},
    plants.sold_twice: {"ann": 2000},
    plants.given_for_what_was_sold_twice: {"ann": 2000},
    plants.given_too_much_for_what_was_sold_twice: {"ann": 2000},
    plants.lost_sale_of_two: {"ann": 2000},
    plants.captured_in_part: {"ann": 400},
    plants.captured_in_part_and_given_in_full: {"ann": 400},
    plants.captured_in_part_and_given_so: {"ann": 400},
    plants.found_and_given_by_the_application: {"ann": 2000},
    plants.decided_and_credited: {"ann": 2000},
    plants.decided_and_dismissed: NOTHING,
    plants.two_owners: {"ann": 1000},
    plants.given_undecided: {"ann": 1000},
    plants.given_for_a_mug: {"ann": 1000},
    # What a live session gave does not belong into a ledger of test mode; whether its payment counts, a person says.
    plants.given_for_a_live_session: NOTHING,
    plants.sold_with_something_else: {"ann": 6500},
    plants.price_that_says_nothing: {"ann": 1000},
    plants.paid_without_a_session: {"ann": 1000},
    plants.lost_by_a_price_of_before: {"ann": 900},
    plants.lost_by_an_adopted_price: {"ann": 1000},
    plants.price_of_ours_with_other_terms: {"ann": 100},
    plants.price_with_copied_marks: NOTHING,
    own_prices.credited_on_an_own_price: {"ann": 500},
    own_prices.lost_on_an_own_price: {"ann": 500},
    own_prices.lost_refills: {"ann": 180},
    own_prices.lost_on_an_inline_price: {"ann": 500},
    own_prices.lost_by_said_credits: {"ann": 333},
    own_prices.unsaid_credits: {"ann": 333},
    own_prices.several_of_an_own_price: {"ann": 1500},
    own_prices.outside_every_period: {"ann": 500},
    own_prices.with_a_fee: {"ann": 500},
    own_prices.with_a_fee_and_the_pack_refunded: NOTHING,
    own_prices.with_a_fee_and_a_lost_refund: {"ann": 250},
    own_prices.given_with_the_fee_counted: {"ann": 500},
    user_plants.held_dispute_given_back_to_another: NOTHING,
    user_plants.refund_taken_from_two_others: {"ann": 600},
    user_plants.moved_to_another_by_adjustments: {"ann": 1000},
    user_plants.given_back_for_nothing: {"ann": 1000},
    event_plants.event_of_live_mode: {"ann": 1000},
    event_plants.event_of_another_account: {"ann": 1000},
    event_plants.event_that_cannot_be_read: {"ann": 1000},
    event_plants.refund_under_the_id_of_another: {"ann": 600, "ben": 1000},
}


_OF_ROWS = "is about an application's own rows, where nothing is posted: tests/journeys/existing_shop"
NOT_PLANTED = {
    "reconcile.pull_incomplete": "is about a list that ends early, which tests/reconciliation cuts off",
    "reconcile.run_failed": "is about a run that could not go on: tests/reconciliation/test_open_findings.py",
    "reconcile.refund_pending": "is about a refund that the emulator lets succeed at once: tests/payments",
    "reconcile.ledger_tampered": "is about a file that somebody changed; only a backup mends that: tests/cli",
    "reconcile.unreadable_object": "is about an object of a shape that the emulator never gives; it prints no command",
    "fulfilment.currency": "needs a refund in another currency than its payment, which the emulator refuses",
    "fulfilment.price_mismatch": "needs a package whose price was changed behind it: tests/payments",
    "fulfilment.deployment_conflict": "needs two deployments: tests/journeys/test_deployments.py",
    "fulfilment.deployment_unsaid": "needs a named deployment: tests/journeys/test_deployments.py",
    "reconcile.pending_not_completed": _OF_ROWS,
    "reconcile.row_changed": _OF_ROWS,
    "reconcile.row_gone": _OF_ROWS,
    "reconcile.user_mapping": _OF_ROWS,
    "reconcile.balance_mismatch": _OF_ROWS,
    "archive.": "is about a file that can be made again; its command counts again: tests/cli/ledger/test_verify.py",
    "demo.": "is about a world of its own",
    "endpoint.": "is about endpoints and their secrets: tests/provisioning obeys each plan",
    "env.": "is about settings files: tests/checks/env/test_fixes.py obeys each fix",
    "events.": "is about deliveries, not about what is due: tests/events",
    "import.": "is about rows that are not in the ledger yet: tests/sources",
    "ledger.": "is about a file that somebody changed; only a backup mends that: tests/ledger/verification",
    "rotation.": "is about secrets: tests/provisioning",
    "setup.": "is about prices and products: tests/provisioning obeys each plan",
    "simulate.": "is about a world of its own",
    "trace.": "names what trace itself could not see",
}
"""Codes of findings, or families of them, that no plant here leads to, and why."""


def test_every_finding_is_planted_or_says_why_not(tmp_path: Path) -> None:
    from creditctl.core.codes import all_codes

    known = {code for code, info in all_codes().items() if info.severities}
    seen = {code for plant in TRUTH for code in codes_of(plant, tmp_path / plant.__name__)}
    missing = {code for code in known - seen if code not in NOT_PLANTED and family(code) not in NOT_PLANTED}

    assert missing == set()
    stale = {code for code in NOT_PLANTED if code in seen or not any(each.startswith(code) for each in known)}
    assert stale == set(), "these can be planted, or are no codes"


def codes_of(plant: plants.Plant, folder: Path) -> set[str]:
    """The codes of what reconcile and the webhook find about a plant."""
    folder.mkdir()
    with opened_world(folder, Clock()) as world, operated(world) as operator:
        plant(world)
        age = 60 if plant in YOUNG else plants.HOUR
        world.clock.now += age
        found = operator("reconcile", "--json").document["findings"]
        world.losing = False
        world.later(4 * 86_400)
        kept = operator("ledger", "findings", "--status", "all", "--json").document["report"]["findings"]
    return {finding["code"] for finding in [*found, *kept]}


def family(code: str) -> str:
    return f"{code.partition('.')[0]}."


YOUNG = (plants.on_its_way, plants.refund_on_its_way)


def test_the_truth_of_every_plant_is_known() -> None:
    planted = [
        each
        for room in (plants, own_prices, event_plants, user_plants)
        for _, each in inspect.getmembers(room, inspect.isfunction)
        if each.__module__ == room.__name__
    ]
    assert {each.__name__ for each in planted if list(inspect.signature(each).parameters) == ["world"]} == {
        each.__name__ for each in TRUTH
    }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A set-up shop on the emulator."""
    with opened_world(tmp_path, Clock()) as opened:
        yield opened


@pytest.fixture
def operator(world: World) -> Iterator[Cli]:
    """The command line in the folder of the shop."""
    with operated(world) as cli:
        yield cli


def tellers_of(plant: plants.Plant) -> tuple[Teller, ...]:
    """Who is asked: of what one judgement alone decides, those that print the most about it."""
    return (reconcile_advises, trace_advises) if plant.__module__ == user_plants.__name__ else TELLERS


@pytest.mark.parametrize(
    ("plant", "teller"),
    [
        pytest.param(plant, teller, id=f"{plant.__name__}-{teller.__name__}")
        for plant in TRUTH
        for teller in tellers_of(plant)
    ],
)
def test_obeying_leads_to_the_truth_and_no_step_away_from_it(
    world: World, operator: Cli, plant: plants.Plant, teller: Teller
) -> None:
    key = plant(world)
    world.clock.now += plants.HOUR
    due = TRUTH[plant]
    for _ in range(ROUNDS):
        advised = commands_in(teller(operator, key), due.get("ann", 0))
        obey(world, operator, advised, due)
    if distance(world, due):
        left = [command for command in commands_in(teller(operator, key), due.get("ann", 0)) if posts(command)]
        assert left == [], f"{balances(world)} is not {due}, and there is more to post"


@pytest.mark.parametrize("plant", TRUTH, ids=lambda plant: plant.__name__)
def test_what_is_run_twice_does_what_it_does_once(world: World, operator: Cli, plant: plants.Plant) -> None:
    """A finding stays open for a while, and the next on duty reads it too."""
    plant(world)
    world.clock.now += plants.HOUR
    for command in commands_in(reconcile_advises(operator, ""), TRUTH[plant].get("ann", 0)):
        run(operator, command)
        once = balances(world)
        run(operator, command)
        assert balances(world) == once, f"{command} moves credits each time"


def obey(world: World, operator: Cli, commands: list[list[str]], due: dict[str, int]) -> None:
    """Runs each command once; no credits go further from where they belong."""
    done: list[list[str]] = []
    for advised in commands:
        for command in follow(operator, advised, due.get("ann", 0)):
            before = distance(world, due)
            if command not in done:
                code = run(operator, command)
                assert code in (0, 1), f"{command} ended with {code}"
            done.append(command)
            assert distance(world, due) <= before, f"{command} led away from the truth: {balances(world)}"


def balances(world: World) -> dict[str, int]:
    """What every user has, but for those who have none."""
    with world.ledger.reading() as view:
        return {each.user_id: each.credits for each in view.balances() if each.credits}


def distance(world: World, due: dict[str, int]) -> int:
    """How many credits lie in wrong hands or are missing."""
    held = balances(world)
    return sum(abs(held.get(user, 0) - due.get(user, 0)) for user in {*held, *due})
