"""The checks against the emulator: a real endpoint, a real purchase, a real ledger; nothing canned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from creditctl.checks.checklist import CHECKLIST
from creditctl.checks.context import Context, open_ledger
from creditctl.checks.doctor import DOCTOR_CHECKS
from creditctl.checks.env.collect import gather_env
from creditctl.checks.probe import ProbeAnswer
from creditctl.checks.registry import run_checks
from creditctl.core.catalog import Catalog, parse_catalog
from creditctl.core.entitlement.decision import Grants, decide
from creditctl.core.entitlement.facts import SessionFacts
from creditctl.core.keys import Secret
from creditctl.core.settings import merge_settings
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.emulator_client.checkout_payer import pay
from creditctl.ledger.store import Ledger
from creditctl.payments.event_types import ENDPOINT_EVENTS
from creditctl.reconciliation.run import reconcile
from creditctl.stripe_api.client import StripeConnection, connect
from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

    from creditctl.emulator.app import Emulator
    from tests.support.clock import Clock

Shop = Callable[[], dict[str, tuple[str, str]]]
"""Runs every check of the checklist and the doctor. Shape: status and evidence by id."""

SETTINGS = {
    "STRIPE_SECRET_KEY": TEST_KEY,
    "STRIPE_API_BASE": "http://127.0.0.1:12111",
    "FRONTEND_URL": "http://localhost:3000",
    "CREDITS_API_URL": "http://localhost:8000",
}


@pytest.fixture
def shop(tmp_path: Path, clock: Clock, emulator: Emulator) -> Iterator[Shop]:
    """A shop on the emulator whose endpoint, secret and first purchase are in order."""
    settings = dict(SETTINGS)
    with door_to(settings, tmp_path, emulator) as connection:
        settings["STRIPE_WEBHOOK_SECRET"] = endpoint(connection)
        with Ledger.open(
            tmp_path / "creditctl-emulator.db", account=connection.account_id, livemode=False, clock=clock
        ) as ledger:
            buy_and_credit(connection, ledger, catalog())
            clock.now += 1000
            reconcile(client=connection.client, ledger=ledger, catalog=catalog(), livemode=False, clock=clock)
        yield lambda: look(settings, tmp_path, clock, connection)


def catalog() -> Catalog:
    return parse_catalog(resources.files("creditctl.core").joinpath("packages.toml").read_text(encoding="utf-8"))


def door_to(settings: dict[str, str], folder: Path, emulator: Emulator) -> StripeConnection:
    merged = merge_settings(settings, {}, env_file=folder / ".env", folder=folder)
    return connect(merged, sleep=lambda _: None, chance=lambda: 0.0, transport=EmulatorHTTPClient(emulator))


def endpoint(connection: StripeConnection) -> str:
    # The SDK lists every event type and version as literals; ours are plain text.
    wish: Any = {
        "url": "http://localhost:8000/api/credits/webhook",
        "enabled_events": sorted(ENDPOINT_EVENTS),
        "api_version": str(stripe.api_version),
    }
    made = connection.client.v1.webhook_endpoints.create(wish)
    secret = str(made.secret)
    fingerprint = Secret(secret).fingerprint
    connection.client.v1.webhook_endpoints.update(made.id, {"metadata": {"secret_fingerprint": fingerprint}})
    return secret


def buy_and_credit(connection: StripeConnection, ledger: Ledger, packages: Catalog) -> None:
    package = packages.by_slug("starter")
    assert package is not None
    metadata = {**package.metadata, "user_id": "7"}
    wish: SessionCreateParams = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "usd",
                    "unit_amount": package.amount,
                    "product_data": {"name": package.name},
                },
            }
        ],
        "success_url": "http://localhost:3000/credits/success?session_id={CHECKOUT_SESSION_ID}",
        "client_reference_id": "7",
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
    }
    session = connection.client.v1.checkout.sessions.create(wish)
    assert pay(connection.client, session.id, "tok_visa").paid
    paid = SessionFacts.from_stripe(connection.client.v1.checkout.sessions.retrieve(session.id).to_dict())
    decision = decide(paid, packages)
    assert isinstance(decision, Grants)
    with ledger.transaction() as transaction:
        transaction.post(decision.purchase.draft())


def look(
    settings: dict[str, str], folder: Path, clock: Clock, connection: StripeConnection
) -> dict[str, tuple[str, str]]:
    merged = merge_settings(settings, {}, env_file=folder / ".env", folder=folder)
    ledger, problem = open_ledger(merged, connection, clock)
    assert ledger is not None, problem
    with ledger:
        context = Context(
            settings=merged,
            env=gather_env(folder, settings, git=lambda *_: (128, "")),
            catalog=catalog(),
            clock=clock,
            stripe=connection,
            ledger=ledger,
            probe=lambda _: ProbeAnswer(405),
        )
        results = run_checks([*CHECKLIST, *DOCTOR_CHECKS], context)
    return {result.id: (str(result.status), result.evidence) for result in results}


def test_the_checklist_sees_what_holds_and_says_that_it_does_not_count_here(shop: Shop) -> None:
    answers = shop()

    for item in ("webhook_endpoint", "webhook_secret", "small_payment", "credits_added", "transaction_history"):
        status, evidence = answers[f"checklist.{item}"]
        assert status == "fail"
        assert evidence.startswith("This is emulator mode, where it holds: "), evidence
    assert answers["checklist.email_receipts"][0] == "person"


def test_the_doctor_finds_the_one_thing_that_is_wrong_nobody_received_the_events(shop: Shop) -> None:
    answers = shop()

    wrong = {name for name, (status, _) in answers.items() if name.startswith("doctor.") and status != "pass"}
    assert wrong == {"doctor.undelivered", "doctor.backend", "doctor.verification"}
