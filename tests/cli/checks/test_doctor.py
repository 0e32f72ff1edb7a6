"""`creditctl doctor` as an operator meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditctl.checks.probe import ProbeAnswer
from tests.support.keys import TEST_KEY

if TYPE_CHECKING:
    from tests.support.cli import Cli
    from tests.support.clock import Clock


def test_it_goes_through_the_four_problems_and_ends_with_1(cli: Cli) -> None:
    cli.write_env(["FRONTEND_URL=http://127.0.0.1:9", "CREDITS_API_URL=http://127.0.0.1:9"])

    outcome = cli("doctor")

    assert outcome.exit_code == 1
    assert outcome.stdout.count("Problem: ") == 4
    assert "No webhook endpoint delivers to http://127.0.0.1:9/api/credits/webhook." in outcome.stdout
    assert "http://127.0.0.1:9/api/credits/webhook: Nobody listens there." in outcome.stdout
    assert "Sending inert deliveries to http://127.0.0.1:9/api/credits/webhook" in outcome.stderr


def test_the_document_says_which_problem_has_which_checks(cli: Cli) -> None:
    outcome = cli("doctor", "--json")

    assert (outcome.exit_code, outcome.document["schema"]) == (1, "creditctl.doctor.v1")
    named = [name for problem in outcome.report["problems"] for name in problem["checks"]]
    assert named == [check["id"] for check in outcome.report["checks"]]
    assert not any(problem["ok"] for problem in outcome.report["problems"])


def test_a_probe_reports_who_does_not_answer() -> None:
    from creditctl.checks.probe import probe_url

    answer = probe_url("http://127.0.0.1:9/")

    assert answer.status is None
    assert answer.problem
    assert probe_url("http://[").status is None
    assert ProbeAnswer(200).problem == ""


def test_one_cause_left_is_what_to_do_next(cli: Cli, clock: Clock) -> None:
    from creditctl.ledger.store import Ledger

    url = "http://127.0.0.1:9"
    cli.write_env([f"FRONTEND_URL={url}", f"CREDITS_API_URL={url}"])
    assert cli("setup", "--yes").exit_code == 0
    account = cli("env", "check", "--online", "--json").report["online"]["account"]
    Ledger.open(cli.folder / "creditctl-emulator.db", account=account, livemode=False, clock=clock).close()

    outcome = cli("doctor")

    assert outcome.exit_code == 1
    assert "Cause: http://127.0.0.1:9/api/credits/webhook: Nobody listens there." in outcome.stdout
    assert "Next: Start the backend; check host and port of CREDITS_API_URL." in outcome.stdout


def test_without_stripe_everything_else_is_looked_at(offline_cli: Cli, clock: Clock) -> None:
    from creditctl.ledger.store import Ledger

    url = "http://127.0.0.1:9"
    lines = [f"FRONTEND_URL={url}", f"CREDITS_API_URL={url}", f"STRIPE_SECRET_KEY={TEST_KEY}", f"STRIPE_API_BASE={url}"]
    offline_cli.write_env(lines)
    path = offline_cli.folder / "creditctl-emulator.db"
    Ledger.open(path, account="acct_1", livemode=False, clock=clock).close()

    outcome = offline_cli("doctor")

    assert outcome.exit_code == 5
    assert "Stripe could not be reached." in outcome.stdout
    assert "All 0 entries are as they were written." in outcome.stdout
    assert f"{url}/api/credits/webhook: Nobody listens there." in outcome.stdout
