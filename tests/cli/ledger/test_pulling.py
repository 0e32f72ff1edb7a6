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
from tests.support.scripted_stripe import ScriptedStripe, answers

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


def sent(http: ScriptedStripe) -> list[str]:
    """The paths that were asked for since the last time."""
    paths = [request.path.removeprefix("/v1/") for request in http.requests]
    http.requests.clear()
    return [path for path in paths if path != "account"]


def test_what_stripe_answered_is_kept_for_offline(cli: Cli, http: ScriptedStripe) -> None:
    refused = cli("reconcile", "--offline", "--json")
    assert (refused.exit_code, refused.document["error"]["code"]) == (5, "reconcile.not_kept")
    online = cli("reconcile", "--json")
    http.requests.clear()
    offline = cli("reconcile", "--offline", "--json")
    assert offline.exit_code == 0
    assert http.requests == []
    assert offline.report["pulled"] == online.report["pulled"]
    assert len(cli("reconcile", "--history", "--json").report["runs"]) == 1, "a run that asked nothing is none"
    http.requests.clear()
    assert cli("reconcile", "--offline", "--dry-run", "--json").exit_code == 0
    assert http.requests == []


@pytest.mark.parametrize("option", ["--repair", "--full"])
def test_offline_refuses_what_needs_stripe(cli: Cli, http: ScriptedStripe, option: str) -> None:
    refused = cli("reconcile", "--offline", option, "--json")
    assert (refused.exit_code, refused.document["error"]["code"]) == (2, "usage.offline")
    assert http.requests == []


def test_full_reads_everything_anew(cli: Cli, http: ScriptedStripe, tmp_path: Path) -> None:
    assert cli("reconcile", "--json").exit_code == 0
    sent(http)
    cli("reconcile", "--json")
    bounds = {bool(request.query.keys() & {"created[gte]"}) for request in http.requests if "limit" in request.query}
    assert True in bounds
    http.requests.clear()
    assert cli("reconcile", "--full", "--json").exit_code == 0
    # Fraud warnings are bounded by what can still be acted on, whoever asks.
    kept = [request for request in http.requests if "early_fraud_warnings" not in request.url]
    assert kept
    assert not [request for request in kept if "created[gte]" in request.query]


def test_a_window_keeps_nothing_until_everything_was_read(cli: Cli, http: ScriptedStripe, tmp_path: Path) -> None:
    assert cli("reconcile", "--since", "30d", "--json").exit_code == 0
    assert cli("reconcile", "--offline", "--json").exit_code == 5
    assert cli("reconcile", "--json").exit_code == 0
    assert cli("reconcile", "--offline", "--since", "30d", "--json").exit_code == 0


def test_a_dry_run_leaves_what_is_kept_as_it_was(cli: Cli, http: ScriptedStripe, tmp_path: Path) -> None:
    assert cli("reconcile", "--json").exit_code == 0
    archive = tmp_path / "creditctl-emulator-archive.db"
    before = archive.read_bytes()
    cli.clock.now += 100
    assert cli("reconcile", "--dry-run", "--json").exit_code == 0
    assert archive.read_bytes() == before


@pytest.mark.parametrize("written", ["", "[reconcile]\nrate = 2\n"])
def test_the_rate_is_kept(cli: Cli, http: ScriptedStripe, tmp_path: Path, written: str) -> None:
    """The emulator has no limit of its own; option or project file set one, and waiting moves the test's clock."""
    (tmp_path / "creditctl.toml").write_text(written)
    before = cli.clock.now
    assert cli("reconcile", "--full", "--json").exit_code == 0
    assert (cli.clock.now > before) is bool(written)
    before = cli.clock.now
    assert cli("reconcile", "--full", "--rate", "1", "--json").exit_code == 0
    assert cli.clock.now > before


def test_a_storm_of_429_is_waited_out(cli: Cli, http: ScriptedStripe) -> None:
    http.on(answers(429), at=range(3, 40, 3))
    assert cli("reconcile", "--json").exit_code == 0
