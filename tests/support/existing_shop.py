"""A shop that already sells: its buyers pay on the emulator, and its own tables are filled by hand, faults included."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

import stripe

from creditctl.core.catalog import parse_catalog
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import pay
from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.clock import Clock

BASE = "http://127.0.0.1:12111"
CATALOG = parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))


def client_of(emulator: Emulator) -> stripe.StripeClient:
    """The SDK's client on an emulator in process."""
    http = EmulatorHTTPClient(emulator)
    return stripe.StripeClient(TEST_KEY, http_client=http, base_addresses={"api": BASE}, max_network_retries=0)


def open_session(client: stripe.StripeClient, user: str, slug: str, *, marked: bool = True) -> str:
    """A Checkout session for one package, at a price made for it. Shape: `marked` by our metadata."""
    package = CATALOG.by_slug(slug)
    assert package is not None
    price: Any = {"currency": "usd", "unit_amount": package.amount, "product_data": {"name": package.name}}
    params: Any = {
        "mode": "payment",
        "success_url": "https://shop.example/done",
        "client_reference_id": user,
        "line_items": [{"quantity": 1, "price_data": price}],
    }
    metadata = {"managed_by": "creditctl", "user_id": user, "package": slug, "credits": str(package.credits)}
    marks: Any = {"metadata": metadata, "payment_intent_data": {"metadata": metadata}} if marked else {}
    return str(client.v1.checkout.sessions.create(params=params | marks).id)


@dataclass(frozen=True)
class Sale:
    """One payment as Stripe has it."""

    user: str
    credits: int
    amount: int
    intent: str
    session: str
    charge: str
    created: int


@dataclass
class ExistingShop:
    """Buyers on the emulator."""

    emulator: Emulator
    clock: Clock
    sales: list[Sale] = field(default_factory=list)

    @property
    def client(self) -> stripe.StripeClient:
        return client_of(self.emulator)

    def buy(self, user: str, slug: str = "starter", token: str = "tok_visa") -> Sale:
        """One buyer pays one package, an hour after the one before."""
        self.clock.now += 3600
        package = CATALOG.by_slug(slug)
        assert package is not None
        session = open_session(self.client, user, slug)
        paid = pay(self.client, session, token)
        intent = self.client.v1.payment_intents.retrieve(str(paid.payment_intent))
        charge = str(intent.latest_charge)
        sale = Sale(user, package.credits, package.amount, intent.id, session, charge, int(self.clock.now))
        self.sales.append(sale)
        return sale

    def top_up(self, user: str, slug: str = "starter") -> Sale:
        """A saved card is charged, without a Checkout session."""
        self.clock.now += 3600
        package = CATALOG.by_slug(slug)
        assert package is not None
        intent = self.client.v1.payment_intents.create(
            params={
                "amount": package.amount,
                "currency": "usd",
                "payment_method": "pm_card_visa",
                "confirm": True,
                "off_session": True,
                "metadata": {**package.metadata, "user_id": user},
            }
        )
        charge = str(intent.latest_charge)
        return Sale(user, package.credits, package.amount, intent.id, "", charge, int(self.clock.now))

    def planned(self, user: str, slug: str = "starter") -> str:
        """A session that nobody paid."""
        return open_session(self.client, user, slug, marked=False)

    def refund(self, sale: Sale, amount: int | None = None) -> str:
        """Money goes back. Shape: all of it without an amount."""
        self.clock.now += 3600
        params: Any = {"payment_intent": sale.intent} | ({} if amount is None else {"amount": amount})
        return str(self.client.v1.refunds.create(params=params).id)

    def later(self, hours: int = 24) -> None:
        """Time goes by, so that nothing is on its way any more."""
        self.clock.now += hours * 3600
