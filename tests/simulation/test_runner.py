"""The runner against a shop of a few lines: each hazard that a scenario is there to catch is caught."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, cast

import pytest

from creditctl.core.catalog import Catalog, Package, parse_catalog
from creditctl.emulator_client.checkout_payer import Payment
from creditctl.simulation.cards import CARDS
from creditctl.simulation.runner import ScenarioResult, run_scenario
from creditctl.simulation.scenarios import SCENARIOS, Scenario, find_scenarios
from creditctl.stripe_api.delivery import DeliveryResult

if TYPE_CHECKING:
    from creditctl.simulation.shop import Shop

CATALOG: Catalog = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text())


class PaperShop:
    """A credit backend of a few lines; its faults are switched on by name."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.credits = 0
        self.package: Package | None = None

    def checkout(self, user_id: str, package: Package) -> str:
        self.package = package
        return "cs_test_1"

    def pay(self, session_id: str, token: str) -> Payment:
        card = next(card for card in CARDS.values() if card.token == token)
        assert self.package is not None
        if card.decline_code is not None:
            self.credits += self.package.credits if self.fault == "credits declined cards" else 0
            return Payment(session_id, "open", "pi_1", decline_code=card.decline_code)
        self.credits += 0 if self.fault == "loses webhooks" else self.package.credits
        return Payment(session_id, "complete", "pi_1")

    def refund(self, payment_intent: str, amount: int) -> str:
        assert self.package is not None
        if self.fault != "ignores refunds":
            self.credits -= self.package.credits * amount // self.package.amount
        return "re_1"

    def completed_event(self, session_id: str) -> bytes:
        return b"{}"

    def deliver_again(self, event: bytes) -> DeliveryResult:
        assert self.package is not None
        if self.fault == "credits every delivery":
            self.credits += self.package.credits
        return DeliveryResult(500 if self.fault == "refuses repeats" else 200)

    def wait_for_balance(self, user_id: str, expected: int) -> int:
        return self.credits

    def balance(self, user_id: str) -> int:
        return self.credits

    def settle(self, subjects: set[str]) -> bool:
        return self.fault != "leaves events undelivered"


def play(name: str, fault: str = "") -> ScenarioResult:
    (scenario,), _ = find_scenarios((name,))
    shop = PaperShop(fault)
    return run_scenario(scenario, shop=cast("Shop", shop), catalog=CATALOG, user_id="u", tell=lambda line: None)


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
def test_every_scenario_passes_where_nothing_is_wrong(name: str) -> None:
    result = play(name)

    assert result.passed, result.failure
    assert len(result.steps) >= 2


@pytest.mark.parametrize(
    ("name", "fault", "failure"),
    [
        ("success", "loses webhooks", "should be 1000 credits, it is 0"),
        ("decline", "credits declined cards", "should be 0 credits, it is 1000"),
        ("duplicate", "credits every delivery", "should be 13500 credits, it is 40500"),
        ("duplicate", "refuses repeats", "answered 500"),
        ("refund", "ignores refunds", "should be 0 credits, it is 35000"),
        ("partial-refund", "ignores refunds", "should be 72000 credits, it is 120000"),
        ("success", "leaves events undelivered", "still undelivered"),
    ],
)
def test_every_hazard_is_caught_by_its_scenario(name: str, fault: str, failure: str) -> None:
    result = play(name, fault)

    assert not result.passed
    assert failure in result.failure


def test_a_scenario_stops_at_its_first_failure() -> None:
    shop = PaperShop("loses webhooks")
    scenario: Scenario = find_scenarios(("refund",))[0][0]

    result = run_scenario(scenario, shop=cast("Shop", shop), catalog=CATALOG, user_id="u", tell=lambda line: None)

    assert len(result.steps) == 2
