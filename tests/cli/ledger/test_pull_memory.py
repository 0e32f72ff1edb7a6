"""What a pull has learned is kept beside the ledger, and a dry run keeps nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import stripe

from creditctl.emulator.app import Emulator
from creditctl.emulator.transports.sdk_http_client import EmulatorHTTPClient
from creditctl.ledger.archive.sessionless import SessionlessStore
from creditctl.ledger.archive.store import Archive
from tests.support.cli import Cli
from tests.support.keys import TEST_KEY
from tests.support.scripted_stripe import ScriptedStripe

BASE = "http://127.0.0.1:12111"


@pytest.fixture
def http(cli: Cli, emulator: Emulator) -> ScriptedStripe:
    """A ledger, and a payment on the account that no session belongs to."""
    client = stripe.StripeClient(TEST_KEY, http_client=EmulatorHTTPClient(emulator), base_addresses={"api": BASE})
    client.v1.payment_intents.create(
        params={
            "amount": 700,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    assert cli("ledger", "init").exit_code == 0
    scripted = ScriptedStripe(emulator)
    cli.transport = lambda: scripted
    return scripted


def asked(http: ScriptedStripe) -> int:
    return sum("payment_intent" in request.query for request in http.requests)


def test_a_payment_without_a_session_is_asked_for_in_one_night_only(
    cli: Cli, http: ScriptedStripe, tmp_path: Path
) -> None:
    assert [cli("reconcile", "--json").exit_code for _ in range(3)] == [0, 0, 0]
    assert asked(http) == 1
    archive = tmp_path / "creditctl-emulator-archive.db"
    with Archive.open(archive, account=None, livemode=False, create=False) as opened:
        assert len(SessionlessStore(opened).known()) == 1


def test_a_dry_run_keeps_nothing(cli: Cli, http: ScriptedStripe, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    for _ in range(2):
        assert cli("reconcile", "--dry-run", "--json").exit_code == 0
    assert asked(http) == 2
    assert [path for path in sorted(tmp_path.iterdir()) if "lock" not in path.name] == before
