"""State of one scenario under way: who buys, what was bought, what was held and broken, and the log of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from creditctl.core.text import first_words
from creditctl.simulation.pace import Pace
from creditctl.simulation.play.worth import Bought, acceptable_balances
from creditctl.simulation.results import ScenarioNotTried

if TYPE_CHECKING:
    from creditctl.core.catalog import Catalog, Package
    from creditctl.core.keys import Secret
    from creditctl.simulation.policy import BackendPolicy
    from creditctl.simulation.stripe_side.access import StripeAccess
    from creditctl.simulation.target.backend_client import BackendClient
    from creditctl.simulation.target.buyers import Buyer, Buyers
    from creditctl.simulation.target.process import BackendProcess

_SHOWN_CHARACTERS = 160
_USUAL = 2


@dataclass(frozen=True)
class Bench:
    """What every scenario of a run shares: the backend, the Stripe behind it, the catalogue, the pace.

    Shape: `secret` signs what we post ourselves; `process` is the backend that we started, None for a running one;
           `token` makes the users of this run new; `newcomer` is the balance of one who is, None where it is unknown.
    """

    stripe: StripeAccess
    backend: BackendClient
    buyers: Buyers
    catalog: Catalog
    pace: Pace
    secret: Secret
    clock: Callable[[], int]
    token: str
    process: BackendProcess | None = None
    newcomer: int | None = None

    @property
    def policy(self) -> BackendPolicy:
        """What the backend's owner declared."""
        return self.backend.target.policy

    def package(self, number: int) -> Package:
        """The package at a place of the catalogue, or the usual one for 0: the second, whose credits are no price.

        Errors: ScenarioNotTried where the catalogue has fewer.
        """
        if number == 0:
            return self.catalog.packages[min(_USUAL, len(self.catalog)) - 1]
        if number > len(self.catalog):
            raise ScenarioNotTried(f"the catalogue has {len(self.catalog)} packages")
        return self.catalog.packages[number - 1]


@dataclass
class Play:
    """One scenario under way.

    Shape: `bought` by the name that steps use; `starts` the balances before it, by buyer; `acked_broken` whether an
           event was accepted while Stripe's API was broken for it, `healed` whether it was; `withheld` while payments
           whose webhooks are kept back must not count yet.
    """

    bench: Bench
    buyers: tuple[Buyer, ...]
    starts: list[int] = field(default_factory=list)
    bought: dict[str, Bought] = field(default_factory=dict)
    spent: dict[int, int] = field(default_factory=dict)
    holds: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    purchase_seconds: float = 0.0
    acked_broken: bool = False
    healed: bool = False
    crashed: bool = False
    withheld: bool = False

    def say(self, line: str) -> None:
        """One more line of the log."""
        self.log.append(line)

    def note_delivery(self, what: str, answer: str) -> None:
        """One more line of the delivery log."""
        self.deliveries.append(first_words(f"{what}: {answer}", _SHOWN_CHARACTERS))

    def of(self, buyer: int) -> list[Bought]:
        """What one buyer bought."""
        hidden = self.holds if self.withheld else {}
        return [each for name, each in self.bought.items() if each.user == buyer and name not in hidden]

    def acceptable(self, buyer: int) -> frozenset[int]:
        """The balances that one buyer may have now."""
        spent = self.spent.get(buyer, 0)
        return acceptable_balances(self.of(buyer), self.bench.policy, start=self.starts[buyer], spent=spent)

    @property
    def subjects(self) -> set[str]:
        """The ids that events of this scenario are about."""
        ids = {each.session_id for each in self.bought.values()}
        return ids | {each.payment_intent for each in self.bought.values() if each.payment_intent}
