"""`creditctl checklist` as an operator meets it: one document, exit 1 until all of them hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from tests.support.cli import Cli, Outcome

TEST_SETTINGS = [
    "STRIPE_WEBHOOK_SECRET=whsec_" + "aB3dE6gH9" * 4,
    "FRONTEND_URL=http://localhost:3000",
    "CREDITS_API_URL=http://localhost:8000",
]


def statuses(outcome: Outcome) -> dict[str, str]:
    return {check["id"].removeprefix("checklist."): check["status"] for check in outcome.report["checks"]}


def test_in_the_emulator_it_says_so_and_ends_with_1(cli: Cli) -> None:
    cli.write_env(TEST_SETTINGS)

    outcome = cli("checklist")

    assert outcome.exit_code == 1
    assert "This is emulator mode: requests go to this machine." in outcome.stdout
    assert "0 of 13 items hold." in outcome.stdout


def test_the_document_has_every_item_with_evidence_and_what_to_do(cli: Cli) -> None:
    cli.write_env(TEST_SETTINGS)

    outcome = cli("checklist", "--json")

    assert outcome.document["schema"] == "creditctl.checklist.v1"
    assert (outcome.exit_code, outcome.document["ok"], outcome.document["mode"]) == (1, False, "emulator")
    assert len(outcome.report["checks"]) == 13
    for check in outcome.report["checks"]:
        assert set(check) == {"id", "status", "title", "evidence", "fix"}
        assert check["evidence"]
        assert check["fix"]
    assert [item["code"] for item in outcome.document["findings"]] == [item["id"] for item in outcome.report["checks"]]


def test_without_any_settings_every_item_says_what_is_missing(offline_cli: Cli) -> None:
    outcome = offline_cli("checklist", "--json")

    assert outcome.exit_code == 1
    assert set(statuses(outcome).values()) == {"fail", "unknown", "person"}


def test_another_mode_than_expected_is_refused(cli: Cli) -> None:
    outcome = cli("checklist", "--mode", "live", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (3, "guard.mode")


def test_a_stripe_that_does_not_answer_ends_with_5(offline_cli: Cli) -> None:
    offline_cli.write_env([f"STRIPE_SECRET_KEY={TEST_KEY}", "STRIPE_API_BASE=http://127.0.0.1:9", *TEST_SETTINGS])

    assert offline_cli("checklist", "--json").exit_code == 5


@pytest.mark.parametrize("item", ["live_keys", "nonsense", "checklist.small_payment"])
def test_what_a_call_can_prove_is_not_attested(cli: Cli, item: str) -> None:
    outcome = cli("checklist", "attest", item, "--by", "Ada", "--note", "trust me", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (2, "checklist.not_attestable")
    assert "email_receipts" in outcome.document["error"]["fix"]


def test_an_attestation_needs_a_ledger_to_stand_in(cli: Cli) -> None:
    outcome = cli("checklist", "attest", "email_receipts", "--by", "Ada", "--note", "seen")

    assert outcome.exit_code == 3
    assert "CREDITCTL_LEDGER" in outcome.stderr


def test_an_attestation_is_kept_and_does_not_count_before_live_mode(cli: Cli) -> None:
    from creditctl.ledger.store import Ledger

    account = cli("env", "check", "--online", "--json").report["online"]["account"]
    path = cli.folder / "creditctl-emulator.db"
    Ledger.open(path, account=account, livemode=False, clock=cli.clock).close()

    kept = cli("checklist", "attest", "email_receipts", "--by", "Ada", "--note", "it arrived", "--json")
    (receipts,) = [item for item in cli("checklist", "--json").report["checks"] if item["id"].endswith("receipts")]

    assert (kept.exit_code, kept.document["schema"]) == (0, "creditctl.checklist.attest.v1")
    assert receipts["status"] == "fail"
    assert "Ada attested" in receipts["evidence"]
