"""The guide's story, step by step: each step acts, checks what must be true after it, and says so in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from creditctl.core.findings import Finding, Severity
from creditctl.core.money import format_amount
from creditctl.simulation.cards import CARDS

if TYPE_CHECKING:
    from creditctl.cli.local.local_stack import LocalStack
    from creditctl.core.catalog import Catalog, Package

BUYER = "1"
"""The user of the guide's own log lines."""


class DemoStepFailed(Exception):
    """A step did not end as it must; the finding says which and how."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass
class DemoRun:
    """One run of the story in a started world.

    Shape: `tell` prints a line; `steps` keeps what was told; `paid` maps a package's slug to its session and payment.
    """

    world: LocalStack
    catalog: Catalog
    tell: Callable[[str], None]
    steps: list[str] = field(default_factory=list)
    paid: dict[str, tuple[str, str]] = field(default_factory=dict)
    credits: int = 0

    def run(self) -> None:
        """The whole story, in order. Errors: DemoStepFailed at the first thing that does not hold."""
        self.set_up()
        for package in self.catalog:
            self.buy(package)
        first, *_, last = self.catalog
        self.deliver_twice_more(first)
        self.decline(first)
        self.refund(last)
        self.reconcile()
        self.set_up_again()

    def set_up(self) -> None:
        """What the set-up made, read back from Stripe."""
        client = self.world.shop.client
        products = len(client.v1.products.list(params={"active": True, "limit": 100}).data)
        prices = len(client.v1.prices.list(params={"active": True, "limit": 100}).data)
        endpoints = client.v1.webhook_endpoints.list(params={"limit": 100}).data
        self._holds(products == prices == len(self.catalog), "setup", f"{products} products and {prices} prices")
        self._holds(len(endpoints) == 1, "setup", f"{len(endpoints)} webhook endpoints")
        secret = self.world.shop.secret
        self._told(
            f"setup: {products} products, {prices} prices, 1 webhook endpoint for "
            f"{len(endpoints[0].enabled_events)} kinds of events; signing secret {secret} captured into .env"
        )

    def buy(self, package: Package) -> None:
        """The good card through Checkout; the signed webhook brings the credits."""
        shop, card = self.world.shop, CARDS["visa"]
        session_id = shop.checkout(BUYER, package)
        payment = shop.pay(session_id, card.token)
        self._holds(payment.paid, "buy", f"the session is {payment.status}")
        self.credits += package.credits
        self._balance_is(self.credits, "buy")
        self.paid[package.slug] = (session_id, str(payment.payment_intent))
        self._told(
            f"bought {package.name} for {format_amount(package.amount, package.currency)} with {_spaced(card.number)}: "
            f"webhook received, {package.credits:,} credits added, balance {self.credits:,}"
        )

    def deliver_twice_more(self, package: Package) -> None:
        """Stripe may deliver an event more than once; the ledger must not care."""
        shop = self.world.shop
        event = shop.completed_event(self.paid[package.slug][0])
        answers = [shop.deliver_again(event) for _ in range(2)]
        self._holds(all(answer.accepted for answer in answers), "duplicate", f"answered {answers}")
        self._balance_is(self.credits, "duplicate")
        self._told(
            f"the {package.name} webhook delivered twice more: accepted, nothing changed, balance {self.credits:,}"
        )

    def decline(self, package: Package) -> None:
        """A refused card leaves the session open and the balance alone."""
        shop, card = self.world.shop, CARDS["insufficient-funds"]
        session_id = shop.checkout(BUYER, package)
        payment = shop.pay(session_id, card.token)
        self._holds(payment.decline_code == card.decline_code, "decline", f"the card answered {payment}")
        settled = shop.settle({session_id, str(payment.payment_intent)})
        self._holds(settled, "decline", "its events stay undelivered")
        self._balance_is(self.credits, "decline")
        self._told(f"{_spaced(card.number)} declined ({payment.decline_code}): no credits, balance {self.credits:,}")

    def refund(self, package: Package) -> None:
        """A full refund takes exactly the credits back that the purchase gave."""
        shop = self.world.shop
        session_id, payment_intent = self.paid[package.slug]
        shop.refund(payment_intent)
        self.credits -= package.credits
        self._balance_is(self.credits, "refund")
        self._holds(shop.settle({session_id, payment_intent}), "refund", "its events stay undelivered")
        self._told(f"refunded {package.name}: {package.credits:,} credits taken back, balance {self.credits:,}")

    def reconcile(self) -> None:
        """Stripe and the ledger say the same."""
        document = self.world.command("reconcile")
        self._holds(document["ok"], "reconcile", _why_not(document))
        self._told("reconcile: Stripe and the ledger agree, no findings")

    def set_up_again(self) -> None:
        """The second set-up finds nothing to do."""
        document = self.world.command("setup", "--check")
        self._holds(document["ok"], "setup again", _why_not(document))
        again = self.world.command("setup", "--yes")
        self._holds(again["ok"], "setup again", _why_not(again))
        self._told("setup again: nothing to do")

    def _balance_is(self, expected: int, step: str) -> None:
        seen = self.world.shop.wait_for_balance(BUYER, expected)
        self._holds(seen == expected, step, f"the balance should be {expected:,} credits, it is {seen:,}")

    def _holds(self, held: bool, step: str, otherwise: str) -> None:
        if not held:
            raise DemoStepFailed(
                Finding(
                    "demo.step_failed", Severity.CRITICAL, step, otherwise, "Run `creditctl demo --keep DIR` and look."
                )
            )

    def _told(self, line: str) -> None:
        self.steps.append(line)
        self.tell(line)


def _spaced(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def _why_not(document: dict[str, Any]) -> str:
    error = document.get("error") or {}
    findings = ", ".join(finding["code"] for finding in document.get("findings", []))
    return str(error.get("message") or findings or document.get("report"))
