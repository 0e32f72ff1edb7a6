"""A production on the emulator with a backend written elsewhere, everything in order until a test plants a fault."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import stripe

from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import pay
from tests.journeys.production.backend import CREDITS, CreditBackend
from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from creditctl.emulator.app import Emulator
    from tests.support.cli import Cli, Outcome

AMOUNTS = {"starter": 1000, "basic": 4500, "pro": 10000}
PROJECT = """
[source]
url_env = "DATABASE_URL"
table = "credit_transactions"
"""


@dataclass
class Production:
    """The command line, the emulator and the backend of one production."""

    cli: Cli
    emulator: Emulator
    backend: CreditBackend
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> stripe.StripeClient:
        """Stripe, as the backend sees it."""
        http = EmulatorHTTPClient(self.emulator)
        base: Any = {"api": "http://127.0.0.1:12111"}
        return stripe.StripeClient(TEST_KEY, http_client=http, base_addresses=base, max_network_retries=0)

    def set_up(self) -> None:
        """Set-up as an operator does it; the backend is given the secret."""
        (self.cli.folder / "creditctl.toml").write_text(PROJECT)
        self.settings |= {
            "FRONTEND_URL": self.backend.url,
            "CREDITS_API_URL": self.backend.url,
            "DATABASE_URL": f"sqlite:///{self.backend.table}",
        }
        self.write()
        assert self.cli("setup", "--yes").exit_code == 0
        self.settings["STRIPE_WEBHOOK_SECRET"] = self.secret()
        self.backend.secret = self.settings["STRIPE_WEBHOOK_SECRET"]

    def write(self) -> None:
        """Writes the env file as the settings are now."""
        path = self.cli.folder / ".env"
        path.write_text("".join(f"{name}={value}\n" for name, value in self.settings.items()))
        path.chmod(0o600)

    def secret(self) -> str:
        """The signing secret that set-up wrote."""
        lines = (self.cli.folder / ".env").read_text().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith("STRIPE_WEBHOOK_SECRET="))

    def buy(self, user: str = "7", slug: str = "starter", token: str = "tok_visa", **changes: Any) -> str:
        """One buyer pays one package; its events are delivered, as far as they can be. Returns the session's id."""
        session = self.begin(user, slug, **changes)
        pay(self.client, session.id, token)
        self.emulator.pump()
        return session.id

    def begin(self, user: str, slug: str = "starter", **changes: Any) -> stripe.checkout.Session:
        """The session of a purchase, as the backend makes it."""
        metadata = {"managed_by": "creditctl", "user_id": user, "package": slug, "credits": str(CREDITS[slug])}
        price: Any = {"currency": "usd", "unit_amount": AMOUNTS[slug], "product_data": {"name": slug}}
        home = self.backend.url
        wish: dict[str, Any] = {
            "mode": "payment",
            "success_url": f"{home}/credits/success?session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{home}/credits/cancel",
            "client_reference_id": user,
            "line_items": [{"quantity": 1, "price_data": price}],
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
            **changes,
        }
        said: Any = {name: each for name, each in wish.items() if each is not None}
        return self.client.v1.checkout.sessions.create(said)

    def later(self, seconds: int = 3600) -> None:
        """Time passes, for everybody."""
        self.cli.clock.now += seconds
        self.emulator.pump()

    def endpoint(self) -> stripe.WebhookEndpoint:
        """The first webhook endpoint."""
        return self.client.v1.webhook_endpoints.list().data[0]

    def doctor(self) -> Outcome:
        """What the doctor says."""
        return self.cli("doctor", "--json")

    def checklist(self, *arguments: str) -> Outcome:
        """What the checklist says, as a rehearsal."""
        return self.cli("checklist", "--mode", "emulator", "--json", *arguments)

    def state(self) -> dict[str, str]:
        """Digests of all that must not change: Stripe, the backend's table, and the files of the folder."""
        with self.emulator.lock:
            books = self.emulator.services.store.db
            objects = books.execute("select id, kind, deleted, body from objects order by id").fetchall()
            deliveries = books.execute("select * from deliveries order by id").fetchall()
        return {
            "stripe": _digest([objects, deliveries]),
            "source": _digest(self.backend.rows()),
            "ledger": _digest(_dump(self.cli.folder / "creditctl-emulator.db")),
            **{name: self._file(name) for name in (".env", "creditctl.toml")},
        }

    def _file(self, name: str) -> str:
        path = self.cli.folder / name
        return _digest(path.read_text()) if path.exists() else ""


def _dump(path: Path) -> list[str]:
    """Everything in a ledger."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as books:
        return list(books.iterdump())


def ill(outcome: Outcome) -> set[str]:
    """The names of the checks that do not hold."""
    return {
        check["id"].partition(".")[2]
        for check in outcome.report["checks"]
        if check["status"] not in ("pass", "warn") and check.get("required", True)
    }


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()
