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
    assert "required items hold, and" in outcome.stdout


def test_the_document_has_every_item_with_evidence_and_what_to_do(cli: Cli) -> None:
    cli.write_env(TEST_SETTINGS)

    outcome = cli("checklist", "--json")

    assert outcome.document["schema"] == "creditctl.checklist.v1"
    assert (outcome.exit_code, outcome.document["ok"], outcome.document["mode"]) == (1, False, "emulator")
    assert outcome.report["stage"] == "live"
    for check in outcome.report["checks"]:
        assert set(check) == {"id", "status", "title", "evidence", "fix", "group", "required"}
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
    outcome = cli("checklist", "attest", item, "--by", "Ada", "--evidence", "trust me", "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (2, "checklist.not_attestable")
    assert "email_receipts" in outcome.document["error"]["fix"]


def test_an_attestation_needs_a_ledger_to_stand_in(cli: Cli) -> None:
    outcome = cli("checklist", "attest", "email_receipts", "--by", "Ada", "--evidence", "seen")

    assert outcome.exit_code == 3
    assert "CREDITCTL_LEDGER" in outcome.stderr


def test_an_attestation_is_kept_and_does_not_count_before_live_mode(cli: Cli) -> None:
    from creditctl.ledger.store import Ledger

    account = cli("env", "check", "--online", "--json").report["online"]["account"]
    path = cli.folder / "creditctl-emulator.db"
    Ledger.open(path, account=account, livemode=False, clock=cli.clock).close()

    kept = cli("checklist", "attest", "email_receipts", "--by", "Ada", "--evidence", "it arrived", "--json")
    (receipts,) = [item for item in cli("checklist", "--json").report["checks"] if item["id"].endswith("receipts")]

    assert (kept.exit_code, kept.document["schema"]) == (0, "creditctl.checklist.attest.v1")
    assert receipts["status"] == "fail"
    assert "Ada attested" in receipts["evidence"]


def test_reports_say_the_same_as_the_document(cli: Cli) -> None:
    from junitparser import JUnitXml

    cli.write_env(TEST_SETTINGS)

    outcome = cli("checklist", "--mode", "emulator", "--junit", "list.xml", "--markdown", "list.md", "--json")
    suites = JUnitXml.fromfile(str(cli.folder / "list.xml"))
    ticket = (cli.folder / "list.md").read_text()

    assert outcome.report["stage"] == "test"
    cases = [case for suite in suites for case in suite]
    assert [case.classname for case in cases] == [check["id"] for check in outcome.report["checks"]]
    wrong = {
        case.classname for case in cases if any(kind.type != "person" for kind in case.result if not skipped(kind))
    }
    assert wrong == {each for each in outcome.report["missing"] if statuses(outcome)[each[10:]] != "person"}
    assert ticket.startswith("## creditctl checklist: rehearsal in test mode")
    assert ticket.count("- [x]") == outcome.report["holding"]


def skipped(kind: object) -> bool:
    return type(kind).__name__ == "Skipped"


def test_the_list_looks_at_nothing_and_says_what_is_required_where(offline_cli: Cli) -> None:
    outcome = offline_cli("checklist", "--list", "--only", "People", "--json")

    assert outcome.exit_code == 0
    assert {tuple(row["required"]) for row in outcome.report["checks"]} == {()}
    assert "required in live" in offline_cli("checklist", "--list").stdout


def test_a_part_of_the_list_is_never_ready(cli: Cli) -> None:
    outcome = cli("checklist", "--mode", "emulator", "--only", "clock", "--json")

    assert (outcome.exit_code, outcome.report["ready"]) == (0, False)
    assert "does not say ready" in cli("checklist", "--mode", "emulator", "--only", "clock").stdout


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--by", " ", "--evidence", "seen"], "checklist.says_nothing"),
        (["--by", "Ada", "--evidence", ""], "checklist.says_nothing"),
        (["--by", "Ada", "--evidence", "seen", "--expires", "2020-01-01"], "checklist.expires"),
        (["--by", "Ada", "--evidence", "seen", "--expires", "9999d"], "checklist.expires"),
        (["--by", "Ada", "--evidence", "seen", "--expires", "soon"], "usage.when"),
    ],
)
def test_an_attestation_says_who_saw_what_until_when(cli: Cli, options: list[str], code: str) -> None:
    outcome = cli("checklist", "attest", "policy", *options, "--json")

    assert (outcome.exit_code, outcome.document["error"]["code"]) == (2, code)


def test_an_attestation_is_listed_and_can_be_taken_back_once(cli: Cli) -> None:
    from creditctl.ledger.store import Ledger

    account = cli("env", "check", "--online", "--json").report["online"]["account"]
    Ledger.open(cli.folder / "creditctl-emulator.db", account=account, livemode=False, clock=cli.clock).close()
    assert (
        cli("checklist", "attest", "policy", "--by", "Ada", "--evidence", "read it", "--expires", "30d").exit_code == 0
    )

    (given,) = cli("checklist", "attestations", "--json").report["attestations"]
    assert (given["by"], given["counts"], given["item"]) == ("Ada", True, "checklist.policy")
    assert policy(cli) == "pass"

    cli.write_env(["CREDITS_API_URL=http://localhost:8000", "CREDITCTL_CATALOG=own.toml"])
    (cli.folder / "own.toml").write_text(
        'currency = "usd"\n[[package]]\nnumber = 1\nslug = "starter"\nname = "S"\ncredits = 9\namount = 100\n'
    )
    (given,) = cli("checklist", "attestations", "--json").report["attestations"]
    assert given["open_because"] == "since then the catalogue changed"
    assert policy(cli) == "person"
    cli.write_env([])

    taken = cli("checklist", "revoke", str(given["id"]), "--by", "Bob", "--reason", "it was removed")
    assert (taken.exit_code, policy(cli)) == (0, "person")
    assert "it was taken back" in cli("checklist", "attestations").stdout
    assert cli("checklist", "revoke", str(given["id"]), "--by", "Bob", "--reason", "again").exit_code == 2


def policy(cli: Cli) -> str:
    (check,) = cli("checklist", "--mode", "emulator", "--only", "policy", "--json").report["checks"]
    status: str = check["status"]
    return status
