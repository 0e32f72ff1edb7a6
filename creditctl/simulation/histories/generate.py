"""Generator of random histories: steps that are possible one after the other, closed by one judgement (pure)."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from creditctl.core.entitlement.dispute import FUNDS_REINSTATED_TYPE, FUNDS_WITHDRAWN_TYPE
from creditctl.payments.event_types import CHARGE_REFUNDED_TYPE, SESSION_COMPLETED_TYPE
from creditctl.simulation.scenarios.steps import (
    Break,
    Crash,
    Deliver,
    Dispute,
    Expect,
    Heal,
    HoldBack,
    Open,
    Pay,
    Refund,
    Release,
    Restart,
    Scenario,
    Settle,
    Step,
)

GROUP = "random"
_NAMES = "abcd"
_PARTS = 4
_MOST_STEPS = 14
_FEWEST_STEPS = 3
_ORDERED = (
    SESSION_COMPLETED_TYPE,
    "payment_intent.succeeded",
    CHARGE_REFUNDED_TYPE,
    "refund.created",
    FUNDS_WITHDRAWN_TYPE,
    FUNDS_REINSTATED_TYPE,
)
_OUTAGES: tuple[tuple[str, dict[str, object]], ...] = (
    ("status", {"path": "/v1/*", "status": 500}),
    ("duplicate", {}),
    ("refuse", {"status": 503}),
)


@dataclass
class HistoryState:
    """What a history has done so far: which sessions are open, paid, held, broken, refunded, disputed.

    Shape: `unreachable` are those for which Stripe's API fails, for the buyer and for us as well; `down` while the
           backend is killed, when buyers can go on paying what is open.
    """

    down: bool = False

    opened: set[str] = field(default_factory=set)
    paid: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    unreachable: set[str] = field(default_factory=set)
    refunds: dict[str, int] = field(default_factory=dict)
    disputed: dict[str, str] = field(default_factory=dict)

    def allows(self, step: Step) -> bool:
        """Whether a step is possible now."""
        name = getattr(step, "name", "")
        if name in self.unreachable and isinstance(step, Pay | Refund | Dispute | Settle | HoldBack):
            return False
        rules: dict[type, Callable[[], bool]] = {
            Crash: lambda: bool(self.opened) and not self.down,
            Restart: lambda: self.down,
            Open: lambda: name not in self.opened and not self.down,
            HoldBack: lambda: name in self.opened and name not in self.held,
            Pay: lambda: name in self.opened and name not in self.paid,
            Release: lambda: name in self.held and not self.down,
            Break: lambda: name in self.opened and name not in self.broken,
            Heal: lambda: name in self.broken and not self.down,
            Deliver: lambda: name in self.paid and not self.down,
            Refund: lambda: self._refundable(name),
            Dispute: lambda: name in self.paid and name not in self.disputed and self.refunds.get(name, 0) < _PARTS,
            Settle: lambda: self.disputed.get(name) == "open",
        }
        return rules[type(step)]()

    def _refundable(self, name: str) -> bool:
        """Stripe refunds no payment whose dispute is open or lost."""
        at_peace = self.disputed.get(name) in (None, "won")
        return name in self.paid and at_peace and self.refunds.get(name, 0) < _PARTS

    def note(self, step: Step) -> None:
        """Remembers a step."""
        match step:
            case Crash():
                self.down = True
            case Restart():
                self.down = False
            case Open():
                self.opened.add(step.name)
            case Pay(card="visa"):
                self.paid.add(step.name)
            case HoldBack():
                self.held.add(step.name)
            case Release():
                self.held.discard(step.name)
            case Break():
                self.broken.add(step.name)
                self.unreachable |= {step.name} if step.kind == "status" else set()
            case Heal():
                self.broken.discard(step.name)
                self.unreachable.discard(step.name)
            case Refund():
                self.refunds[step.name] = self.refunds.get(step.name, 0) + 1
            case Dispute():
                self.disputed[step.name] = "open"
            case Settle():
                self.disputed[step.name] = step.status


def is_possible(steps: Iterable[Step]) -> bool:
    """Whether each step is possible after those before it."""
    state = HistoryState()
    for step in steps:
        if not state.allows(step):
            return False
        state.note(step)
    return True


def closed(name: str, steps: Iterable[Step]) -> Scenario:
    """A history as a scenario: what is held is let go, what is broken healed, and the balance judged."""
    state, kept = HistoryState(), tuple(steps)
    for step in kept:
        state.note(step)
    ending: tuple[Step, ...] = (
        *((Restart(name=""),) if state.down else ()),
        *(Release(each) for each in sorted(state.held)),
        *(Heal(each) for each in sorted(state.broken)),
    )
    title = "Whatever happens in whatever order, the balance is what the payments are worth"
    return Scenario(name, GROUP, title, (*kept, *ending, Expect(patient=True)))


def random_steps(chance: random.Random) -> tuple[Step, ...]:
    """Steps of one random history."""
    state, steps = HistoryState(), []
    for _ in range(chance.randint(_FEWEST_STEPS, _MOST_STEPS)):
        possible = [step for step in _offers(chance) if state.allows(step)]
        step = chance.choice(possible)
        state.note(step)
        steps.append(step)
    return tuple(steps)


def _offers(chance: random.Random) -> list[Step]:
    """Steps to choose from: one of each kind for each session."""
    found: list[Step] = [Crash(name=""), Restart(name="")]
    for name in _NAMES:
        order = tuple(chance.sample(_ORDERED, chance.randint(0, len(_ORDERED))))
        kind, more = chance.choice(_OUTAGES)
        found += [
            Open(chance.randint(1, 3), name),
            HoldBack(name),
            Pay(chance.choice(("visa", "visa", "visa", "declined")), name),
            Release(name, order),
            Break(kind, name, more),
            Heal(name),
            Deliver(name=name, times=chance.randint(1, 3), together=chance.random() < 0.5),
            Refund(1, _PARTS, name),
            Dispute(name=name),
            Settle(chance.choice(("won", "lost")), name),
        ]
    return found


def random_history(seed: int, number: int, *, crashes: bool = True) -> Scenario:
    """The history of a number under a seed: the same ones are the same story.

    Shape: without `crashes` it is the story of a backend that may not be killed, which leaves these steps out.
    """
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - stories for tests, not secrets
    steps = random_steps(chance)
    kept = steps if crashes else tuple(step for step in steps if not isinstance(step, Crash | Restart))
    return closed(name_of(seed, number), kept)


def name_of(seed: int, number: int) -> str:
    """What a history is called, so that it can be asked for again."""
    return f"{GROUP}-{seed}-{number}"


def number_in(name: str) -> tuple[int, int] | None:
    """The seed and number in the name of a history; None for another name."""
    found = re.fullmatch(GROUP + r"-(\d{1,9})-(\d{1,9})", name)
    return (int(found[1]), int(found[2])) if found else None
