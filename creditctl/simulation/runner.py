"""Scenario runner: carries a scenario out step by step, and reports where the balance was not as expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from creditctl.core.catalog import Catalog, Package
from creditctl.simulation.cards import CARDS
from creditctl.simulation.scenarios import Buy, DeliverAgain, Expect, Refund, Scenario, Step
from creditctl.simulation.shop import Shop


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """Result of a scenario: `failure` says what was expected and what was seen, empty where all held."""

    name: str
    title: str
    user_id: str
    steps: tuple[str, ...]
    failure: str = ""

    @property
    def passed(self) -> bool:
        """Whether every expectation held."""
        return not self.failure

    def as_dict(self) -> dict[str, object]:
        """The result as it appears in the JSON document."""
        return {
            "name": self.name,
            "title": self.title,
            "passed": self.passed,
            "user_id": self.user_id,
            "steps": list(self.steps),
            "failure": self.failure,
        }


@dataclass
class _Play:
    """One scenario under way: what was bought last, and the log of its steps."""

    shop: Shop
    catalog: Catalog
    user_id: str
    package: Package | None = None
    session_id: str = ""
    payment_intent: str = ""
    log: list[str] = field(default_factory=list)

    def act(self, step: Step) -> str:
        """Carries one step out; returns what went wrong, or nothing."""
        match step:
            case Buy():
                return self._buy(step)
            case DeliverAgain():
                return self._deliver_again(step)
            case Refund():
                return self._refund(step)
            case Expect():
                return self._expect(step)
            case _:
                assert_never(step)

    def _buy(self, step: Buy) -> str:
        card = CARDS[step.card]
        self.package = self.catalog.find(step.package)
        self.session_id = self.shop.checkout(self.user_id, self.package)
        payment = self.shop.pay(self.session_id, card.token)
        self.payment_intent = payment.payment_intent or ""
        if card.decline_code is None:
            self.log.append(f"bought {step.package} with {card.name}: {payment.status}")
            return "" if payment.paid else f"the {card.name} card should have paid, the session is {payment.status}"
        self.log.append(f"tried {step.package} with {card.name}: {payment.decline_code or payment.status}")
        return "" if payment.decline_code == card.decline_code else f"the card should decline with {card.decline_code}"

    def _deliver_again(self, step: DeliverAgain) -> str:
        event = self.shop.completed_event(self.session_id)
        answers = [self.shop.deliver_again(event) for _ in range(step.times)]
        self.log.append(f"delivered again: {', '.join(str(answer.status or answer.error) for answer in answers)}")
        refused = [answer for answer in answers if not answer.accepted]
        return f"a repeated delivery was answered {refused[0].status or refused[0].error}" if refused else ""

    def _refund(self, step: Refund) -> str:
        amount = self._bought().amount * step.percent // 100
        refund_id = self.shop.refund(self.payment_intent, amount)
        self.log.append(f"refunded {step.percent} %: {refund_id}")
        return ""

    def _expect(self, step: Expect) -> str:
        expected = self._bought().credits * step.percent // 100
        self.shop.wait_for_balance(self.user_id, expected)
        settled = self.shop.settle({self.session_id, self.payment_intent})
        seen = self.shop.balance(self.user_id)
        self.log.append(f"balance {seen}")
        if seen != expected:
            return f"the balance should be {expected} credits, it is {seen}"
        return "" if settled else "an event about this purchase is still undelivered"

    def _bought(self) -> Package:
        if self.package is None:
            raise ValueError("a scenario begins with Buy")
        return self.package


def run_scenario(
    scenario: Scenario, *, shop: Shop, catalog: Catalog, user_id: str, tell: Callable[[str], None]
) -> ScenarioResult:
    """Runs one scenario for a user of its own and stops at the first thing that does not hold."""
    play = _Play(shop, catalog, user_id)
    failure = ""
    for step in scenario.steps:
        failure = play.act(step)
        tell(play.log[-1])
        if failure:
            break
    return ScenarioResult(scenario.name, scenario.title, user_id, tuple(play.log), failure)
