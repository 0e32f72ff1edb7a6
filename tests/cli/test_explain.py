"""`creditctl explain`: one code, all codes, and a code that there is not."""

from __future__ import annotations

from creditctl.core.codes import all_codes
from creditctl.core.errors import ExitCode
from tests.support.cli import Cli


def test_a_finding_is_explained(offline_cli: Cli) -> None:
    outcome = offline_cli("explain", "reconcile.missing_credit")

    assert outcome.exit_code == ExitCode.OK
    assert "finding (critical or medium or low)" in outcome.stdout
    assert "has no entry for it" in outcome.stdout
    assert outcome.stderr == ""


def test_an_error_is_explained_as_a_document(offline_cli: Cli) -> None:
    outcome = offline_cli("explain", "lock.held", "--json")

    assert outcome.document["schema"] == "creditctl.explain.v1"
    assert outcome.report["exit_codes"] == [3]
    assert outcome.report["kinds"] == ["error"]


def test_a_code_of_stripes_own_is_explained_by_its_family(offline_cli: Cli) -> None:
    outcome = offline_cli("explain", "stripe.card_declined", "--json")

    assert (outcome.report["asked"], outcome.report["code"]) == ("stripe.card_declined", "stripe.*")


def test_an_unknown_code_is_refused_with_the_nearest(offline_cli: Cli) -> None:
    outcome = offline_cli("explain", "reconcile.missing_credits", "--json")

    assert outcome.exit_code == ExitCode.USAGE
    assert outcome.document["error"]["code"] == "explain.unknown"
    assert "reconcile.missing_credit" in outcome.document["error"]["fix"]


def test_nothing_near_leads_to_the_list(offline_cli: Cli) -> None:
    outcome = offline_cli("explain", "zzzzzzzzzz")

    assert outcome.exit_code == ExitCode.USAGE
    assert "creditctl explain" in outcome.stderr


def test_without_a_code_all_are_listed_by_group(offline_cli: Cli) -> None:
    document, shown = offline_cli("explain", "--json"), offline_cli("explain")

    assert [each["code"] for each in document.report["codes"]] == list(all_codes())
    assert "\nledger\n  ledger.action: error (exit 2)." in shown.stdout
