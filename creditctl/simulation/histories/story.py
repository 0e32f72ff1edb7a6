"""Plausibility of a scenario: each step has what it needs from those before it, and the story is judged (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from creditctl.simulation.scenarios import steps as data

_OPENING = (data.Open, data.Buy, data.OpenLike)
_PAYING = (data.Pay, data.Buy, data.PayByBank, data.PayNothing, data.Authenticate, data.Pass)
_NAMELESS = (data.Crash, data.Restart, data.Spend, data.OddSpending, data.OddPurchases, data.Recover, *_OPENING)
_NEEDS_PAYMENT = (data.Refund, data.FailRefund, data.Dispute, data.Settle)


@dataclass
class _Story:
    """What has happened so far: the names that steps may use, by what they went through."""

    opened: set[str] = field(default_factory=set)
    paid: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    refunded: set[str] = field(default_factory=set)
    disputed: set[str] = field(default_factory=set)
    down: bool = False

    def complaint(self, step: data.Step, buyers: int) -> str:
        """Why a step is impossible now; empty where it is possible."""
        for name in _names(step):
            if name not in self.opened:
                return f"no step before it opens a session called {name!r}"
        if isinstance(step, data.OpenLike) and step.like not in self.opened:
            return f"no step before it opens a session called {step.like!r}"
        return self._complaint_of_money(step) or self._complaint_of_state(step, buyers)

    def _complaint_of_money(self, step: data.Step) -> str:
        if not isinstance(step, _NEEDS_PAYMENT):
            return ""
        if step.name not in self.paid:
            return f"{step.name!r} is not paid before it"
        if isinstance(step, data.FailRefund) and step.name not in self.refunded:
            return f"{step.name!r} is not refunded before it"
        if isinstance(step, data.Settle) and step.name not in self.disputed:
            return f"{step.name!r} is not disputed before it"
        return ""

    def _complaint_of_state(self, step: data.Step, buyers: int) -> str:
        if isinstance(step, data.Release) and step.name not in self.held:
            return f"the webhooks of {step.name!r} are not held back"
        if isinstance(step, data.Crash) and step.after and step.name not in self.held:
            return f"a crash around webhooks needs those of {step.name!r} held back"
        if isinstance(step, data.Restart) and not self.down:
            return "the backend was not killed"
        if self.down and isinstance(step, (data.Open, data.Buy, data.Expect)):
            return "the backend is down: start it again before"
        buyer = {data.Open: "buyer", data.Buy: "buyer", data.ReadPage: "by"}.get(type(step), "")
        if buyer and getattr(step, buyer) >= buyers:
            return f"{buyer} {getattr(step, buyer)} needs buyers = {getattr(step, buyer) + 1}"
        return ""

    def note(self, step: data.Step) -> None:
        """Remembers a step."""
        if isinstance(step, _OPENING):
            self.opened.add(step.name)
        if isinstance(step, _PAYING):
            self.paid.add(step.name)
        if isinstance(step, data.HoldBack) and not step.to_the_end:
            self.held.add(step.name)
        if isinstance(step, data.Release):
            self.held.discard(step.name)
        if isinstance(step, data.Refund):
            self.refunded.add(step.name)
        if isinstance(step, data.Dispute):
            self.disputed.add(step.name)
        self.down = isinstance(step, data.Crash) or (self.down and not isinstance(step, data.Restart))


def _names(step: data.Step) -> list[str]:
    """The sessions that a step is about and must find open."""
    if isinstance(step, data.Deliver):
        return step.name.split(",")
    if isinstance(step, data.Expect):
        return [] if step.percent is None else [step.name]
    return [] if isinstance(step, _NAMELESS) else [step.name]


def _judges(step: data.Step) -> bool:
    if isinstance(step, data.Deliver):
        return step.must != "any" and bool(step.cause)
    return isinstance(step, (data.Expect, data.AnswerTime, data.OddPurchases, data.ReadPage))


def story_faults(scenario: data.Scenario) -> Iterator[tuple[int, str]]:
    """What is impossible in a scenario: the place of the step, from 0, and a sentence."""
    story = _Story()
    for place, step in enumerate(scenario.steps):
        complaint = story.complaint(step, scenario.buyers)
        if complaint:
            yield place, complaint
        if isinstance(step, data.Deliver) and step.must != "any" and not step.cause:
            yield place, "an answer that must be so needs the cause that is named otherwise"
        story.note(step)
    if scenario.steps and not any(map(_judges, scenario.steps)):
        yield len(scenario.steps) - 1, "nothing judges this story: end it with an expect step"
    if story.down:
        yield len(scenario.steps) - 1, "the backend is left dead: start it again"
