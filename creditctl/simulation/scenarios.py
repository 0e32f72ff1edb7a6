"""Scenarios as data: what a buyer and Stripe do, and what the balance must be after it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Buy:
    """The buyer takes a package to Checkout and pays with a test card (a name in `cards.CARDS`)."""

    package: str
    card: str = "visa"


@dataclass(frozen=True, slots=True)
class DeliverAgain:
    """The purchase's `checkout.session.completed` is delivered again, freshly signed, so many times."""

    times: int


@dataclass(frozen=True, slots=True)
class Refund:
    """So many percent of the last purchase are refunded. Units: whole percent, 1 to 100."""

    percent: int = 100


@dataclass(frozen=True, slots=True)
class Expect:
    """The user's balance is so many percent of what the bought package grants, and stays there."""

    percent: int


Step = Buy | DeliverAgain | Refund | Expect


@dataclass(frozen=True, slots=True)
class Scenario:
    """Scenario: a named list of steps with an end that can be checked."""

    name: str
    title: str
    steps: tuple[Step, ...]


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("success", "A good card buys credits", (Buy("starter"), Expect(100))),
    Scenario("decline", "A declined card credits nothing", (Buy("starter", "declined"), Expect(0))),
    Scenario(
        "decline-then-success",
        "A declined card, then a good one in a new session",
        (Buy("basic", "insufficient-funds"), Expect(0), Buy("basic"), Expect(100)),
    ),
    Scenario(
        "duplicate",
        "The same event delivered three times credits once",
        (Buy("pro"), Expect(100), DeliverAgain(2), Expect(100)),
    ),
    Scenario("refund", "A full refund takes the credits back", (Buy("business"), Expect(100), Refund(100), Expect(0))),
    Scenario(
        "partial-refund",
        "A refund of 40 % takes 40 % of the credits back",
        (Buy("enterprise"), Expect(100), Refund(40), Expect(60)),
    ),
)


def find_scenarios(names: tuple[str, ...]) -> tuple[tuple[Scenario, ...], tuple[str, ...]]:
    """Finds scenarios by name (all where none is given); returns them and the unknown names."""
    known = {scenario.name: scenario for scenario in SCENARIOS}
    if not names:
        return SCENARIOS, ()
    return tuple(known[name] for name in names if name in known), tuple(name for name in names if name not in known)
