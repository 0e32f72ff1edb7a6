"""What the tests of the checks share: a configuration in a folder, and what the rules say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
import stripe

from creditctl.checks.check import Check
from creditctl.checks.context import Context, open_ledger
from creditctl.checks.env.collect import gather_env
from creditctl.checks.env.model import EnvView
from creditctl.checks.env.rule_groups import judge_env
from creditctl.checks.probe import ProbeAnswer
from creditctl.checks.registry import run_checks
from creditctl.cli.ledger.anchor import add as add_anchor
from creditctl.core.catalog import parse_catalog
from creditctl.core.entitlement.settlement import Purchase
from creditctl.core.findings import Finding
from creditctl.core.keys import Secret
from creditctl.core.modes import Mode
from creditctl.core.settings import merge_settings
from creditctl.ledger.noted_runs import BACKUP_RUN, note_run
from creditctl.ledger.store import Ledger
from creditctl.payments.event_types import ENDPOINT_EVENTS
from creditctl.provisioning.probing.responses import ProbeResponses
from creditctl.stripe_api.client import connect
from tests.support.clock import NOW
from tests.support.ledger_calls import write
from tests.support.probed_backends import Answering, probed, verifying
from tests.support.scripted_stripe import ScriptedStripe, StripeAnswer, error, play

CATALOG = """
currency = "usd"
[[package]]
number = 1
slug = "starter"
name = "Starter"
credits = 1000
amount = 1000
[[package]]
number = 2
slug = "basic"
name = "Basic"
credits = 5500
amount = 4500
"""

Answers = Mapping[str, tuple[int, dict[str, Any]]]
_CAN = ("charges_enabled", "payouts_enabled")
ACCOUNT: dict[str, Any] = {"id": "acct_1AbCdEfGhIjKlMno", "object": "account", **dict.fromkeys(_CAN, True)}
BALANCE: dict[str, Any] = {"object": "balance", "livemode": False, "available": [], "pending": []}
LIST: dict[str, Any] = {"object": "list", "data": [], "has_more": False, "url": "/v1/x"}


class Canned(Protocol):
    """Makes a Stripe with fixed answers by path: `canned_stripe({"/v1/prices": (403, …)})`."""

    def __call__(self, answers: Answers, headers: Mapping[str, str] = ...) -> ScriptedStripe: ...


def canned(answers: Answers, headers: Mapping[str, str] = {}) -> ScriptedStripe:
    """A Stripe with fixed answers by path, empty lists for all other lists, and no other object."""
    known = {"/v1/account": (200, ACCOUNT), "/v1/balance": (200, BALANCE), **answers}
    laid_out = {path: StripeAnswer(body, status, headers) for path, (status, body) in known.items()}
    return ScriptedStripe(lambda request: play(laid_out.get(request.path) or _otherwise(request.path, headers)))


def _otherwise(path: str, headers: Mapping[str, str]) -> StripeAnswer:
    below = path.removeprefix("/v1/").replace("checkout/sessions", "sessions")
    is_list = "/" not in below or below.endswith("/line_items")
    return StripeAnswer(LIST, 200, headers) if is_list else error(404)


BODY = "51AbCdEfGhIjKlMn" + "oPqRsTuVwXyZ0123456789" * 3
GOOD = {
    "STRIPE_SECRET_KEY": "sk_test_" + BODY,
    "STRIPE_WEBHOOK_SECRET": "whsec_" + "aB3dE6gH9" * 4,
    "FRONTEND_URL": "http://localhost:3000",
    "CREDITS_API_URL": "http://localhost:8000",
}
LIVE = {
    **GOOD,
    "STRIPE_SECRET_KEY": "rk_live_" + BODY,
    "FRONTEND_URL": "https://shop.acme.io",
    "CREDITS_API_URL": "https://api.acme.io",
}


def no_git(folder: Path, arguments: Sequence[str]) -> tuple[int, str]:
    """A machine without git."""
    raise FileNotFoundError("git")


@pytest.fixture
def good() -> dict[str, str]:
    """Settings for local work in test mode with which nothing is wrong."""
    return dict(GOOD)


@pytest.fixture
def live() -> dict[str, str]:
    """Settings for production with which nothing is wrong."""
    return dict(LIVE)


Look = Callable[..., EnvView]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Writes env files into a folder and looks at them: `look(text_or_settings, frontend=…, process=…, expected=…)`."""

    def take(
        backend: str | bytes | Mapping[str, str] | None,
        *,
        frontend: str | bytes | Mapping[str, str] | None = None,
        process: Mapping[str, str] | None = None,
        expected: Mode | None = None,
        before_setup: bool = False,
    ) -> EnvView:
        for name, content in ((".env", backend), (".env.local", frontend)):
            if content is not None:
                path = tmp_path / name
                path.write_bytes(as_bytes(content))
                path.chmod(0o600)
        return gather_env(tmp_path, process or {}, git=no_git, expected=expected, before_setup=before_setup)

    return take


@pytest.fixture
def judge(look: Look) -> Callable[..., list[Finding]]:
    """The same, and what all the rules find."""
    return lambda *args, **options: judge_env(look(*args, **options))


@pytest.fixture
def codes(judge: Callable[..., list[Finding]]) -> Callable[..., dict[str, str]]:
    """The same, as code to subject, without `env.` and without mere notes."""

    def found(*args: object, **options: object) -> dict[str, str]:
        return {
            item.code.removeprefix("env."): item.subject for item in judge(*args, **options) if item.severity != "info"
        }

    return found


def as_bytes(content: str | bytes | Mapping[str, str]) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    return "".join(f"{name}={value}\n" for name, value in content.items()).encode()


@pytest.fixture
def canned_stripe() -> Canned:
    """A Stripe with fixed answers by path, for what an emulator would never say."""
    return canned


def page(*objects: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return 200, {"object": "list", "data": list(objects), "has_more": False, "url": "/v1/x"}


@dataclass
class Production:
    """A production in which everything is in order, until a test breaks something."""

    folder: Path
    settings: dict[str, str]
    now: int = NOW
    frontend: dict[str, str] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=lambda: dict(ACCOUNT))
    balance: dict[str, Any] = field(default_factory=lambda: {"object": "balance", "livemode": True})
    endpoints: list[dict[str, Any]] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    line_items: list[dict[str, Any]] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    charges: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    products: list[dict[str, Any]] = field(default_factory=lambda: shelf()[0])
    prices: list[dict[str, Any]] = field(default_factory=lambda: shelf()[1])
    missing: list[str] = field(default_factory=list)
    refused: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    credited: int | None = 1000
    run_ok: bool | None = True
    run_since: str | None = None
    run_age: int = 60
    answer: ProbeAnswer = field(default_factory=lambda: ProbeAnswer(200))
    hook: Answering | None = None
    asked: list[ScriptedStripe] = field(default_factory=list)

    def ask(self, checks: Iterable[Check[Context]]) -> dict[str, tuple[str, str]]:
        """Status and evidence by the last part of each check's id."""
        with ExitStack() as stack:
            results = run_checks(checks, self.context(stack))
        return {item.id.partition(".")[2]: (str(item.status), item.evidence) for item in results}

    def context(self, stack: ExitStack) -> Context:
        (self.folder / ".env.local").write_text("".join(f"{k}={v}\n" for k, v in self.frontend.items()))
        merged = merge_settings(self.settings, {}, env_file=Path(".env"), folder=self.folder)
        self.asked.append(self.stripe())
        connection = stack.enter_context(
            connect(merged, sleep=lambda _: None, chance=lambda: 0.0, transport=self.asked[-1])
        )
        self.keep_books()
        ledger, problem = open_ledger(merged, connection, self.clock)
        if ledger is not None:
            stack.enter_context(ledger)
        return Context(
            settings=merged,
            env=gather_env(self.folder, self.settings, git=no_git),
            catalog=parse_catalog(CATALOG),
            clock=self.clock,
            stripe=connection,
            ledger=ledger,
            probe=lambda _: self.answer,
            deliver_probe=self.deliver_probe,
            no_ledger=problem,
        )

    def deliver_probe(self, _: str, secrets: Sequence[Secret]) -> ProbeResponses:
        """Asks the backend's webhook, which verifies with our secret unless a test says otherwise."""
        return probed(self.hook or verifying(Secret(LIVE["STRIPE_WEBHOOK_SECRET"])), *secrets)

    def stripe(self) -> ScriptedStripe:
        """A Stripe that gives this production's answers."""
        answers = {
            "/v1/account": (200, self.account),
            "/v1/balance": (200, self.balance),
            "/v1/webhook_endpoints": page(*self.endpoints),
            "/v1/checkout/sessions": page(*self.sessions),
            "/v1/checkout/sessions/cs_live_a1/line_items": page(*self.line_items),
            "/v1/refunds": page(*self.refunds),
            "/v1/charges": page(*self.charges),
            "/v1/events": page(*self.events),
            "/v1/products": page(*self.products),
            "/v1/prices": page(*self.prices),
        }
        unknown = {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such object"}}
        return canned({**answers, **dict.fromkeys(self.missing, (404, unknown)), **self.refused}, self.headers)

    def clock(self) -> int:
        return self.now

    def keep_books(self) -> None:
        path = self.folder / "creditctl.db"
        if path.exists():
            return
        with Ledger.open(path, account=ACCOUNT["id"], livemode=True, clock=self.clock) as ledger:
            if self.credited is not None:
                sold = Purchase("7", self.credited, 1000, "usd", "pi_small", "cs_live_a1", "starter", NOW - 9000)
                with ledger.transaction() as transaction:
                    transaction.post(sold.draft())
            if self.run_ok is not None:
                moment = self.now - self.run_age
                report = {"window": {"since": self.run_since}, "complete": True}
                for age in (3600, 0):
                    write(ledger).add_run("reconcile", moment - age, moment - age, self.run_ok, report)
            add_anchor(ledger, self.folder / "anchors.jsonl", self.clock)
            note_run(ledger, BACKUP_RUN, self.now, {"file": "copy.db"})


@pytest.fixture
def production(tmp_path: Path, live: dict[str, str]) -> Production:
    """A production in which everything is in order, until a test breaks something."""
    made = Production(tmp_path, {**live, "STRIPE_ACCOUNT_ID": ACCOUNT["id"]})
    made.endpoints = [endpoint(live)]
    made.sessions = [session()]
    made.charges = [{"id": "ch_1", "receipt_number": "1234-5678", "receipt_email": "buyer@acme.io"}]
    return made


def shelf() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The products and prices on Stripe that the packages ask for."""
    products, prices = list[dict[str, Any]](), list[dict[str, Any]]()
    for package in parse_catalog(CATALOG):
        products.append(
            {
                "id": package.product_id,
                "object": "product",
                "name": package.name,
                "active": True,
                "description": f"{package.credits:,} credits",
                "default_price": f"price_{package.slug}",
                "metadata": package.metadata,
            }
        )
        prices.append(
            {
                "id": f"price_{package.slug}",
                "object": "price",
                "product": package.product_id,
                "active": True,
                "currency": package.currency,
                "unit_amount": package.amount,
                "lookup_key": package.lookup_key,
                "type": "one_time",
                "recurring": None,
                "transform_quantity": None,
                "created": NOW - 90_000,
                "metadata": package.metadata,
            }
        )
    return products, prices


def endpoint(settings: dict[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "id": "we_1",
        "object": "webhook_endpoint",
        "created": NOW - 90_000,
        "url": "https://api.acme.io/api/credits/webhook",
        "status": "enabled",
        "enabled_events": sorted(ENDPOINT_EVENTS),
        "api_version": str(stripe.api_version),
        "livemode": True,
        "metadata": {"secret_fingerprint": Secret(settings["STRIPE_WEBHOOK_SECRET"]).fingerprint},
        **changes,
    }


def session(**changes: Any) -> dict[str, Any]:
    return {
        "id": "cs_live_a1",
        "status": "complete",
        "payment_status": "paid",
        "mode": "payment",
        "payment_intent": "pi_small",
        "client_reference_id": "7",
        "amount_subtotal": 1000,
        "amount_total": 1000,
        "currency": "usd",
        "created": NOW - 9000,
        "livemode": True,
        "success_url": "https://shop.acme.io/credits/success?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.acme.io/credits/cancel",
        "metadata": {"managed_by": "creditctl", "package": "starter", "credits": "1000", "user_id": "7"},
        **changes,
    }


def sold(package: str = "starter", **changes: Any) -> dict[str, Any]:
    """The line item of a session that an application made itself: a price of ours."""
    metadata = {"managed_by": "creditctl", "package": package, "credits": "1000"}
    price = {
        "id": "price_1",
        "product": f"creditctl_{package}",
        "unit_amount": 1000,
        "currency": "usd",
        "metadata": metadata,
    }
    return {"id": "li_1", "quantity": 1, "amount_subtotal": 1000, "currency": "usd", "price": price, **changes}
